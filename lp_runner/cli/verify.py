"""`lp-run verify`: every artefact of a run against the hashes it was published with."""

from __future__ import annotations

import argparse
from pathlib import Path

from lp_runner.cli.main import add_output
from lp_runner.cli.runs import add_runs, found
from lp_runner.errors import DONE, RUN_FAILED, UsageError
from lp_runner.store import Run, Store
from lp_runner.visible import visible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    add_output(parser)


def main(arguments: argparse.Namespace) -> int:
    folders = [found(word, arguments.output) for word in arguments.runs]
    damaged = sum(_verify(folder) for folder in folders)
    return RUN_FAILED if damaged else DONE


def _verify(folder: Path) -> int:
    run = Run.open(folder)
    problems = [
        problem for artefact in run.steps.values() for problem in Store(artefact.parent).verify(artefact.name)
    ]
    if not run.steps:
        raise UsageError(f"{folder}: no step of this run is done")
    for problem in problems:
        print(visible(problem))
    print(visible(f"{folder}: {len(run.steps)} artefacts, {len(problems)} damaged files"))
    return len(problems)
