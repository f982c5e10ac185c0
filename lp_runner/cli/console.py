"""Text for a terminal: escaped, in tables, and the progress of runs as lines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lp_runner.api import Json
from lp_runner.visible import json_code, visible

PLAIN_EVERY_S = 30.0
_SHOWN = {
    "step-started",
    "step-finished",
    "step-failed",
    "removed",
    "evaluation",
    "observer-failed",
    "run-waits",
    "other-versions",
}


def json_text(told: Json) -> str:
    """For a script or a terminal: what could steer the latter is escaped as JSON has it, so nothing is lost."""
    return visible(json.dumps(told, ensure_ascii=False, indent=1), code=json_code)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()) -> Table:
    """Of plain text; nothing in it is read as markup."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(
            Text(visible(column, keep="")), justify="right" if column in numbers else "left", overflow="fold"
        )
    for row in rows:
        made.add_row(*(Text(visible(cell, keep="")) for cell in row))
    return made


def show(thing: Table | str) -> None:
    width = None if sys.stdout.isatty() else 160
    console = Console(width=width, highlight=False, markup=False)
    console.print(Text(visible(thing)) if isinstance(thing, str) else thing)


def put(text: str) -> None:
    """What scripts read: into a pipe or a file as it is, to a terminal so that it can't steer it."""
    print(visible(text) if sys.stdout.isatty() else text, end="")


def human_bytes(count: int) -> str:
    """In powers of 1000: 5.3 GB."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def named(run: str, text: str) -> str:
    """Every line after the name of the run that it is of."""
    return "\n".join(f"{run}: {line}" for line in text.split("\n"))


class Plain:
    """Lines, for logs and pipes: a step's start and end, and now and then how far it is."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._titles: dict[str, str] = {}
        self._steps = 0
        self._number = 0
        self._last = 0.0

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        if name == "run-started":
            self._steps = fields["steps"]
        if name in ("step-started", "step-skipped"):
            self._number += 1
            self._titles[fields["step"]] = fields["title"]
            self._last = time.monotonic()
        if name in _SHOWN:
            self.line(described(name, fields, f"{self._number}/{self._steps} "))

    def progress(self, step: str, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        if now - self._last >= PLAIN_EVERY_S:
            self._last = now
            self.line(f"{self._titles.get(step, step)}: {_of(done, total)} {note}")

    def close(self) -> None: ...

    def line(self, text: str) -> None:
        print(visible(named(self._run, text)), flush=True)


class Quiet:
    """Says nothing; failures are told by the command itself."""

    def event(self, name: str, fields: Mapping[str, Json]) -> None: ...

    def progress(self, step: str, done: int, total: int, note: str) -> None: ...

    def line(self, text: str) -> None: ...

    def close(self) -> None: ...


def described(name: str, fields: Mapping[str, Json], number: str) -> str:
    """An event in words."""
    if name == "step-started":
        return f"{number}{fields['title']}"
    if name == "step-finished":
        return f"{number}{fields['title']}: done in {float(fields['seconds']):.1f} s"
    if name == "step-failed":
        return f"{number}{fields['title']}: failed"
    if name == "removed":
        return f"removed in this order: {', '.join(fields['removals'])}"
    if name == "evaluation":
        return f"{fields['system']}: {fields['metric']} {float(fields['value']):.4g}"
    if name == "run-waits":
        return f"waits for {fields['for']}"
    if name == "other-versions":
        changes = (f"{package} {then} (now {now})" for package, (then, now) in fields["versions"].items())
        return f"{fields['step']} was made by {', '.join(changes)}"
    return f"observer {fields['observer']} failed and is left out: {fields['message']}"


def _of(done: int, total: int) -> str:
    return f"{done} of {total}" if total else str(done)
