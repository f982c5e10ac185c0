"""Segments with their places → the ones that a recipe wants, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lp_runner.api import Context, Segment


@dataclass(frozen=True, slots=True)
class Placed:
    """A segment, and where it stands."""

    place: str
    """As in "corpus.tsv:17"."""
    segment: Segment


@dataclass(frozen=True, slots=True)
class Selection:
    """Shuffle, then skip, then limit, then look for empty ones: so `empty` never moves a split's border."""

    shuffle: int | None
    skip: int
    limit: int | None
    empty: Literal["refuse", "drop"]

    def choose(self, context: Context, path: str, corpus: Sequence[Placed]) -> Iterator[Segment]:
        """Raises ValueError where nothing is left, or where a chosen segment is empty and must not be."""
        chosen = [corpus[index] for index in self._order(len(corpus))]
        if not corpus:
            raise ValueError(f"{path}: no segments")
        if not chosen:
            raise ValueError(f"{path}: skip {self.skip} leaves nothing of {len(corpus)} segments")
        blank = [placed for placed in chosen if empty_side(placed.segment)]
        if blank and self.empty == "refuse":
            raise ValueError(_refusal(blank))
        if blank:
            context.record(empty_segments_dropped=len(blank))
        yield from (placed.segment for placed in chosen if not empty_side(placed.segment))

    def _order(self, count: int) -> Sequence[int]:
        end = None if self.limit is None else self.skip + self.limit
        if self.shuffle is None:
            return range(count)[self.skip : end]
        shuffled: list[int] = np.random.default_rng(self.shuffle).permutation(count).tolist()
        return shuffled[self.skip : end]


def empty_side(segment: Segment) -> str:
    """The side that is nothing but space, "source" or "target"; otherwise empty."""
    if not segment.source.strip():
        return "source"
    return "target" if segment.reference is not None and not segment.reference.strip() else ""


def _refusal(blank: Sequence[Placed]) -> str:
    first = blank[0]
    more = f" (and {len(blank) - 1} more)" if len(blank) > 1 else ""
    return f"{first.place}: empty {empty_side(first.segment)}{more}; `empty: drop` leaves such segments out"
