"""How fast this machine is, so that a limit in seconds means as much work on each."""

from __future__ import annotations

import time

TAKEN_S = 0.06
"""By `_work` on one core of the machine that the limits were set on, an AMD EPYC."""


def limit_s(there: float) -> float:
    """As long, in seconds, as it is there: never less."""
    return there * max(1.0, min(_work() for _ in range(3)) / TAKEN_S)


def _work() -> float:
    started = time.process_time()
    sum(number * number for number in range(10**6))
    return time.process_time() - started
