"""One tree with a `matrix:` → one tree per cell, by the rules of GitHub Actions.

`exclude` takes out every cell that it fits; `include` then adds its values to every cell whose own it leaves
alone, and makes a cell of its own where there is none. Pure.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lp_runner.recipe.node import Entry, Node, Problem, Trail, entries_of, only, value_of
from lp_runner.recipe.tree import assign

MOST_CELLS = 256
LONGEST_SLUG = 80
Values = dict[str, Entry]
"""Recipe path → value, and the place of the path."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination."""

    slug: str
    """Of letters, digits and `._+=-`; a folder's name. Empty where there is no matrix."""
    tree: Node


def axes_of(root: Node) -> list[str]:
    """The recipe paths that the matrix varies."""
    entry = entries_of(root).get("matrix")
    return [name for name in entries_of(entry.node) if name not in ("include", "exclude")] if entry else []


def cells(root: Node, problems: list[Problem]) -> list[Cell]:
    """In the order of the lists, the last axis fastest. The matrix itself must fit its schema."""
    entry = entries_of(root).get("matrix")
    if entry is None:
        return [Cell("", root)]
    rest = only(root, lambda name: name != "matrix")
    combined = _combined(entry, problems)
    slugs = _slugs(combined)
    return [Cell(slug, _applied(rest, cell, problems)) for slug, cell in zip(slugs, combined, strict=True)]


def _combined(entry: Entry, problems: list[Problem]) -> list[Values]:
    parts = entries_of(entry.node)
    axes = {
        name: [Entry(e.key, item) for item in _items(e.node)]
        for name, e in parts.items()
        if name not in ("include", "exclude")
    }
    count = math.prod(map(len, axes.values())) if axes else 0
    if count > MOST_CELLS:
        problems.append(Problem(entry.key, ("matrix",), f"{count} cells; at most {MOST_CELLS}"))
        return []
    grid = [dict(zip(axes, row, strict=True)) for row in itertools.product(*axes.values())] if axes else []
    grid = [cell for cell in grid if not any(_fits(cell, e) for e in _listed(parts, "exclude"))]
    found = _unique(_included(grid, _listed(parts, "include")))
    if not 0 < len(found) <= MOST_CELLS:
        problems.append(Problem(entry.key, ("matrix",), f"{len(found)} cells; from 1 to {MOST_CELLS}"))
        return []
    return found


def _included(grid: Sequence[Values], extras: Sequence[Values]) -> list[Values]:
    cells = [dict(cell) for cell in grid]
    alone = []
    for extra in extras:
        homes = [
            i for i, cell in enumerate(grid) if all(_same(cell[k], v) for k, v in extra.items() if k in cell)
        ]
        for index in homes:
            cells[index] |= extra
        if not homes:
            alone.append(extra)
    return cells + alone


def _unique(cells: Sequence[Values]) -> list[Values]:
    return list({_canonical(cell): cell for cell in reversed(cells)}.values())[::-1]


def _fits(cell: Values, pattern: Values) -> bool:
    return all(name in cell and _same(cell[name], value) for name, value in pattern.items())


def _same(one: Entry, other: Entry) -> bool:
    return _canonical({"": one}) == _canonical({"": other})


def _canonical(cell: Values) -> str:
    return json.dumps({name: value_of(entry.node) for name, entry in cell.items()}, sort_keys=True)


def _applied(rest: Node, cell: Values, problems: list[Problem]) -> Node:
    tree = rest
    for name, entry in sorted(cell.items(), key=lambda item: not item[0].endswith(".use")):
        try:
            tree = assign(tree, tuple(name.split(".")), entry)
        except LookupError as error:
            problems.append(Problem(entry.key, ("matrix", name), str(error.args[0])))
    return tree


def _slugs(cells: Sequence[Values]) -> list[str]:
    names = {name for cell in cells for name in cell}
    found: list[str] = []
    for cell in cells:
        slug = _slug(cell, names)
        found.append(slug if slug.lower() not in map(str.lower, found) else f"{slug}-{_hash(cell)}")
    return found


def _slug(cell: Values, names: set[str]) -> str:
    texts = [f"{_label(name, names)}={_text(value_of(entry.node))}" for name, entry in cell.items()]
    exact = "_".join(texts)
    safe = re.sub(r"[^A-Za-z0-9._+=-]", "-", exact)
    return safe if safe == exact and len(safe) <= LONGEST_SLUG else f"{safe[:LONGEST_SLUG]}-{_hash(cell)}"


def _label(name: str, names: set[str]) -> str:
    """The last word of a recipe path, or all its telling words where another path ends alike."""
    short = _telling(name)[-1]
    alone = [short] == [_telling(other)[-1] for other in names if _telling(other)[-1] == short]
    return short if alone else "-".join(_telling(name))


def _telling(name: str) -> list[str]:
    return [word for word in name.split(".") if word not in ("use", "with")] or [name]


def _text(value: object) -> str:
    if isinstance(value, Mapping) and isinstance(value.get("use"), str):
        return str(value["use"]) if len(value) == 1 else json.dumps(value)
    if isinstance(value, list):
        return "+".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)


def _hash(cell: Values) -> str:
    return hashlib.sha256(_canonical(cell).encode()).hexdigest()[:8]


def _items(node: Node) -> tuple[Node, ...]:
    return node.content if isinstance(node.content, tuple) else ()


def _listed(parts: Mapping[str, Entry], name: str) -> list[Values]:
    """The mappings under `include` or `exclude`."""
    items = _items(parts[name].node) if name in parts else ()
    return [dict(entries_of(item)) for item in items]


def blocked(axes: Sequence[str], trail: Trail) -> str | None:
    """The axis that would overwrite a value at `trail`, if any."""
    dotted = ".".join(map(str, trail))
    return next((axis for axis in axes if axis == dotted or dotted.startswith(f"{axis}.")), None)
