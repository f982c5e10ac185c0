"""What each idea of the joint decoder brings: one question to translation-quality, answered with more and more of them.

    python benchmarks/search_ladder.py runs/gemma3-270m-ces-deu --segments 100 --candidates 4,7,10,14

In: a run folder (its model and dev set). Each rung has all that the ones above it have; all must write the same texts.
Out: a table in Markdown on the terminal.
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from lp_models import joint, parts, reading
from lp_models.decoders import Decoder, OneByOne
from lp_models.flight import Task as Translations
from lp_models.head import Blocks
from lp_models.joint import JointDecoder
from lp_models.loading import load
from paper_loop import numbers, read_task, surround, timed

from lp_runner.api import Layer, Removal

NOTHING_SHARED = (
    patch.object(parts, "common", lambda prompts: 0),
    patch.object(reading, "common", lambda prompts: 0),
)
ANY_LENGTHS = patch.object(reading, "MOST_PADDED", math.inf)
FULL_HEAD = patch.object(parts, "likeliest_by", Blocks)
OWN_PRODUCTS = patch.object(joint, "by_onednn", lambda module: nullcontext())
RUNGS: dict[str, Sequence[Any]] = {
    "all sets together": (*NOTHING_SHARED, ANY_LENGTHS, FULL_HEAD, OWN_PRODUCTS),
    "prompts of like length are read together": (*NOTHING_SHARED, FULL_HEAD, OWN_PRODUCTS),
    "what all prompts begin with is read once": (FULL_HEAD, OWN_PRODUCTS),
    "words are screened in bfloat16": (OWN_PRODUCTS,),
    "layers multiply by oneDNN": (),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--candidates", type=numbers, default=[4, 7, 10, 14], metavar="LAYER,…")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    surround()
    torch.set_num_threads(options.threads)
    task = read_task(options)
    model = load(task.folder, "cpu", options.dtype)
    prompts = [segment.prompt_ids for segment in task.segments]
    given = Translations(prompts, [task.limit] * len(prompts), frozenset(task.stop_ids))
    sets = [frozenset({Layer(index)}) for index in options.candidates]
    print("| | seconds | over the rung above | layer tokens | head tokens |\n|---|---:|---:|---:|---:|")
    before, texts = 0.0, None
    for name, ways in rungs(model):
        with ways() as (decoder, one_by_one):
            seconds, found = timed(translated, decoder, given, sets, one_by_one)
        assert texts in (None, found)
        work: Any = getattr(decoder, "work", None)
        counts = f"{work.layer_tokens} | {work.head_tokens}" if work else " | "
        ratio = f"{before / seconds:.2f}×" if before else ""
        print(f"| {name} | {seconds:.1f} | {ratio} | {counts} |", flush=True)
        before, texts = seconds, found


def rungs(model: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield "stock model, layers skipped, rows leave when they end, batch 64", lambda: stock(model)
    yield (
        "own loop over the stock layers, one set at a time",
        lambda: ours(model, RUNGS["all sets together"], True),
    )
    for name, without in RUNGS.items():
        yield name, lambda without=without: ours(model, without, False)  # type: ignore[misc]


@contextmanager
def stock(model: Any) -> Iterator[tuple[Decoder, bool]]:
    yield OneByOne(model, 64, print), False


@contextmanager
def ours(model: Any, without: Sequence[Any], one_by_one: bool) -> Iterator[tuple[Decoder, bool]]:
    with ExitStack() as patches:
        for each in without:
            patches.enter_context(each)
        yield JointDecoder(model, None, print), one_by_one


def translated(
    decoder: Decoder, task: Translations, sets: Sequence[Removal], one_by_one: bool
) -> dict[int, Any]:
    if one_by_one:
        return {
            number: next(ids for _, ids in decoder.translate(task, [one], nobody))
            for number, one in enumerate(sets)
        }
    return dict(decoder.translate(task, sets, nobody))


def nobody(partial: object) -> set[int]:
    return set()


if __name__ == "__main__":
    main()
