"""What the process boundary costs: a worker's start, an empty request, and 1 000 segments through files.

    python benchmarks/worker.py [ENVIRONMENT ...]

ENVIRONMENT: names of built environments (`lp-run env list`) to measure beside the default one, in turn.
Prints a Markdown table of medians. The strategies are this file's own and compute nothing.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lp_runner.api import Context, Evaluation, Generations, Hypotheses, Resamples
from lp_runner.worker import Worker, default_environment

STARTS = 9
REQUESTS = 2000
ROUNDS = 9
SEGMENTS = 1000
SOURCE = "Ein Mann in einem blauen Hemd steht auf einer Leiter und putzt ein Fenster."
PROMPT_IDS = list(range(40))


class Nothing:
    """An evaluator and a backend that do nothing."""

    def score(
        self, context: Context, system: Hypotheses, resamples: Resamples | None
    ) -> Sequence[Evaluation]:
        return [Evaluation("nothing", 0.0, "", (0.0,) * len(system.hypotheses))]

    def generate(
        self,
        context: Context,
        prompts: Sequence[Sequence[int]],
        max_new_tokens: Sequence[int],
        stop_ids: Sequence[int],
        fixed_length: bool,
    ) -> Generations:
        return Generations(tuple(tuple(prompt) for prompt in prompts))

    def unload(self) -> None:
        """Nothing was loaded."""


@dataclass(frozen=True, slots=True)
class Costs:
    start_ms: float
    request_ms: float
    evaluate_ms: float
    generate_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("environments", nargs="*")
    pythons = {"default": sys.executable} | {
        name: python_of(name) for name in parser.parse_args().environments
    }
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {date.today()}\n"
    )
    print("| environment | start | empty request | evaluate 1 000 segments | generate 1 000 segments |")
    print("|---|---|---|---|---|")
    for name, python in pythons.items():
        costs = measured(python)
        print(
            f"| {name} | {costs.start_ms:.0f} ms | {costs.request_ms:.3f} ms "
            f"| {costs.evaluate_ms:.1f} ms | {costs.generate_ms:.1f} ms |"
        )


def python_of(name: str) -> str:
    """Of the one built environment of this name."""
    from lp_runner.envs import Environments

    found = [built for _, built in Environments.standard({}).cache.all() if built and built.name == name]
    return str(found[0].interpreter)


def measured(python: str) -> Costs:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts = [median_ms(lambda: started(python, folder).stop(), 1) for _ in range(STARTS)]
        with started(python, folder) as worker:
            for kind in ("evaluate", "infer"):
                worker.make(kind, kind, "worker:Nothing", {})
            request = median_ms(lambda: worker.do("infer", "unload"), REQUESTS)
            evaluate = median_ms(lambda: evaluated(worker, folder), ROUNDS)
            generate = median_ms(lambda: generated(worker, folder), ROUNDS)
    return Costs(statistics.median(starts), request, evaluate, generate)


def started(python: str, folder: Path) -> Worker:
    linked = {"PYTHONPATH": f"{Path(__file__).parents[1]}:{Path(__file__).parent}"}
    return Worker.start(python, log_path=folder / "log", environment=default_environment() | linked)


def median_ms(work: Callable[[], object], times: int) -> float:
    return statistics.median(timed_ms(work) for _ in range(times))


def timed_ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def evaluated(worker: Worker, folder: Path) -> None:
    """The core writes the outputs, the worker reads them and writes its evaluations, the core reads those."""
    write(folder / "outputs.jsonl", {"source": SOURCE, "hypothesis": SOURCE, "reference": SOURCE})
    arguments = {"system": "s", "outputs": str(folder / "outputs.jsonl"), "resamples": None}
    worker.do("evaluate", "score", {**arguments, "out": str(folder / "scores.json")})
    (folder / "scores.json").read_text(encoding="utf-8")


def generated(worker: Worker, folder: Path) -> None:
    """The same for a backend, with prompts and answers of 40 ids."""
    row = {"source": SOURCE, "reference": SOURCE, "prompt_ids": PROMPT_IDS, "target_ids": PROMPT_IDS}
    write(folder / "prompts.jsonl", row)
    arguments = {"prompts": str(folder / "prompts.jsonl"), "stop_ids": [], "fixed_length": False}
    out = folder / "ids.jsonl"
    worker.do("infer", "generate", {**arguments, "max_new_tokens": [40] * SEGMENTS, "out": str(out)})
    out.read_text(encoding="utf-8")


def write(path: Path, row: Mapping[str, object]) -> None:

    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for _ in range(SEGMENTS)), "utf-8")


if __name__ == "__main__":
    main()
