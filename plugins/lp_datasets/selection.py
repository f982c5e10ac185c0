"""A datasets.Dataset → the segments that a recipe wants, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from datasets import Dataset

from lp_runner.api import Context, Segment

TEXT_TYPES = ("string", "large_string")


@dataclass(frozen=True, slots=True)
class Selection:
    """Filter, shuffle, skip, limit, then look for empty ones: so `empty` never moves a split's border."""

    source: str
    """A column's name, dotted where it is nested."""
    target: str | None
    where: Mapping[str, str | int | bool]
    """What the columns of a row must hold."""
    shuffles: Sequence[int]
    """Seeds, one shuffle after another."""
    skip: int
    limit: int | None
    empty: Literal["refuse", "drop"]

    @classmethod
    def of(
        cls,
        columns: Mapping[str, str | None],
        where: Mapping[str, str | int | bool],
        shuffle: int | list[int] | None,
        skip: int,
        limit: int | None,
        empty: Literal["refuse", "drop"],
    ) -> Selection:
        seeds = shuffle if isinstance(shuffle, list) else [] if shuffle is None else [shuffle]
        return cls(columns["source"] or "", columns["target"], where, seeds, skip, limit, empty)

    def choose(self, context: Context, place: str, dataset: Dataset) -> Iterator[Segment]:
        """Raises ValueError where a column isn't there, nothing is left, or a chosen segment is empty.

        `place` names the data in messages.
        """
        if not len(dataset):
            raise ValueError(f"{place}: no segments")
        flat = dataset.flatten()  # a struct {cs, de} becomes the columns translation.cs, translation.de
        rows = _where(flat, self.where, place)
        order = self._order(rows)
        if not len(order):
            raise ValueError(f"{place}: skip {self.skip} leaves nothing of {len(rows)} segments")
        sources = _texts(flat, self.source, order, place)
        references: Sequence[str | None] = [None] * len(order)
        if self.target is not None:
            references = _texts(flat, self.target, order, place)
        segments = [Segment(*texts) for texts in zip(sources, references, strict=True)]
        yield from self._filled(context, place, order, segments)

    def _order(self, rows: Sequence[int]) -> Sequence[int]:
        """The rows of Dataset.shuffle(seed), which would forget where a row stood."""
        for seed in self.shuffles:
            rows = [rows[place] for place in np.random.default_rng(seed).permutation(len(rows))]
        return rows[self.skip : None if self.limit is None else self.skip + self.limit]

    def _filled(
        self, context: Context, place: str, order: Sequence[int], segments: Sequence[Segment]
    ) -> Iterator[Segment]:
        blank = [row for row, segment in zip(order, segments, strict=True) if is_blank(segment)]
        if blank and self.empty == "refuse":
            more = f" (and {len(blank) - 1} more)" if len(blank) > 1 else ""
            raise ValueError(
                f"{place}: row {blank[0]}, counted from 0, has an empty source or target{more}; "
                "`empty: drop` leaves such segments out"
            )
        if blank:
            context.record(empty_segments_dropped=len(blank))
        yield from (segment for segment in segments if not is_blank(segment))


def is_blank(segment: Segment) -> bool:
    """One of its sides is nothing but space."""
    return not segment.source.strip() or (segment.reference is not None and not segment.reference.strip())


def _where(flat: Dataset, where: Mapping[str, str | int | bool], place: str) -> Sequence[int]:
    """The rows whose columns hold these values. Raises ValueError where there is no such column or row."""
    rows: Sequence[int] = range(len(flat))
    for column, wanted in where.items():
        _demand(flat, column, place)
        held = flat.select_columns([column]).select(rows, keep_in_memory=True)[column]
        rows = [row for row, value in zip(rows, held, strict=True) if value == wanted]
    if where and not rows:
        told = ", ".join(f"{column}: {wanted}" for column, wanted in where.items())
        raise ValueError(f"{place}: no row has {told}")
    return rows


def _demand(flat: Dataset, column: str, place: str) -> None:
    if column not in flat.column_names:
        raise ValueError(f"{place}: no column {column!r}; there are {', '.join(flat.column_names)}")


def _texts(flat: Dataset, column: str, order: Sequence[int], place: str) -> list[str]:
    """A null is an empty text."""
    _demand(flat, column, place)
    found = getattr(flat.features[column], "dtype", "list")
    if found not in TEXT_TYPES:
        raise ValueError(f"{place}: column {column} holds {found}, not text")
    chosen = flat.select_columns([column]).select(order, keep_in_memory=True)
    return [text or "" for batch in chosen.iter(batch_size=1000) for text in batch[column]]
