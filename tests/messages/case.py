"""One error that a user can meet: how it is planted, the command that meets it, and every word that is told."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lp_runner.registry import HOOKS

Plant = Callable[[Path], object]
RUN = ("run", "--quiet", "tiny.yaml")
SOMEWHERE = "hint: paths are relative to the file that they stand in, of an option to the current folder\n"
UNREADABLE = Path("/proc/self/mem")
"""A file that no user may read from its start, root neither."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is wrong, the command that meets it, and what it says; {tiny} is the folder."""

    name: str
    plant: Plant
    words: tuple[str, ...]
    code: int
    told: str
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of the environment, with {tiny} too."""


def nothing(tiny: Path) -> None: ...


def written(name: str, content: str | bytes) -> Plant:
    return lambda tiny: (tiny / name).write_bytes(content.encode() if isinstance(content, str) else content)


def gone(name: str) -> Plant:
    return lambda tiny: (tiny / name).unlink()


def unreadable(name: str) -> Plant:
    def plant(tiny: Path) -> None:
        (tiny / name).unlink()
        (tiny / name).symlink_to(UNREADABLE)

    return plant


def run(*options: str) -> tuple[str, ...]:
    return (*RUN, *(word for option in options for word in ("-o", option)))


def data(use: str) -> tuple[str, ...]:
    return run(f"data.dev={use}")


PLUGIN = """\
from lp_runner.api import Declaration, Environment, Evaluation
from lp_runner.hookspecs import hookimpl

@hookimpl
def {hook}():
    return [Declaration({name!r}, "A stranger's", "{package}.strategy:Strategy", "{package}:options.json"{more})]
"""
NO_OPTIONS = '{"type": "object", "additionalProperties": false, "properties": {}}'


def installed(
    distribution: str,
    entry: str = "evaluate.mine",
    *,
    source: str | None = None,
    more: str = "",
    options: str = NO_OPTIONS,
    strategy: str = "",
) -> Plant:
    """A stranger's plugin. A name of its own for each case, for what is imported stays so.

    Args:
        source: all of plugin.py; or more: further words for its Declaration.
        strategy: Python with a class Strategy.
    """
    kind, _, name = entry.partition(".")
    package = f"lp_{distribution}"
    declares = PLUGIN.format(
        hook=HOOKS.get(kind), name=name, package=package, more=f", {more}" if more else ""
    )
    files = {
        f"{package}/__init__.py": "",
        f"{package}/plugin.py": declares if source is None else source,
        f"{package}/options.json": options,
        f"{package}/strategy.py": strategy,
        f"{distribution}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n",
        f"{distribution}-1.0.dist-info/entry_points.txt": f"[lp_runner]\n{entry} = {package}.plugin\n",
    }

    def plant(tiny: Path) -> None:
        for file, text in files.items():
            (tiny / "site" / file).parent.mkdir(parents=True, exist_ok=True)
            (tiny / "site" / file).write_text(text, "utf-8")
        importlib.invalidate_caches()

    return plant


def both(*plants: Plant) -> Plant:
    return lambda tiny: [plant(tiny) for plant in plants]
