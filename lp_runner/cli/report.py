"""`lp-run report RUN`: results, report and model cards made again, from the run folder alone."""

from __future__ import annotations

import argparse

from lp_runner import report
from lp_runner.cli.console import show
from lp_runner.cli.main import add_output, complain
from lp_runner.cli.runs import add_run, alone, found
from lp_runner.errors import DONE, LpError
from lp_runner.report.excerpts import steps
from lp_runner.store import Run, RunFolder
from lp_runner.store.disk import explained_when_full

SHOWN = 3
"""Missing steps that are named; the first ones say enough."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    add_output(parser)


def main(arguments: argparse.Namespace) -> int:
    folder = RunFolder(found(arguments.run, arguments.output).absolute())
    Run.open(folder.path)
    with alone(folder), explained_when_full(folder.path):
        run = Run.open(folder.path)
        _demand_complete(run)
        outcome = report.write(run, folder)
    show(f"{arguments.run}: {outcome.headline}")
    show(f"{arguments.run}: report: {folder.report}")
    return complain(outcome.gate, arguments.run) if outcome.gate else DONE


def _demand_complete(run: Run) -> None:
    """Raises LpError that names what is missing."""
    told = steps(run)
    missing = [f"{one['step']} ({one['state']})" for one in told if one["state"] != "done"]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise LpError(
            f"{run.folder}: no report yet: {len(missing)} of {len(told)} steps are missing: "
            f"{', '.join(missing[:SHOWN])}{more}",
            "the same `lp-run recipe.yaml` continues it",
        )
