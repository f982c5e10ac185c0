"""Evaluators: of a system's translations of the test set, and of a metric's candidates in a search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from lp_runner.api import Json
from lp_runner.errors import RunFailed
from lp_runner.plan import Step
from lp_runner.recipe.recipe import Use
from lp_runner.run.workers import Strategy
from lp_runner.run.workplace import EVALUATIONS, OUTPUTS, Workplace


def evaluate(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    """Values with the replicates of the run's one bootstrap."""
    arguments = {
        "system": step.needs["translate"],
        "outputs": str(work.made(step.needs["translate"]) / OUTPUTS),
        "resamples": step.facts["resamples"],
        "out": str(into / EVALUATIONS),
    }
    with work.strategy(step, step.uses["evaluate"]) as evaluator:
        values: dict[str, Json] = evaluator.do("score", arguments)
    system = next(system.name for system in work.plan.systems if step.id in system.evaluate)
    for metric, value in values.items():
        work.listener.event(
            "evaluation", {"step": step.id, "system": system, "metric": metric, "value": value}
        )
    return {"values": values}


def nested_evaluator(step: Step, asker: Use, arguments: Mapping[str, Json], work: Workplace) -> Json:
    """The evaluator that an option of `asker` names, on what `asker` wrote: its scores, or what they
    may still become where texts have `room`."""
    use = asker.nested.get(str(arguments["option"]))
    if use is None or use.kind != "evaluate":
        raise RunFailed(f"{asker.name} has no evaluator in an option named {arguments['option']!r}")
    with work.strategy(step, use) as evaluator:
        if "room" in arguments:
            reachable = {"system": "candidate", "outputs": arguments["outputs"], "room": arguments["room"]}
            return evaluator.do("reach", reachable)
        return scores(evaluator, Path(arguments["outputs"]), arguments.get("resamples"))


def scores(evaluator: Strategy, outputs: Path, resamples: Json) -> Json:
    """Its evaluations of what stands in a file, as JSON."""
    out = outputs.with_suffix(".scores.json")
    request = {"system": "candidate", "outputs": str(outputs), "resamples": resamples, "out": str(out)}
    evaluator.do("score", request)
    told = json.loads(out.read_text(encoding="utf-8"))
    out.unlink()
    return told
