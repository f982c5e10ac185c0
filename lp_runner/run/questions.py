"""How much a search will ask: the policy itself is run, and every question is answered with what keeps it asking."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from lp_runner.api import Ask, Json, Layer, Measure, Measured, Quantity, Removal, Score, removal_to_json
from lp_runner.checkpoint import Checkpoint, inspect
from lp_runner.checkpoint.layers import read_config
from lp_runner.envs import Environments
from lp_runner.errors import LpError, UsageError
from lp_runner.plan import Plan, Step
from lp_runner.plan.estimate import Asked
from lp_runner.plan.keys import digest
from lp_runner.registry import Registry
from lp_runner.run.layers import named, request
from lp_runner.run.workers import NO_DEVICE, Meter, Workers

ENOUGH = 1e9
"""A speed-up that nobody asks for."""


def questions_of(plan: Plan, registry: Registry, environments: Environments) -> dict[str, Asked]:
    """What each search of a plan asks, by its step; nothing where the policy can't be tried.

    At most: a set that is asked about again counts again, though the journal has its answer. (Where chance or ties decide
    which sets there are, as in a beam of neighbours, there may be a few more.) A set whose quality or speed is measured
    counts as one more; sets that a nested metric answers all at once don't count.
    """
    with tempfile.TemporaryDirectory() as folder:
        workers = Workers(registry, environments, Path(folder), Path(folder), "cpu", lambda: None)
        try:
            found = {step.id: _asked(step, plan, registry, workers) for step in plan.of_kind("search")}
        finally:
            workers.close()
    return {step: asked for step, asked in found.items() if asked is not None}


def _asked(step: Step, plan: Plan, registry: Registry, workers: Workers) -> Asked | None:
    """A policy that comes to an end without what it wants has asked all that it could."""
    whole = _inspected(plan)
    answers = _Tempting(plan, whole, _free(step, registry))
    try:
        with workers.use(step.uses["prune"], NO_DEVICE, lambda told: None, Meter()) as policy:
            policy.do("search", request(_layers(whole, plan)), on_call=answers.call)
    except LpError:
        return answers.told if answers.told.count else None
    return answers.told


class _Tempting:
    """Answers that keep a policy asking: every question finds better sets than all before, and no removal brings or
    costs anything that is measured."""

    def __init__(self, plan: Plan, whole: Checkpoint | None, free: set[str]) -> None:
        """Args: whole, the unpruned model; free, the metrics whose questions cost nothing."""
        self._plan, self._whole, self._free = plan, whole, free
        self._deepest = 0
        self._questions = 0
        self._values: dict[tuple[str, Removal], float] = {}
        self._asked = 0
        self._importance: list[tuple[Removal, ...]] = []
        self._tried: set[tuple[str, Removal]] = set()

    @property
    def told(self) -> Asked:
        """All so far."""
        return Asked(self._asked + len(self._tried), tuple(self._importance))

    def call(self, name: str, arguments: Mapping[str, Json]) -> Json:
        return self._scores(arguments) if name == "ask" else self._measured(arguments)

    def _scores(self, arguments: Mapping[str, Json]) -> Json:
        question = Ask.from_json(arguments)
        self._questions += 1
        self._deepest = max([self._deepest, *map(len, question.sets)])
        if question.metric not in self._free:
            self._asked += len(question.sets)
        if question.metric == "importance":
            self._importance.append(question.sets)
        scores = [Score(removal, self._value(question.metric, removal)) for removal in question.sets]
        return {"scores": [score.to_json() for score in scores]}

    def _value(self, metric: str, removal: Removal) -> float:
        """Of a set's first question, and in it without any order: beams of neighbours would ask too little."""
        chance = int(digest(removal_to_json(removal))[:8], 16) / 2**32
        return self._values.setdefault((metric, removal), chance - self._questions)

    def _measured(self, arguments: Mapping[str, Json]) -> Json:
        question = Measure.from_json(arguments)
        tried = [quantity for quantity in question.quantities if quantity in ("quality", "speed")]
        self._tried.update((quantity, question.removed) for quantity in tried)
        return {
            "measured": {quantity: self._one(quantity, question.removed) for quantity in question.quantities}
        }

    def _one(self, quantity: Quantity, removed: Removal) -> Json:
        """Quality and speed stay what they were; but a set larger than any asked about is a look at how far a search
        could come, and shows all that anyone could want."""
        if quantity in ("params", "bytes"):
            value = self._size(quantity, removed)
        elif quantity == "quality":
            value = 100.0
        else:
            value = ENOUGH if len(removed) > self._deepest else 1.0
        return Measured(value, value, value).to_json()

    def _size(self, quantity: Quantity, removed: Removal) -> float:
        if self._whole:
            left = self._whole.without((layer.stack, layer.index) for layer in removed)
            return left.params if quantity == "params" else left.bytes
        params = self._plan.size.params - len(removed) * self._plan.size.layer_params
        return params if quantity == "params" else params * self._plan.size.dtype_bytes


def _free(step: Step, registry: Registry) -> set[str]:
    """The policy's options whose metric has all its answers from one pass."""
    nested = step.uses["prune"].nested.items()
    found = ((option, use) for option, use in nested if use.kind == "importance")
    return {
        option for option, use in found if "additive" in registry.find(use.kind, use.name).declaration.traits
    }


def _inspected(plan: Plan) -> Checkpoint | None:
    """None before the weights are here."""
    try:
        return inspect(plan.model.folder)
    except UsageError:
        return None


def _layers(whole: Checkpoint | None, plan: Plan) -> list[Layer]:
    """Before the weights are here, a decoder's as the configuration has them."""
    return named(whole.stacks if whole else {"decoder": plan.size.layers}, read_config(plan.model.folder))
