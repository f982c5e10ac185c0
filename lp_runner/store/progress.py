"""How far the step in hand is → progress.json in the run folder, for whoever looks on from another process, and back.

A help for the eye: it isn't on the disk for certain, a failure to write it is nobody's loss, and a reader that finds
another step in it than the one at work passes it over.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from lp_runner.api import Json
from lp_runner.files import replace_at_once
from lp_runner.store.secrets import Redactor

SCHEMA = "lp_runner/progress/1"
EVERY_S = 1.0


class ProgressFile:
    """The writer; at most once a second, however often it is told."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self._path = path
        self._redactor = redactor
        self._last_s = 0.0

    def tell(self, step: str, done: int, total: int, note: str) -> None:
        if time.monotonic() - self._last_s < EVERY_S:
            return
        self._last_s = time.monotonic()
        told = {"step": step, "done": done, "total": total, "note": self._redactor.text(note)}
        with contextlib.suppress(OSError):
            replace_at_once(
                self._path, json.dumps({"schema": SCHEMA, "time": time.time(), **told}, ensure_ascii=False)
            )

    def clear(self) -> None:
        """The run is over, or left."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_progress(path: Path) -> dict[str, Json] | None:
    """As it was told last; None where there is nothing, or nothing whole."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and told.get("schema") == SCHEMA else None
