"""One segment's translation by the plain loop at several batch sizes and by the engine, and how near two words are where
one parts from the first.

    python benchmarks/near_tie.py runs/gemma3-270m-ces-deu --removed 1,7 --segment 96 --batches 1,8,16,32,64,100

In: a run folder (its model and dev set). The engine translates all candidates of the step together, the last of
`--removed` being the one that is looked at. Out: where each translation parts from the plain loop's at the first batch
size; and at the last such place the two words' logits in float32, by PyTorch's own products and by oneDNN's, and in float64.
"""

import argparse
from itertools import takewhile
from pathlib import Path

import torch
from lp_models import flight
from lp_models.decoders import decoder_for
from lp_models.layers import skipping, stacks
from lp_models.loading import load
from lp_models.padding import left_padded
from lp_models.products import by_onednn
from lp_models.seq2seq import pad_id
from paper_loop import Task, numbers, read_task, until_stop
from transformers import GenerationConfig, PreTrainedModel

from lp_runner.api import Layer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--removed", type=numbers, default=[1, 7], metavar="LAYER,…")
    parser.add_argument("--segment", type=int, default=96, help="from 1")
    parser.add_argument("--batches", type=numbers, default=[1, 8, 16, 32, 64, 100], metavar="BATCH,…")
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    task, at = read_task(options), options.segment - 1
    model = load(task.folder, "cpu", options.dtype)
    by_engine = of_the_engine(model, task, at, list(map(Layer, options.removed)))
    with skipping(model, frozenset(map(Layer, options.removed))), torch.inference_mode():
        texts = {f"batch {batch}": translated(model, task, at, batch) for batch in options.batches}
        first = next(iter(texts.values()))
        parted = None
        for name, text in {**texts, "engine": by_engine}.items():
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, text, strict=False)))
            print(f"{name}: {'the same' if text == first else f'parts after {same} tokens'}", flush=True)
            if text != first:
                parted = [*task.segments[at].prompt_ids, *first[:same]], (first[same], text[same])
        if parted is None:
            return
        before, words = parted
        print("logits of the two words, and the first less the second:")
        print("float32:", told(model, before, words))
        with by_onednn(model):
            print("float32, oneDNN:", told(model, before, words))
        print("float64:", told(model.double(), before, words))


def of_the_engine(model: PreTrainedModel, task: Task, at: int, removed: list[Layer]) -> list[int]:
    """New ids of one segment, translated with all others of all candidates of its step."""
    gone = frozenset(removed[:-1])
    candidates = [Layer(index) for index in range(1, len(stacks(model)["decoder"].layers) - 1)]
    sets = [gone | {candidate} for candidate in candidates if candidate not in gone]
    prompts = [segment.prompt_ids for segment in task.segments]
    given = flight.Task(prompts, [task.limit] * len(prompts), frozenset(task.stop_ids))
    decoder, _ = decoder_for(model, "auto", lambda rows: None)
    wanted = sets.index(gone | {removed[-1]})
    found = next(
        ids for number, ids in decoder.translate(given, sets, lambda drafts: set()) if number == wanted
    )
    return until_stop(found[at], task.stop_ids)


def translated(model: PreTrainedModel, task: Task, at: int, batch: int) -> list[int]:
    """New ids of one segment among its neighbours, as the plain loop batches them."""
    start = at // batch * batch
    prompts = [segment.prompt_ids for segment in task.segments[start : start + batch]]
    ids, mask = left_padded(prompts, pad_id(model), model.device)
    settings = GenerationConfig(
        max_new_tokens=task.limit,
        do_sample=False,
        eos_token_id=list(task.stop_ids),
        pad_token_id=pad_id(model),
    )
    made = model.generate(input_ids=ids, attention_mask=mask, generation_config=settings)
    return until_stop(made[at - start, ids.shape[1] :].tolist(), task.stop_ids)


def told(model: PreTrainedModel, before: list[int], words: tuple[int, int]) -> str:
    logits = model(torch.tensor([before])).logits[0, -1]
    one, other = (float(logits[word]) for word in words)
    return f"{one:.6f}, {other:.6f}, {one - other:.1e}"


if __name__ == "__main__":
    main()
