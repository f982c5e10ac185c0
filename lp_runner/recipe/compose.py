"""A recipe's file, the files it extends and the command line's `-o` options → one tree of nodes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lp_runner.recipe.document import parse, read
from lp_runner.recipe.node import Entry, Fatal, Node, Place, Problem, Trail, is_scalar, only
from lp_runner.recipe.scalars import scalar
from lp_runner.recipe.tree import assign, merge, without

MOST_PARENTS = 32
VARIABLE = re.compile(r"\$?\$\{env:(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\})?")
"""`${env:NAME}` or `${env:NAME:-default}`; `$${env:` is the text itself."""


@dataclass(frozen=True, slots=True)
class Override:
    """One `-o a.b=c`."""

    trail: Trail
    node: Node


def compose(path: Path, overrides: Sequence[Override], problems: list[Problem]) -> Node:
    """Everything in its place and no `extends` left. Raises Fatal where a file can't be read."""
    root = _Family(problems).member(path, str(path), ())
    for override in sorted(overrides, key=lambda o: o.trail[-1] != "use"):
        try:
            root = assign(root, override.trail, Entry(override.node.place, override.node))
        except LookupError as error:
            problems.append(Problem(override.node.place, override.trail, str(error.args[0])))
    return interpolate(root, (), problems)


def family(path: Path) -> list[Path]:
    """The files that make a recipe: its own, and all that it extends. Raises Fatal where one can't be read."""
    members = _Family([])
    members.member(path, str(path), ())
    return list(members.known)


def parse_overrides(texts: Sequence[str], problems: list[Problem]) -> list[Override]:
    """`a.b=c` → where and what. Relative paths in them start from the current folder."""
    found = []
    for text in texts:
        try:
            found.append(_override(text, problems))
        except Fatal as fatal:
            problems.append(fatal.problem)
    return found


def _override(text: str, problems: list[Problem]) -> Override:
    place = Place(f"-o {text}", 0, 0, os.getcwd())
    dotted, equals, value = text.partition("=")
    # A matrix's keys are recipe paths themselves, dots included.
    trail = tuple(dotted.split(".", 1 if dotted.startswith("matrix.") else -1))
    if not equals or not all(trail):
        raise Fatal(place, "an override reads KEY=VALUE, as in prune.with.remove=8")
    if trail[0] in ("extends", "version"):
        raise Fatal(place, f"{trail[0]} can be set in a file alone")
    return Override(trail, parse(value.strip() or "null", lambda _: place, problems))


class _Family:
    """Reads a recipe and its ancestors, each file once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.known: dict[Path, Node] = {}

    def member(self, path: Path, shown: str, descendants: tuple[Path, ...]) -> Node:
        """A file merged over what it extends."""
        real = path.absolute().resolve()
        if real not in self.known:
            node = without(read(path.absolute(), shown, self.problems), lambda name, _: name.startswith("x-"))
            self.known[real] = self._merged(node, Path(shown).parent, (*descendants, real))
        return self.known[real]

    def _merged(self, node: Node, folder: Path, line: tuple[Path, ...]) -> Node:
        assert isinstance(node.content, dict)  # noqa: S101 - `read` promises it
        own = only(node, lambda name: name != "extends")
        parents = self._parents(node.content["extends"].node) if "extends" in node.content else []
        under: Node | None = None
        for parent in parents:
            above = self._parent(parent, folder, line)
            under = merge(under, above) if under else above
        return merge(under, own) if under else own

    def _parents(self, node: Node) -> list[Node]:
        named = interpolate(node, ("extends",), self.problems)
        items = named.content if isinstance(named.content, tuple) else (named,)
        if len(items) > MOST_PARENTS or not all(isinstance(item.content, str) for item in items):
            raise Fatal(node.place, f"must be a file name or a list of at most {MOST_PARENTS}", ("extends",))
        return list(items)

    def _parent(self, name: Node, folder: Path, line: tuple[Path, ...]) -> Node:
        shown = os.path.normpath(folder / str(name.content))
        path = Path(os.path.normpath(Path(name.place.folder) / str(name.content)))
        if path.resolve() in line:
            raise Fatal(name.place, f"{name.content} extends this file, in a circle", ("extends",))
        if not path.is_file():
            raise Fatal(name.place, f"there is no file {shown}", ("extends",))
        return self.member(path, shown, line)


def interpolate(node: Node, trail: Trail, problems: list[Problem]) -> Node:
    """With the environment's values for `${env:NAME}`."""
    if isinstance(node.content, dict):
        entries = dict(node.content)
        for name, entry in node.content.items():
            if not _is_plain(entry.node):
                entries[name] = Entry(entry.key, interpolate(entry.node, (*trail, name), problems))
        return node._replace(content=entries)
    if isinstance(node.content, tuple):
        items = [
            item if _is_plain(item) else interpolate(item, (*trail, index), problems)
            for index, item in enumerate(node.content)
        ]
        return node._replace(content=tuple(items))
    return node if _is_plain(node) else _filled_in(node, str(node.content), trail, problems)


def _is_plain(node: Node) -> bool:
    return is_scalar(node) and not (isinstance(node.content, str) and "${env:" in node.content)


def _filled_in(node: Node, text: str, trail: Trail, problems: list[Problem]) -> Node:
    wrong: dict[str, None] = {}

    def value(found: re.Match[str]) -> str:
        if found[0].startswith("$$"):
            return found[0][1:]
        name, default = found[1], found[2]
        if name is None:
            wrong["${env:NAME} is not complete"] = None
        elif name not in os.environ and default is None:
            wrong[f"the environment has no {name}, and no default is given"] = None
        return os.environ.get(name or "", default or "")

    try:
        filled = VARIABLE.sub(value, text)
        known = scalar(filled) if node.unquoted and not wrong else filled
    except ValueError as error:
        wrong[str(error)] = None
    problems += [Problem(node.place, trail, what) for what in wrong]
    return node if wrong else node._replace(content=known)
