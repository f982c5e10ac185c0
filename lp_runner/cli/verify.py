"""`lp-run verify`: every artefact of a run against the hashes it was published with."""

from __future__ import annotations

import argparse

from lp_runner.cli.main import add_output
from lp_runner.cli.runs import add_runs, found
from lp_runner.errors import DONE, RUN_FAILED, UsageError
from lp_runner.store import Run, Store
from lp_runner.visible import visible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    add_output(parser)


def main(arguments: argparse.Namespace) -> int:
    runs = [Run.open(found(word, arguments.output)) for word in arguments.runs]
    for run in runs:
        if not run.steps and not run.missing:
            raise UsageError(f"{run.folder}: no step of this run is done")
    damaged = sum(map(_verify, runs))
    return RUN_FAILED if damaged else DONE


def _verify(run: Run) -> int:
    problems = [f"{name}: its artefact is gone" for name in run.missing]
    for name, artefact in run.steps.items():
        problems += [f"{name}: {problem}" for problem in Store(artefact.parent).verify(artefact.name)]
    for problem in problems:
        print(visible(problem))
    artefacts = len(run.steps) + len(run.missing)
    print(visible(f"{run.folder}: {artefacts} artefacts, {len(problems)} damaged files"))
    return len(problems)
