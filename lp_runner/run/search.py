"""The search: a policy asks, metrics and measurements answer, the core stands between and journals every answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from lp_runner.api import Ask, Json, Layer, Measure
from lp_runner.errors import RunFailed
from lp_runner.plan import Step
from lp_runner.plan.keys import seed_for
from lp_runner.recipe.recipe import Use
from lp_runner.run.answers import Metric
from lp_runner.run.layers import layers_of, request
from lp_runner.run.measurements import Measurements
from lp_runner.run.workplace import SEARCH, Workplace


def search(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    """Replays the policy over what the journals know, and finds out the rest."""
    layers = request(layers_of(work.plan.model.folder))
    with ExitStack() as stack:
        answers = _Answers(step, work, stack)
        policy = stack.enter_context(work.strategy(step, step.uses["prune"]))
        order = policy.do("search", layers, on_call=answers.call)["removals"]
        answers.close()
    _refuse_impossible(order, set(layers["layers"]), step.uses["prune"].name)
    told = {
        "schema": "lp_runner/search/1",
        "removals": order,
        "questions": answers.asked,
        "measured": answers.measured,
        "record": answers.record,
    }
    (into / SEARCH).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    work.listener.event("removed", {"step": step.id, "removals": order})
    candidates = sum(len(question["scores"]) for question in answers.asked)
    return {"removals": order, "questions": len(answers.asked), "candidates": candidates}


def _refuse_impossible(order: list[str], layers: set[str], policy: str) -> None:
    """Raises RunFailed where there can be no such model."""
    if len(set(order)) < len(order) or not set(order) <= layers:
        raise RunFailed(f"{policy} removes layers twice, or that aren't there: {', '.join(order)}")
    if emptied := _stacks(layers) - _stacks(layers.difference(order)):
        raise RunFailed(f"{policy} removes every {min(emptied)} layer; one must stay")


def _stacks(layers: set[str]) -> set[str]:
    return {Layer.parse(name).stack for name in layers}


def removals(folder: Path) -> list[str]:
    order: list[str] = json.loads((folder / SEARCH).read_text(encoding="utf-8"))["removals"]
    return order


class _Answers:
    """To a policy's questions, each kept with its answer."""

    def __init__(self, step: Step, work: Workplace, stack: ExitStack) -> None:
        self._policy, self._plan = step.uses["prune"], work.plan
        self._metrics = {"importance": Metric(step, work, stack)}
        for option, use in self._policy.nested.items():
            if use.kind == "importance":
                self._metrics[option] = Metric(_by(use, step, work), work, stack)
        self._measurements = Measurements(step, work, self._make_room)
        self._should_stop = work.should_stop
        self.asked: list[Json] = []
        self.measured: list[Json] = []

    def call(self, name: str, arguments: Mapping[str, Json]) -> Json:
        if name == "ask":
            return self._scores(Ask.from_json(arguments))
        return self._measure(Measure.from_json(arguments))

    def close(self) -> None:
        """The metrics let go of their models."""
        for metric in self._metrics.values():
            metric.close()

    @property
    def record(self) -> list[Json]:
        """What the metrics said of their work on these questions."""
        return [facts for metric in self._metrics.values() for facts in metric.record]

    def _scores(self, question: Ask) -> Json:
        if question.metric not in self._metrics:
            raise RunFailed(
                f"{self._policy.name} asks for {question.metric!r}, which is no metric of this recipe"
            )
        metric = self._metrics[question.metric]
        self._make_room(metric.needs_bytes, metric)
        scores = [score.to_json() for score in metric.answer(question)]
        self.asked.append({**question.to_json(), "scores": scores})
        return {"scores": scores}

    def _measure(self, question: Measure) -> Json:
        found = self._measurements.answer(question)
        self._should_stop()
        measured = {quantity: one.to_json() for quantity, one in found.items()}
        self.measured.append({"removed": question.to_json()["removed"], "measured": measured})
        return {"measured": measured}

    def _make_room(self, needed: int, asked: Metric | None = None) -> None:
        """On the device, from metrics that aren't asked now; one that is asked again later opens again."""
        others = [one for one in self._metrics.values() if one.is_open and one is not asked]
        if others and needed + sum(one.needs_bytes for one in others) > self._plan.memory_bytes:
            for metric in others:
                metric.close()


def _by(metric: Use, step: Step, work: Workplace) -> Step:
    """The same search by another metric, so that both know each other's answers."""
    seed = seed_for(work.plan.recipe.seed, step.kind, metric.name)
    return replace(step, uses={"importance": metric}, seed=seed)
