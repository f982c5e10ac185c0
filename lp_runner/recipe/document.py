"""YAML text → Node: YAML 1.2 scalars, positions, duplicate keys, and limits that a hostile text can't get past.

Works on the parser's events, which come one by one, so nothing is built of a text before it is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lp_runner.recipe.node import Entry, Fatal, Node, Place, Problem, Scalar, one_line
from lp_runner.recipe.scalars import scalar

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_BYTES = 1 << 20
MOST_NODES = 50_000
DEEPEST = 64
TAGS = "tag:yaml.org,2002:"
MERGE = "<<"
KEY = "a key must be a string; quote it"
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")

Placer = Callable[[Any], Place]


def read(path: Path, shown: str, problems: list[Problem]) -> Node:
    """A file's one document, a mapping. Raises Fatal where there is none."""
    start = Place(shown, 1, 1, str(path.parent))
    text = _text(path, start)
    node = parse(text, _placer(shown, start.folder), problems)
    if not isinstance(node.content, dict):
        raise Fatal(node.place, "a recipe is a mapping of keys to values")
    return node


def parse(text: str, placer: Placer, problems: list[Problem]) -> Node:
    """Any YAML text; `placer` turns the parser's marks into places. Raises Fatal."""
    _refuse_unprintable(text, placer)
    start: Any = yaml.Mark("", 0, 0, 0, None, 0)
    try:
        return _Composer(text, placer, problems).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or start
        raise Fatal(placer(mark), f"not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise Fatal(placer(start), f"not YAML: {str(error).splitlines()[0]}") from None


def _placer(shown: str, folder: str) -> Placer:
    """Makes the tuple itself: a NamedTuple's own constructor takes twice as long, and every value has a place."""
    make = partial(tuple.__new__, Place)
    return lambda mark: make((shown, mark.line + 1, mark.column + 1, folder))


def _text(path: Path, start: Place) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Fatal(start._replace(line=0), f"can't be read: {error.strerror or error}") from None
    if len(data) > MOST_BYTES:
        raise Fatal(start, "larger than 1 MiB")
    if data.startswith(OTHER_ENCODINGS):
        raise Fatal(start, "UTF-16 or UTF-32; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Fatal(start._replace(line=line), f"not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _refuse_unprintable(text: str, placer: Placer) -> None:
    found = UNPRINTABLE.search(text)
    if found:
        at = found.start()
        mark = yaml.Mark("", at, text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1, None, 0)
        name = "a NUL character" if found[0] == "\0" else f"the control character U+{ord(found[0]):04X}"
        raise Fatal(placer(mark), f"{name} can't stand in a recipe")


class _Anchored(NamedTuple):
    """What an alias may stand for."""

    node: Node
    size: int
    """Values and keys, aliases counted as what they stand for."""
    height: int


class _Composer:
    """One document's events, read once from front to back."""

    def __init__(self, text: str, placer: Placer, problems: list[Problem]) -> None:
        self.next: Callable[[], Any] = LOADER(text).get_event
        self.place = placer
        self.problems = problems
        self.anchors: dict[str, _Anchored] = {}
        self.unfinished: set[str] = set()
        self.spent = 0
        self.deepest = 0

    def document(self) -> Node:
        self.next()
        event = self.next()
        if isinstance(event, yaml.StreamEndEvent):
            raise Fatal(self.place(event.start_mark), "empty")
        node = self._node(self.next(), 1)
        self.next()
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise Fatal(self.place(event.start_mark), "a second document; a recipe is one")
        return node

    def _node(self, event: Any, depth: int) -> Node:
        place = self.place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), place, depth)
        self._count(1, depth, place)
        make = self._fresh if event.anchor is None else self._anchored
        return make(event, place, depth)

    def _count(self, values: int, depth: int, place: Place) -> None:
        self.spent += values
        if self.spent > MOST_NODES:
            raise Fatal(place, f"more than {MOST_NODES} values, aliases counted as what they stand for")
        if depth > self.deepest:
            self._descend(depth, place)

    def _descend(self, depth: int, place: Place) -> None:
        self.deepest = depth
        if depth > DEEPEST:
            raise Fatal(place, f"nested more than {DEEPEST} deep")

    def _anchored(self, event: Any, place: Place, depth: int) -> Node:
        name, before, around = event.anchor, self.spent, self.deepest
        self.unfinished.add(name)
        self.deepest = depth
        node = self._fresh(event, place, depth)
        self.anchors[name] = _Anchored(node, 1 + self.spent - before, 1 + self.deepest - depth)
        self.deepest = max(around, self.deepest)
        self.unfinished.discard(name)
        return node

    def _alias(self, name: str, place: Place, depth: int) -> Node:
        if name in self.unfinished:
            raise Fatal(place, f"*{name} stands inside what it names")
        if name not in self.anchors:
            raise Fatal(place, f"there is no anchor &{name} before this")
        meant = self.anchors[name]
        self._count(meant.size, depth + meant.height - 1, place)
        return meant.node._replace(place=place)

    def _fresh(self, event: Any, place: Place, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            content, unquoted = self._value(event, place)
            return Node(content, place, unquoted)
        if event.tag is not None:
            self._refuse_tag(event.tag, place, ("map", "seq"))
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place, depth)
        return self._mapping(place, depth)

    def _sequence(self, place: Place, depth: int) -> Node:
        items = []
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Node(tuple(items), place)

    def _mapping(self, place: Place, depth: int) -> Node:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            name, key, merges = self._key(event)
            node = self._node(self.next(), depth + 1)
            if merges:
                self._merge(node, merged)
            else:
                self._add(own, name, Entry(key, node))
        return Node({**merged, **own}, place)

    def _key(self, event: Any) -> tuple[str, Place, bool]:
        """Its text, its place, and whether it is the merge key."""
        place = self.place(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent):
            raise Fatal(place, KEY)
        name, unquoted = self._value(event, place)
        if not isinstance(name, str):
            raise Fatal(place, KEY)
        self._count(1, 1, place)
        return name, place, unquoted and name == MERGE

    def _add(self, own: dict[str, Entry], name: str, entry: Entry) -> None:
        if name in own:
            first = own[name].key
            self.problems.append(
                Problem(entry.key, (), f"{name}: twice in one mapping; first at line {first.line}")
            )
        else:
            own[name] = entry

    def _merge(self, node: Node, merged: dict[str, Entry]) -> None:
        """YAML's merge key: what is written wins over what is merged, the earlier over the later."""
        for source in node.content if isinstance(node.content, tuple) else (node,):
            if not isinstance(source.content, dict):
                raise Fatal(source.place, "<< takes a mapping or a list of mappings")
            for name, entry in source.content.items():
                merged.setdefault(name, entry)

    def _value(self, event: Any, place: Place) -> tuple[Scalar, bool]:
        """What a scalar means, and whether its text says so, unquoted."""
        if event.tag is not None:
            self._refuse_tag(event.tag, place, ("str",))
        if not event.implicit[0]:
            return event.value, False
        try:
            return scalar(event.value), True
        except ValueError as error:
            self.problems.append(Problem(place, (), str(error)))
            return 0, False

    def _refuse_tag(self, tag: str, place: Place, known: tuple[str, ...]) -> None:
        if tag not in ("!", *(TAGS + name for name in known)):
            short = "!!" + tag.removeprefix(TAGS) if tag.startswith(TAGS) else tag
            raise Fatal(place, f"the tag {one_line(short, 60)} can't stand in a recipe")
