"""A process → the memory of everything it has started."""

from __future__ import annotations

import contextlib

import psutil


def workers_bytes(pid: int) -> int:
    """Resident, of all its descendants together; 0 where it is gone or can't be looked at."""
    total = 0
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                total += child.memory_info().rss
    return total
