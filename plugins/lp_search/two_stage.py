"""A cheap metric says which few layers are worth a question to the expensive one."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from lp_runner.api import Ask, Layer, Score, candidates_for, least_important


class TwoStage:
    """`use: two-stage`; an api.PruningPolicy. With a shortlist of all layers it is iterative-greedy."""

    def __init__(
        self,
        *,
        remove: int,
        shortlist: Mapping[str, Any],
        candidates: int,
        keep_at: Sequence[int],
        protect: Sequence[str | int],
        stack: str,
    ) -> None:
        """Args: shortlist, the cheap metric, which the core makes and asks for us."""
        self._remove = remove
        self._candidates = candidates
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """Two questions a step: about every layer left, and about those on the shortlist."""
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        removed: list[Layer] = []
        while len(removed) < self._remove:
            sets = tuple(frozenset([*removed, candidate]) for candidate in candidates)
            cheap = yield Ask(sets, metric="shortlist")
            shortlist = sorted(least_important(cheap, self._candidates), key=sorted)
            [least] = least_important((yield Ask(tuple(shortlist), need="winner")))
            [gone] = least.difference(removed)
            removed.append(gone)
            candidates.remove(gone)
        return removed
