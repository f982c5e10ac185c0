"""Remove layers one by one while the model keeps enough of its quality."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from lp_runner.api import Layer, Measure, Measured, Question, candidates_for, next_to_go
from lp_search.greedy import most_of


class QualityFloor:
    """`use: quality-floor`; an api.PruningPolicy. How quality is measured is the core's to read."""

    def __init__(
        self,
        *,
        keep_percent: float,
        counts: str,
        metric: Mapping[str, Any],
        backend: Mapping[str, Any],
        segments: int,
        max_new_tokens: int | str,
        keep_at: Sequence[int],
        protect: Sequence[str | int],
        stack: str,
    ) -> None:
        """Args: metric to max_new_tokens, how the core measures; keep_at, for the core, which keeps the models."""
        self._keep_percent = keep_percent
        self._counts = counts
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Question, Any, Sequence[Layer]]:
        """Ends before the first removal that goes below the floor; with none at all where the first one does."""
        candidates = candidates_for(layers, self._stack, self._protect)
        removed: list[Layer] = []
        while len(removed) < most_of(candidates, layers):
            gone = yield from next_to_go(removed, candidates)
            answer = yield Measure(frozenset([*removed, gone]), ("quality",))
            if self._counted(answer["quality"]) < self._keep_percent:
                break
            removed.append(gone)
        return removed

    def _counted(self, kept: Measured) -> float:
        return kept.low if self._counts == "low" else kept.value
