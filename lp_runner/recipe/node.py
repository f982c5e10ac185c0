"""What a recipe is while it is still text: values that know where they were written, and problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lp_runner.visible import visible

Trail = tuple[str | int, ...]
"""The keys and list indexes that lead from a recipe's root to a value."""
Scalar = str | int | float | bool | None
Json = Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written."""

    source: str
    """A file's name as the user gave it, or a whole `-o` option."""
    line: int
    """From 1; 0 for an option."""
    column: int
    """From 1, in characters; 0 for an option."""
    folder: str
    """What relative paths written here start from."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place."""

    content: Scalar | Mapping[str, Entry] | tuple[Node, ...]
    place: Place
    unquoted: bool = False
    """A scalar whose text says its type, so `${env:…}` in it may become a number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping's value, and the place of its key."""

    key: Place
    node: Node


def value_of(node: Node) -> Json:
    """The bare value, positions left behind."""
    if isinstance(node.content, Mapping):
        return {name: value_of(entry.node) for name, entry in node.content.items()}
    if isinstance(node.content, tuple):
        return [value_of(item) for item in node.content]
    return node.content


def places_of(node: Node, trail: Trail = ()) -> dict[Trail, tuple[Place, Place]]:
    """Of every value in the tree: where its key stands (in a list: the value), and where the value begins."""
    found = {trail: (node.place, node.place)}
    if isinstance(node.content, Mapping):
        for name, entry in node.content.items():
            found |= places_of(entry.node, (*trail, name))
            found[*trail, name] = (entry.key, entry.node.place)
    elif isinstance(node.content, tuple):
        for index, item in enumerate(node.content):
            found |= places_of(item, (*trail, index))
    return found


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    place: Place
    trail: Trail
    """Empty where no key is to blame."""
    what: str

    def __str__(self) -> str:
        dotted = ".".join(one_line(str(key), 60) for key in self.trail)
        said = not dotted or self.place.source.startswith(f"-o {dotted}=")
        key = "" if said else f"{dotted}: "
        return f"{one_line(str(self.place), 300)}: {key}{one_line(self.what, 300)}"


def one_line(text: str, longest: int) -> str:
    """Fit for a message whatever the recipe says: no line breaks or control characters, not too long."""
    shown = text if len(text) <= longest else text[: longest - 3] + "..."
    return visible(shown, keep="")


class Fatal(Exception):
    """Text that can't be read at all; carries the one problem."""

    def __init__(self, place: Place, what: str, trail: Trail = ()) -> None:
        super().__init__(what)
        self.problem = Problem(place, trail, what)
