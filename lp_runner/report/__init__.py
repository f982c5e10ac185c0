"""Run → Report: results, page and model folders, from the run folder alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lp_runner.api import Json
from lp_runner.errors import GateNotMet
from lp_runner.report.artefacts import Artefacts
from lp_runner.report.card import extras
from lp_runner.report.findings import findings
from lp_runner.report.gates import sentence
from lp_runner.report.results import results
from lp_runner.report.segments import segments
from lp_runner.store import Run, RunFolder

__all__ = ["Outcome", "renew", "write"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the command line says of a finished run."""

    headline: str
    gate: GateNotMet | None
    """Where a gate of the recipe is not met."""


def write(run: Run, folder: RunFolder) -> Outcome:
    """results.json, report.html and models/, of a run that is complete."""
    told = results(run)
    _draw(told, run, folder)
    return _finish(told, run, folder)


def renew(run: Run, folder: RunFolder) -> Outcome:
    """As `write`, but a page of the same results isn't drawn again, which takes seconds."""
    told = results(run)
    if not (folder.report.exists() and folder.has_results(told)):
        _draw(told, run, folder)
    return _finish(told, run, folder)


def _draw(told: Mapping[str, Json], run: Run, folder: RunFolder) -> None:
    from lp_runner.report.page import page  # it draws: a second that other commands needn't wait

    folder.write_report(page(told, run.recipe, segments(told, run.folder)))


def _finish(told: Mapping[str, Json], run: Run, folder: RunFolder) -> Outcome:
    """What stands beside the page; results last, so that a page of other results is never taken for theirs."""
    made = Artefacts(run)
    for planned, system in zip(run.plan["systems"], told["systems"], strict=True):
        if system["kept"]:
            folder.write_model(system["name"], made.model(planned["model"]), extras(told, system, run.recipe))
    folder.keep_models({system["name"] for system in told["systems"] if system["kept"]})
    folder.write_results(told)
    unmet = [sentence(gate) for gate in told["gates"] if not gate["met"]]
    gate = GateNotMet(f"gate not met: {'; '.join(unmet)}") if unmet else None
    return Outcome(" ".join(findings(told)), gate)
