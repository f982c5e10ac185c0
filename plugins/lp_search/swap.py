"""Refine a finished set: what greedy search removed early it may want back once others have gone."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Score, candidates_for, least_important, next_to_go


class Swap:
    """`use: swap`; an api.PruningPolicy. Never ends with a more important set than it began with."""

    def __init__(
        self,
        *,
        remove: int,
        start: str | Sequence[int | str],
        rounds: int,
        keep_at: Sequence[int],
        protect: Sequence[str | int],
        stack: str,
    ) -> None:
        self._remove = remove
        self._start = start
        self._rounds = rounds
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """A question a round: the set, and every set that one exchange makes of it.

        Raises ValueError too where `start` lists other than `remove` layers, or layers that can't go.
        """
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        order = yield from self._begin(candidates)
        for _ in range(self._rounds):
            better = yield from _exchanged(order, candidates)
            if better == order:
                break
            order = better
        return order

    def _begin(self, candidates: Sequence[Layer]) -> Generator[Ask, Sequence[Score], list[Layer]]:
        if not isinstance(self._start, str):
            return self._listed(self._start, candidates)
        order: list[Layer] = []
        while len(order) < self._remove:
            order.append((yield from next_to_go(order, candidates)))
        return order

    def _listed(self, names: Sequence[int | str], candidates: Sequence[Layer]) -> list[Layer]:
        order = [Layer.parse(name) for name in names]
        if len(set(order)) != self._remove or len(order) != self._remove:
            raise ValueError(f"start: {len(set(order))} layers are listed, and {self._remove} are to go")
        for layer in order:
            if layer not in candidates:
                raise ValueError(f"start: {layer} is protected, or not in the {self._stack}")
        return order


def _exchanged(
    order: list[Layer], candidates: Sequence[Layer]
) -> Generator[Ask, Sequence[Score], list[Layer]]:
    """The order after the best exchange, or itself where none is better."""
    kept = [candidate for candidate in candidates if candidate not in order]
    now = frozenset(order)
    exchanges = {now - {back} | {gone}: (back, gone) for back in order for gone in kept}
    scores = yield Ask((now, *sorted(exchanges, key=sorted)), need="winner")
    [least] = least_important(scores)
    values = {score.removed: score.value for score in scores}
    if values[least] == values[now]:
        return order
    back, gone = exchanges[least]
    return [gone if layer == back else layer for layer in order]
