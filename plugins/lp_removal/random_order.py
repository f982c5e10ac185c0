"""Remove unprotected layers as a seed has it: what any other policy should do better than."""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Score, candidates_for


class RandomOrder:
    """`use: random`; an api.PruningPolicy that asks nothing."""

    def __init__(
        self, *, remove: int, seed: int, keep_at: Sequence[int], protect: Sequence[str | int], stack: str
    ) -> None:
        self._remove = remove
        self._seed = seed
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """Of one seed, fewer removals are the first of more."""
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        yield from ()
        draw = random.Random(self._seed).random  # noqa: S311  its numbers are the same in every Python
        return sorted(candidates, key=lambda layer: draw())[: self._remove]
