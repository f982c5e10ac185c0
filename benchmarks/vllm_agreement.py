"""How often vLLM's greedy translations differ from Transformers' in float32, and how close each call was.

    python benchmarks/vllm_agreement.py runs/quickstart recipes/quickstart/model runs/quickstart/models/*

Both backends get the token ids of the run's test set, one at a time and all at once. At the first token in which
two translations part, Transformers computes both candidates' logits again. Prints a Markdown table. vLLM's
environment is built where there is none yet.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from lp_models.loading import load
from lp_transformers.plugin import TRANSFORMERS
from lp_vllm.plugin import VLLM

from lp_runner.api import Declaration
from lp_runner.envs import Environments
from lp_runner.registry import options_schema
from lp_runner.worker import Worker
from lp_runner.worker.formats import read_encoded, read_ids
from lp_runner.worker.process import default_environment

HEAD = "| model | layers | batch | texts | vLLM differs | logit gaps where it does | of itself, from batch 1: Transformers | vLLM |"


@dataclass(frozen=True, slots=True)
class TestSet:
    """Of a run, as its backends got it."""

    encoded: Path
    prompts: tuple[tuple[int, ...], ...]
    stop_ids: tuple[int, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Backend:
    worker: Worker
    declaration: Declaration
    batch_option: str
    scratch: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="a finished run's folder")
    parser.add_argument("models", type=Path, nargs="+", help="model folders of that run")
    arguments = parser.parse_args()
    tests = test_set(arguments.run)
    with tempfile.TemporaryDirectory() as made, ExitStack() as stack:
        plain, fast = (
            Backend(stack.enter_context(worker(declaration, Path(made))), declaration, option, Path(made))
            for declaration, option in ((TRANSFORMERS, "batch_size"), (VLLM, "max_num_seqs"))
        )
        print(f"`python {shlex.join(sys.argv)}`, {machine()}, {date.today()}\n")
        print(f"{HEAD}\n|---|---:|---:|---:|---:|---|---:|---:|")
        for folder in arguments.models:
            for row in rows(folder.resolve(), tests, plain, fast):
                print(f"| {' | '.join(row)} |", flush=True)


def rows(folder: Path, tests: TestSet, plain: Backend, fast: Backend) -> Iterator[list[str]]:
    """One for batch 1, one for the whole test set as a batch."""
    layers = json.loads((folder / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]
    total = len(tests.prompts)
    by_plain, by_fast = (
        {batch: translated(backend, batch, folder, tests) for batch in (1, total)}
        for backend in (plain, fast)
    )
    for batch in (1, total):
        pairs = zip(tests.prompts, by_plain[batch], by_fast[batch], strict=True)
        differing = [(prompt, one, other) for prompt, one, other in pairs if one != other]
        gaps = sorted(logit_gaps(folder, differing, tests.stop_ids))
        said = ", ".join(f"{gap:.1e}" for gap in gaps) or "none"
        own = [str(unlike(by[1], by[batch])) if batch > 1 else "" for by in (by_plain, by_fast)]
        yield [folder.name, str(layers), str(batch), str(total), str(len(differing)), said, *own]


def translated(backend: Backend, batch: int, folder: Path, tests: TestSet) -> list[tuple[int, ...]]:
    schema = options_schema(backend.declaration)["properties"]
    options = {name: option["default"] for name, option in schema.items()} | {backend.batch_option: batch}
    surroundings = {"seed": 0, "device": "cpu", "dtype": "float32", "scratch": str(backend.scratch / "load")}
    out = backend.scratch / "ids.jsonl"
    request = {
        "prompts": str(tests.encoded),
        "max_new_tokens": [tests.limit] * len(tests.prompts),
        "stop_ids": list(tests.stop_ids),
        "fixed_length": False,
        "out": str(out),
    }
    backend.worker.make("infer", "infer", backend.declaration.implementation, options)
    do = partial(backend.worker.do, "infer", surroundings=surroundings)
    do("load", {"model": str(folder)})
    do("generate", request)
    do("unload")
    backend.worker.drop("infer")
    return list(read_ids(out))


def unlike(some: Sequence[object], others: Sequence[object]) -> int:
    return sum(one != other for one, other in zip(some, others, strict=True))


def logit_gaps(
    folder: Path, differing: Sequence[tuple[tuple[int, ...], ...]], stop_ids: Sequence[int]
) -> Iterator[float]:
    """For each prompt and its two translations: how far apart Transformers has the two ids where they part."""
    model = load(folder, "cpu", "float32")
    for prompt, one, other in differing:
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
        with torch.inference_mode():
            logits = model(torch.tensor([prompt + one[:common]])).logits[0, -1]  # (vocabulary,)
        first, second = (logits[list(ids[common : common + 1] or stop_ids)].max() for ids in (one, other))
        yield abs(first - second).item()


def test_set(run: Path) -> TestSet:
    [prompts] = (run / "steps").glob("*-prompts-test")
    [translation] = (run / "steps").glob("*-translate-unpruned")
    encoded = (prompts / "encoded.jsonl").resolve()
    return TestSet(
        encoded,
        tuple(each.prompt_ids for each in read_encoded(encoded)),
        tuple(facts(prompts)["stop_ids"]),
        facts(translation)["max_new_tokens"],
    )


def facts(step: Path) -> Mapping[str, Any]:
    told: Mapping[str, Any] = json.loads((step / "MANIFEST.json").read_text(encoding="utf-8"))["about"][
        "facts"
    ]
    return told


def worker(declaration: Declaration, folder: Path) -> Worker:
    package = declaration.implementation.partition(".")[0]
    found = Environments.standard({}).interpreter(
        declaration.environment, "cpu", [package], lambda line: None, lambda: None
    )
    variables = {**default_environment(), **found.variables}
    log = folder / f"{declaration.name}.log"
    return Worker.start(found.python, log_path=log, environment=variables)


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    threads = os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))
    return f"{model}, {threads} threads, torch {torch.__version__}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
