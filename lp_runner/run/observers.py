"""A run's events → events.jsonl, then whoever listens, then the recipe's observers, each in its worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from lp_runner.api import Json
from lp_runner.errors import Interrupted, LpError
from lp_runner.recipe.recipe import Use
from lp_runner.run.workers import NO_DEVICE, Meter, Strategy, Workers
from lp_runner.run.workplace import Listener
from lp_runner.store import RunFolder

PATIENCE_S = 60.0
"""A tracker that takes longer for one event is left out."""


class Observers:
    """A Listener that keeps every event and passes it on. An observer that fails is dropped, and said so."""

    def __init__(self, uses: Sequence[Use], folder: RunFolder, workers: Workers, listener: Listener) -> None:
        self._events = folder.events
        self._progress = folder.progress
        self._listener = listener
        self._stack = ExitStack()
        self._open: dict[str, Strategy] = {}
        for use in uses:
            self._guarded(use.name, partial(self._start, use, workers))

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        written = self._events.emit(name, **fields)
        self._listener.event(name, written)
        for observer, strategy in list(self._open.items()):
            told = partial(strategy.do, "observe", {"event": written}, timeout_s=PATIENCE_S)
            self._guarded(observer, told)

    def progress(self, step: str, done: int, total: int, note: str) -> None:
        self._listener.progress(step, done, total, note)
        self._progress.tell(step, done, total, note)

    def close(self) -> None:
        for observer, strategy in list(self._open.items()):
            self._guarded(observer, partial(strategy.do, "close", {}, timeout_s=PATIENCE_S))
        self._open.clear()
        self._stack.close()
        self._progress.clear()

    def _start(self, use: Use, workers: Workers) -> None:
        used = workers.use(use, NO_DEVICE, lambda told: None, Meter())
        self._open[use.name] = self._stack.enter_context(used)

    def _guarded(self, observer: str, act: Callable[[], Json]) -> None:
        try:
            act()
        except Interrupted:
            raise
        except LpError as error:
            self._open.pop(observer, None)
            written = self._events.emit("observer-failed", observer=observer, message=str(error))
            self._listener.event("observer-failed", written)
