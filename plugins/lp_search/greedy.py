"""What policies share that remove layers one by one: a step, and where there is nothing left to remove."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Score, least_important


def next_to_go(
    removed: Sequence[Layer], candidates: Sequence[Layer]
) -> Generator[Ask, Sequence[Score], Layer]:
    """The candidate that costs least to remove next; one question about all that are left."""
    left = (candidate for candidate in candidates if candidate not in removed)
    [least] = least_important((yield Ask(tuple(frozenset([*removed, one]) for one in left), need="winner")))
    [gone] = least.difference(removed)
    return gone


def most_of(candidates: Sequence[Layer], layers: Sequence[Layer]) -> int:
    """How many of a stack's candidates may go: where none is protected, one stays."""
    stack = [layer for layer in layers if layer.stack == candidates[0].stack]
    return min(len(candidates), len(stack) - 1)
