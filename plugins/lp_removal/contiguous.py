"""Remove one block of neighbouring layers: the one whose absence costs least."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Score, candidates_for, least_important


class Contiguous:
    """`use: contiguous`; an api.PruningPolicy.

    Source: Gromov et al. 2024, arXiv 2403.17887, which asks by angular distance; here any metric may answer.
    """

    def __init__(
        self, *, remove: int, keep_at: Sequence[int], protect: Sequence[str | int], stack: str
    ) -> None:
        self._remove = remove
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """One question, about every block. The block goes from its last layer down, so a smaller depth is its top.

        Raises ValueError where no block of that length is unprotected.
        """
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        starts = range(len(candidates) - self._remove + 1)
        runs = [candidates[start : start + self._remove] for start in starts]
        blocks = tuple(frozenset(run) for run in runs if run[-1].index - run[0].index == self._remove - 1)
        if not blocks:
            raise ValueError(f"remove: no {self._remove} neighbouring layers are unprotected")
        [block] = least_important((yield Ask(blocks, need="winner")))
        return sorted(block, reverse=True)
