"""A run folder, however far it came → where it stands, and the one sentence that says most of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lp_runner.api import Json
from lp_runner.errors import LpError
from lp_runner.report.findings import findings
from lp_runner.store import Run
from lp_runner.store.manifest import sound

State = Literal["done", "running", "stopped", "failed", "unreadable"]
_WRITTEN = ("plan.json", "events.jsonl", ".lock")


@dataclass(frozen=True, slots=True)
class Overview:
    """One line of a list of runs."""

    state: State
    pid: int | None
    """Of the process that works on it; 0 where that didn't say."""
    age_s: float
    """Since it was last worked on."""
    done: int
    steps: int
    headline: str


def overview(folder: Path) -> Overview:
    """Of any folder that a run has been in, damaged ones too."""
    try:
        return _overview(Run.open(folder))
    except LpError as error:
        unplanned = not (folder / "plan.json").exists()
        headline = "nothing is planned yet" if unplanned else error.message
        return Overview("stopped" if unplanned else "unreadable", None, _age_s(folder), 0, 0, headline)


def done_steps(run: Run) -> list[Mapping[str, Json]]:
    """Of the plan, those whose artefact is there as it was published; of a copy with other times the hashes decide."""
    numbered = enumerate(run.plan["steps"], start=1)
    found = [(step, run.step(number)) for number, step in numbered]
    return [step for step, artefact in found if artefact is not None and sound(artefact)]


def results_of(run: Run) -> Mapping[str, Json] | None:
    """results.json, where it is of the plan as it is now."""
    try:
        told: Mapping[str, Json] = json.loads((run.folder / "results.json").read_bytes())
        planned = [step["key"] for step in run.plan["steps"]]
        return told if [step["key"] for step in told["steps"]] == planned else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _overview(run: Run) -> Overview:
    done, steps = len(done_steps(run)), len(run.plan["steps"])
    told, pid = results_of(run), run.holder
    if pid is None and done == steps and told is not None:
        return Overview("done", None, _age_s(run.folder), done, steps, findings(told)[0])
    last = _last(run)
    state: State = "running" if pid is not None else "failed" if last["event"] == "step-failed" else "stopped"
    return Overview(state, pid, _age_s(run.folder), done, steps, _how_far(last, done, steps))


def _last(run: Run) -> Mapping[str, Json]:
    """What was last said of a step."""
    last: Mapping[str, Json] = {"event": "none"}
    for event in run.events():
        if event["event"].startswith("step-"):
            last = event
    return last


def _how_far(last: Mapping[str, Json], done: int, steps: int) -> str:
    counted = f"{done} of {steps} steps"
    if last["event"] == "step-failed":
        return f"{counted}; failed: {last['title']}: {last['message'].splitlines()[0]}"
    if last["event"] in ("step-started", "step-interrupted"):
        return f"{counted}; at: {last['title']}"
    return counted


def _age_s(folder: Path) -> float:
    times = [(folder / name).stat().st_mtime for name in _WRITTEN if (folder / name).exists()]
    return max(0.0, time.time() - max(times))
