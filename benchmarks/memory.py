"""How much memory this process comes to have at most from one point on. Linux."""

import ctypes
import gc
from pathlib import Path


def forget_peak() -> None:
    """What is free goes back to the system, and the peak is counted anew from what is left."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_gb() -> float:
    """Most resident memory since then."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM"))
