"""Remove the layer whose absence costs least, then ask again about every layer that is left."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Score, candidates_for, next_to_go


class IterativeGreedy:
    """`use: iterative-greedy`; an api.PruningPolicy.

    Source: Moslem et al. 2025, arXiv 2510.22763, section 3.
    """

    def __init__(
        self, *, remove: int, keep_at: Sequence[int], protect: Sequence[str | int], stack: str
    ) -> None:
        self._remove = remove
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """One question a step, about every candidate, whose winner is all that is wanted."""
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        removed: list[Layer] = []
        while len(removed) < self._remove:
            removed.append((yield from next_to_go(removed, candidates)))
        return removed
