"""One search of the results → its heat map as numbers: a row for each question, a column for each layer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lp_runner.api import Json, Layer

LEVELS = 8
"""Tones of a map, from what the model needs least to what it needs most."""
SIGNS = {"exact": "", "bound": "≥ ", "estimate": "≈ "}
"""Before a score that is not the whole truth, by its kind."""
Cell = tuple[int, int]
"""Row and column, from 0."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Of a search whose every candidate was one layer."""

    columns: tuple[str, ...]
    """Layers: their indices where the model has one stack, and else their names."""
    rows: tuple[tuple[float | None, ...], ...]
    """Importances; None for a layer that was no candidate."""
    shown: tuple[tuple[str | None, ...], ...]
    """The same as texts, with their signs."""
    taken: tuple[tuple[int, int, int], ...]
    """Row, column and order, from 1, of each layer that went."""

    @property
    def went(self) -> set[Cell]:
        """Where layers went."""
        return {(row, column) for row, column, _ in self.taken}

    @property
    def gone(self) -> list[Cell]:
        """Layers that went in an earlier row."""
        return [(later, column) for row, column, _ in self.taken for later in range(row + 1, len(self.rows))]

    def cells_at(self, level: int) -> list[Cell]:
        """Those of one tone; each row goes by itself from its least to its most."""
        return [
            (number, column)
            for number, row in enumerate(self.rows)
            for column, value in enumerate(row)
            if value is not None and _level(value, row) == level
        ]

    @property
    def told(self) -> str:
        went = "; ".join(f"{order}: layer {self.columns[column]}" for _, column, order in self.taken)
        return (
            f"{len(self.rows)} steps by {len(self.columns)} layers. Removed, in order: {went or 'nothing'}."
        )


def heat_map(search: Mapping[str, Json], layers: Mapping[str, int]) -> HeatMap | None:
    """None where a candidate was a set of several layers.

    Args:
        layers: of each stack of the unpruned model, so that those that were never asked for have their columns too.
    """
    questions = search["questions"]
    if not questions or any(len(score["candidate"]) != 1 for one in questions for score in one["scores"]):
        return None
    asked = [{score["candidate"][0]: score for score in one["scores"]} for one in questions]
    stacks = {_place(name)[0] for row in asked for name in row}
    names = [f"{stack}.{index}" for stack in sorted(stacks) for index in range(layers[stack])]
    one_stack = len(stacks) == 1
    return HeatMap(
        columns=tuple(str(Layer.parse(name).index) if one_stack else name for name in names),
        rows=tuple(tuple(row[name]["value"] if name in row else None for name in names) for row in asked),
        shown=tuple(tuple(importance(row[name]) if name in row else None for name in names) for row in asked),
        taken=tuple(_taken(search["removals"], asked, names)),
    )


def importance(score: Mapping[str, Json]) -> str:
    return f"{SIGNS[score['kind']]}{score['value']:.4g}"


def _place(name: str) -> tuple[str, int]:
    layer = Layer.parse(name)
    return layer.stack, layer.index


def _taken(
    removals: Sequence[str], asked: Sequence[Mapping[str, Json]], names: Sequence[str]
) -> list[tuple[int, int, int]]:
    """A layer went after the last question that it was a candidate of."""
    last = {name: row for row, candidates in enumerate(asked) for name in candidates}
    return [(last[name], names.index(name), order) for order, name in enumerate(removals, 1) if name in last]


def _level(value: float, row: Sequence[float | None]) -> int:
    """By rank, since one layer that the model can't do without would make all others look alike."""
    ranked = sorted(one for one in row if one is not None)
    return LEVELS * ranked.index(value) // len(ranked)
