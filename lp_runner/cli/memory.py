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


def runs_since_before(pid: int, moment_s: float) -> bool:
    """Whether the process is the one that wrote its number down then, and no later one of the same number."""
    try:
        return bool(pid and psutil.Process(pid).create_time() <= moment_s + 1)
    except psutil.Error:
        return False
