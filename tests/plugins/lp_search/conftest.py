"""A made-up model: answers for every removal set, worth what no single layer tells."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from lp_runner.api import Ask, Layer, Measure, Measured, Score

Key = tuple[int, ...]


@dataclass
class Told:
    """What a policy asked, and where it ended."""

    removals: list[int] = field(default_factory=list)
    asked: list[tuple[str, str, list[Key]]] = field(default_factory=list)
    """(metric, need, sets)"""
    measured: list[tuple[Key, tuple[str, ...]]] = field(default_factory=list)


@dataclass(frozen=True)
class Answers:
    """By removal set and, where that matters, by metric or quantity."""

    scores: Mapping[Key, float]
    shortlist: Mapping[Key, float] = field(default_factory=dict)
    quantities: Mapping[str, Callable[[Key], tuple[float, float, float]]] = field(default_factory=dict)

    def run(self, policy: Any, layers: int) -> Told:
        told, search = Told(), policy.search([Layer(index) for index in range(layers)])
        try:
            question = next(search)
            while True:
                question = search.send(self._answer(question, told))
        except StopIteration as end:
            told.removals = [layer.index for layer in end.value]
        return told

    def _answer(self, question: Ask | Measure, told: Told) -> Any:
        if isinstance(question, Measure):
            told.measured.append((key(question.removed), question.quantities))
            return {
                name: Measured(*self.quantities[name](key(question.removed))) for name in question.quantities
            }
        told.asked.append((question.metric, question.need, [key(removed) for removed in question.sets]))
        known = self.scores if question.metric == "importance" else self.shortlist
        scores = [Score(removed, known[key(removed)]) for removed in question.sets]
        return scores if question.need == "scores" else bounded(scores)


def bounded(scores: Sequence[Score]) -> list[Score]:
    """As a metric may answer that knows no more of a loser than that it loses."""
    least = min(score.value for score in scores)
    return [
        score if score.value == least else Score(score.removed, (least + score.value) / 2, kind="bound")
        for score in scores
    ]


def key(removed: frozenset[Layer]) -> Key:
    return tuple(sorted(layer.index for layer in removed))


def every_set(layers: int) -> Generator[Key, None, None]:
    for size in range(layers + 1):
        yield from itertools.combinations(range(layers), size)


@pytest.fixture(params=range(20))
def entangled(request: pytest.FixtureRequest) -> dict[Key, float]:
    """Of all sets of eight layers: a value each that has nothing to do with any other's."""
    draw = random.Random(request.param)  # noqa: S311
    return {removed: draw.random() for removed in every_set(8)}
