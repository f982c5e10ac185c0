"""Keep the best few removal sets of each size: a layer that costs little alone need not be in the best set."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

from lp_runner.api import Ask, Layer, Removal, Score, candidates_for, least_important

Paths = dict[Removal, tuple[Layer, ...]]
"""Each set with its layers in the order of their removal."""


class Beam:
    """`use: beam`; an api.PruningPolicy. As wide as there are sets, it finds the best of all."""

    def __init__(
        self, *, remove: int, width: int, keep_at: Sequence[int], protect: Sequence[str | int], stack: str
    ) -> None:
        self._remove = remove
        self._width = width
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """One question a step, about every set that is one layer larger than a kept one; each set once."""
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        kept: Paths = {frozenset(): ()}
        for size in range(1, self._remove + 1):
            width = self._width if size < self._remove else 1
            paths = _longer(kept.values(), candidates)
            scores = yield Ask(tuple(sorted(paths, key=sorted)), need="winner" if width == 1 else "scores")
            kept = {removed: paths[removed] for removed in least_important(scores, width)}
        [order] = kept.values()
        return order


def _longer(paths: Iterable[tuple[Layer, ...]], candidates: Sequence[Layer]) -> Paths:
    """Where several paths lead to one set, it has that of the best; the paths come best first."""
    found: Paths = {}
    for path in paths:
        for candidate in candidates:
            if candidate not in path:
                found.setdefault(frozenset([*path, candidate]), (*path, candidate))
    return found
