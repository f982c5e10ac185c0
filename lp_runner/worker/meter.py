"""Requests, which may nest → the wall time and peak memory of each. Looks at torch only if a strategy loaded it."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_FORGET_PEAK = "5"


@dataclass(slots=True)
class Spent:
    """What one request has taken so far."""

    started: float = field(default_factory=time.perf_counter)
    waiting_s: float = 0.0
    peak_memory_bytes: int = 0
    device_peak_bytes: int | None = None

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started

    def include(self, memory: int, device: int | None) -> None:
        self.peak_memory_bytes = max(self.peak_memory_bytes, memory)
        if device is not None:
            self.device_peak_bytes = max(self.device_peak_bytes or 0, device)


class Meter:
    """The open requests, the innermost last."""

    def __init__(self) -> None:
        self._open: list[Spent] = []

    @contextmanager
    def request(self) -> Iterator[Spent]:
        """What the block takes; its peaks are known after `read`."""
        self.read()
        _trim()
        _forget_peaks()
        spent = Spent()
        self._open.append(spent)
        try:
            yield spent
        finally:
            self._open.pop()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The innermost request waits for the core in this block."""
        spent, started = self._open[-1], time.perf_counter()
        try:
            yield
        finally:
            spent.waiting_s += time.perf_counter() - started

    def read(self) -> None:
        """Take the peaks since the last reset into every open request."""
        if self._open:
            memory, device = _peak_memory_bytes(), _device_peak_bytes()
            for spent in self._open:
                spent.include(memory, device)


def release_device_memory() -> None:
    """What torch keeps in reserve goes back to the device."""
    if (cuda := _cuda()) is not None:
        cuda.empty_cache()


def _trim() -> None:
    """Memory that is freed but kept for later goes back to the kernel; only glibc's allocator is asked."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _forget_peaks() -> None:
    try:
        _CLEAR.write_text(_FORGET_PEAK)
    except OSError:  # not Linux, or forbidden: the peak is then the process's since its start
        return
    finally:
        if (cuda := _cuda()) is not None:
            for index in range(cuda.device_count()):
                cuda.reset_peak_memory_stats(index)


def _peak_memory_bytes() -> int:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _device_peak_bytes() -> int | None:
    cuda = _cuda()
    if cuda is None:
        return None
    return sum(int(cuda.max_memory_allocated(index)) for index in range(cuda.device_count()))


def _cuda() -> Any:
    """torch.cuda if a strategy has loaded it and put it to use."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda if cuda is not None and cuda.is_initialized() else None
