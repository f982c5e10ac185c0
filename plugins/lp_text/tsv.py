"""A file of tab-separated columns → segments. There is no quoting: a quotation mark is text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from lp_runner.api import Context, Segment
from lp_text.lines import numbered_lines
from lp_text.selection import Placed, Selection


class Tsv:
    """`use: tsv`; an api.CorpusReader."""

    def __init__(
        self,
        *,
        path: str,
        columns: Mapping[str, int | str | None],
        header: bool,
        shuffle: int | None,
        skip: int,
        limit: int | None,
        empty: Literal["refuse", "drop"],
    ) -> None:
        self._path = Path(path)
        self._columns = {side: column for side, column in columns.items() if column is not None}
        self._header = header
        self._selection = Selection(shuffle, skip, limit, empty)

    def read(self, context: Context) -> Iterator[Segment]:
        """Raises ValueError, with file and line, on whatever isn't a segment."""
        return self._selection.choose(context, str(self._path), list(self._corpus()))

    def _corpus(self) -> Iterator[Placed]:
        lines = numbered_lines(self._path)
        names = next(lines)[1].split("\t") if self._header else []
        wanted = {side: self._index(side, column, names) for side, column in self._columns.items()}
        for number, line in lines:
            place = f"{self._path}:{number}"
            fields = line.split("\t")
            texts = {side: _field(fields, index, side, place) for side, index in wanted.items()}
            yield Placed(place, Segment(texts["source"], texts.get("target")))

    def _index(self, side: str, column: int | str, names: list[str]) -> int:
        if isinstance(column, int):
            return column
        if not self._header:
            raise ValueError(
                f"{self._path}: columns.{side} is a name, {column!r}, which needs `header: true`"
            )
        if column not in names:
            raise ValueError(f"{self._path}:1: no column {column!r} for {side}; there are {', '.join(names)}")
        return names.index(column)


def _field(fields: list[str], index: int, side: str, place: str) -> str:
    if index >= len(fields):
        there = "1 column" if len(fields) == 1 else f"{len(fields)} columns"
        remedy = "; columns are separated by tabs" if len(fields) == 1 else ""
        raise ValueError(f"{place}: {there}, but {side} is column {index}, counted from 0{remedy}")
    return fields[index]
