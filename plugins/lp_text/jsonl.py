"""A file with a JSON object per line → segments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from lp_runner.api import Context, Json, Segment
from lp_text.lines import numbered_lines
from lp_text.selection import Placed, Selection

HALF = re.compile("[\ud800-\udfff]")
"""JSON writes a letter beyond U+FFFF as two; a tool that cut a text in between left one."""


class JsonLines:
    """`use: jsonl`; an api.CorpusReader."""

    def __init__(
        self,
        *,
        path: str,
        columns: Mapping[str, str | None],
        shuffle: int | None,
        skip: int,
        limit: int | None,
        empty: Literal["refuse", "drop"],
    ) -> None:
        self._path = Path(path)
        self._source = columns["source"] or ""
        self._target = columns["target"]
        self._selection = Selection(shuffle, skip, limit, empty)

    def read(self, context: Context) -> Iterator[Segment]:
        """Raises ValueError, with file and line, on whatever isn't a segment."""
        return self._selection.choose(context, str(self._path), list(self._corpus()))

    def _corpus(self) -> Iterator[Placed]:
        for number, line in numbered_lines(self._path):
            place = f"{self._path}:{number}"
            record = _parsed(line, place)
            source = text_at(record, self._source, place)
            reference = None if self._target is None else text_at(record, self._target, place)
            yield Placed(place, Segment(source, reference))


def text_at(record: Mapping[str, Json], column: str, place: str) -> str:
    """The text under a column's name, or under its dotted path. Raises ValueError naming what is there."""
    value: Json = record
    for name in [column] if column in record else column.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise ValueError(f"{place}: no column {column!r}; there are {', '.join(leaves(record))}")
        value = value[name]
    if isinstance(value, str):
        _refuse_halves(value, f"{place}: {column}")
        return value
    raise ValueError(f"{place}: {column} is {json.dumps(value)[:40]}, not a text")


def leaves(record: Mapping[str, Json], prefix: str = "") -> Iterator[str]:
    """The dotted names of everything that is no object itself."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _refuse_halves(text: str, where: str) -> None:
    if half := HALF.search(text):
        raise ValueError(f"{where} has half a letter, \\u{ord(half[0]):04x}, which UTF-8 can't write")


def _parsed(line: str, place: str) -> Mapping[str, Json]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{place}:{error.colno}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{place}: {error}") from error
    if isinstance(record, Mapping):
        return record
    raise ValueError(f"{place}: {line[:40]} is no JSON object")
