"""`lp-run verify`: every artefact of a run against the hashes it was published with."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from lp_runner.api import Json
from lp_runner.cli.console import json_text
from lp_runner.cli.main import add_json, add_output
from lp_runner.cli.runs import add_runs, found
from lp_runner.errors import DONE, RUN_FAILED, UsageError
from lp_runner.store import Run, Store
from lp_runner.visible import visible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    add_output(parser)
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    runs = [Run.open(found(word, arguments.output)) for word in arguments.runs]
    for run in runs:
        if not run.steps and not run.missing:
            raise UsageError(f"{run.folder}: no step of this run is done")
    told = []
    for run in runs:
        told.append(_verified(run))
        if not arguments.json:
            _show(told[-1])
    if arguments.json:
        print(json_text(told))
    return RUN_FAILED if any(one["problems"] for one in told) else DONE


def _verified(run: Run) -> dict[str, Json]:
    problems = [f"{name}: its artefact is gone" for name in run.missing]
    for name, artefact in run.steps.items():
        problems += [f"{name}: {problem}" for problem in Store(artefact.parent).verify(artefact.name)]
    artefacts = len(run.steps) + len(run.missing)
    return {"run": str(run.folder), "artefacts": artefacts, "problems": problems}


def _show(told: Mapping[str, Json]) -> None:
    for problem in told["problems"]:
        print(visible(problem))
    damaged = len(told["problems"])
    print(visible(f"{told['run']}: {told['artefacts']} artefacts, {damaged} damaged files"))
