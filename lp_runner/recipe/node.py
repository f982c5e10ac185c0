"""What a recipe is while it is still text: values that know where they were written, and problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lp_runner.visible import visible

Trail = tuple[str | int, ...]
"""The keys and list indexes that lead from a recipe's root to a value."""
Scalar = str | int | float | bool | None
Json = Any


class Place(NamedTuple):
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


class Node(NamedTuple):
    """A value and its place."""

    content: Scalar | dict[str, Entry] | tuple[Node, ...]
    place: Place
    unquoted: bool = False
    """A scalar whose text says its type, so `${env:…}` in it may become a number."""


class Entry(NamedTuple):
    """A mapping's value, and the place of its key."""

    key: Place
    node: Node


def is_scalar(node: Node) -> bool:
    """No mapping and no list."""
    return not isinstance(node.content, dict | tuple)


def entries_of(node: Node) -> dict[str, Entry]:
    """A mapping's; none where it is none."""
    return node.content if isinstance(node.content, dict) else {}


def only(root: Node, wanted: Callable[[str], bool]) -> Node:
    """A mapping less the keys that are not wanted."""
    return root._replace(content={name: entry for name, entry in entries_of(root).items() if wanted(name)})


def value_of(node: Node) -> Json:
    """The bare value, positions left behind."""
    if isinstance(node.content, dict):
        return {name: value_of(entry.node) for name, entry in node.content.items()}
    if isinstance(node.content, tuple):
        return [value_of(item) for item in node.content]
    return node.content


def size_of(node: Node) -> int:
    """How many values the tree has, mappings and lists among them."""
    if isinstance(node.content, dict):
        return 1 + sum(size_of(entry.node) for entry in node.content.values())
    return 1 + sum(map(size_of, node.content)) if isinstance(node.content, tuple) else 1


def spot(root: Node, trail: Trail) -> tuple[Place, Place]:
    """Where the key stands (in a list: the value), and where the value begins: of the value at `trail`, or of the
    nearest thing around it that was written.
    """
    key, node = root.place, root
    for part in trail:
        if isinstance(node.content, dict) and part in node.content:
            key, node = node.content[str(part)]
        elif isinstance(node.content, tuple) and isinstance(part, int) and part < len(node.content):
            node = node.content[part]
            key = node.place
        else:
            break
    return key, node.place


class Problem(NamedTuple):
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
