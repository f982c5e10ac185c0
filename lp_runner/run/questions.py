"""How much a search will ask: the policy itself is run, and every question is answered with nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from lp_runner.api import Ask, Json, Score
from lp_runner.envs import Environments
from lp_runner.errors import LpError
from lp_runner.plan import Plan, Step
from lp_runner.registry import Registry
from lp_runner.run.workers import NO_DEVICE, Meter, Workers


def count_questions(plan: Plan, registry: Registry, environments: Environments) -> dict[str, int]:
    """Removal sets asked about by each search of a plan, by its step; none where the policy can't be tried."""
    with tempfile.TemporaryDirectory() as folder:
        workers = Workers(registry, environments, Path(folder), Path(folder), "cpu", lambda: None)
        try:
            counts = {step.id: _count(step, plan, workers) for step in plan.of_kind("search")}
        finally:
            workers.close()
    return {step: count for step, count in counts.items() if count is not None}


def _count(step: Step, plan: Plan, workers: Workers) -> int | None:
    asked: set[frozenset[object]] = set()

    def answer(name: str, arguments: Mapping[str, Json]) -> Json:
        question = Ask.from_json(arguments)
        asked.update(question.sets)
        return {"scores": [Score(removal, 0.0).to_json() for removal in question.sets]}

    layers = [f"decoder.{index}" for index in range(plan.size.layers)]
    try:
        with workers.use(step.uses["prune"], NO_DEVICE, lambda told: None, Meter()) as policy:
            policy.do("search", {"layers": layers}, on_call=answer)
    except LpError:
        return None
    return len(asked)
