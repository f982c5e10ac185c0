"""Joins a run's events, the view they make, and a terminal: one region at its bottom for all runs of one command."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live as Region
from rich.text import Text

from lp_runner.api import Json
from lp_runner.cli import view as views
from lp_runner.cli.console import described, named
from lp_runner.cli.paper import ASCII, UNICODE, Paper
from lp_runner.cli.picture import drawn
from lp_runner.cli.view import View
from lp_runner.visible import visible

PICTURES_PER_S = 4
MEMORY_EVERY_S = 1.0
_LINES = frozenset({"observer-failed", "other-versions"})
"""Events that a picture has no place for."""


class Terminal(Console):
    """One thread writes at a time. rich goes up by the height of the last picture and draws the next one in steps that
    another thread's may come between: then a picture stays among the lines, or a line goes with a picture.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(highlight=False, markup=False, **how)
        self.writing = threading.RLock()

    def __enter__(self) -> Self:
        """rich's own way to write several things at once; its `print` and what stands in for stdout use it."""
        self.writing.acquire()
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self.writing.release()


class Screen:
    """Draws the views a few times a second, by a thread of its own. Several runs may show theirs at once."""

    def __init__(self, console: Terminal, memory: Callable[[], int]) -> None:
        """Args: memory, of all workers, in bytes."""
        self.console = console
        self._memory = memory
        self._memory_bytes, self._asked_s = 0, -MEMORY_EVERY_S
        self._views: dict[str, View] = {}
        self._region = Region(
            console=console,
            get_renderable=self._drawn,
            auto_refresh=False,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._showing = threading.Lock()
        self._notice = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw, name="screen", daemon=True)

    def __enter__(self) -> Self:
        self._region.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._region.__exit__(kind, error, trace)
        if self._notice:
            self.line(self._notice)

    def show(self, view: View) -> None:
        with self._showing:
            self._views = self._views | {view.run: view}

    def leave(self, view: View) -> None:
        """It is drawn no more; its last state stays above."""
        with self._showing:
            self._views = {run: other for run, other in self._views.items() if run != view.run}
        self._refresh()
        if view.steps:
            self.console.print(drawn([view], time.time(), 0, self._paper(None)))

    def line(self, text: str) -> None:
        """Goes by above the picture."""
        self.console.print(Text(visible(text)))

    def notice(self, text: str) -> None:
        """Stays under the picture, and behind the last one. Takes no lock: a signal handler may call it."""
        self._notice = text

    def _draw(self) -> None:
        while not self._over.wait(1 / PICTURES_PER_S):
            self._refresh()

    def _refresh(self) -> None:
        with self.console.writing:
            self._region.refresh()

    def _drawn(self) -> Group:
        shown = list(self._views.values())
        if not shown:
            return Group()
        below = Text(visible(self._notice), style="bold yellow")
        taken = len(below.wrap(self.console, self.console.width)) if self._notice else 0
        picture = drawn(shown, time.time(), self._memory_now(), self._paper(self.console.height - taken))
        return Group(picture, below) if self._notice else picture

    def _memory_now(self) -> int:
        if time.monotonic() - self._asked_s >= MEMORY_EVERY_S:
            self._asked_s, self._memory_bytes = time.monotonic(), self._memory()
        return self._memory_bytes

    def _paper(self, height: int | None) -> Paper:
        glyphs = UNICODE if self.console.encoding.lower().startswith("utf") else ASCII
        return Paper(self.console.width, height, glyphs)


class Live:
    """One run on a screen."""

    def __init__(self, run: str, screen: Screen, plan: Callable[[], Mapping[str, Json]]) -> None:
        """Args: plan, what plan.json says once the run has started."""
        self._view = View(run)
        self._screen = screen
        self._plan = plan

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        at = moment(fields)
        if name == "run-started":
            self._view = views.begun(self._view.run, self._plan(), at)
        else:
            self._view = views.after(self._view, name, fields, at)
        if name in _LINES:
            self.line(described(name, fields, ""))
        self._screen.show(self._view)

    def progress(self, step: str, done: int, total: int, note: str) -> None:
        self._view = views.progressed(self._view, step, done, total, note, time.time())
        self._screen.show(self._view)

    def line(self, text: str) -> None:
        self._screen.line(named(self._view.run, text))

    def close(self) -> None:
        self._screen.leave(self._view)


def moment(fields: Mapping[str, Json]) -> float:
    """Of an event, in seconds since 1970: as it is kept, or now."""
    told = fields.get("time")
    return datetime.fromisoformat(told).timestamp() if told else time.time()


def terminal() -> Terminal | None:
    """Where a live view can be drawn; None for pipes, files and terminals that can't go up a line."""
    console = Terminal(stderr=True)
    return console if console.is_terminal and not console.is_dumb_terminal else None
