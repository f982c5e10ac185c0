"""SIGINT and SIGTERM → a wish to stop: after the unit in hand, or between any two messages of its worker."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Self

from lp_runner.errors import INTERRUPTED, TERMINATED, Interrupted, Terminated

FINISHES = (
    "lp-run: finishes the candidate, checkpoint or step in hand, then stops; the same command continues there"
    "\nhint: Ctrl-C again leaves at once, and that unit is made anew"
)
STOPS = "lp-run: stopping; the same command continues where this one left off"


def to_stderr(text: str) -> None:
    """Fit for a signal handler, which may have interrupted any other writing."""
    os.write(2, f"\n{text}\n".encode())


class Stop:
    """For the length of one command. The second signal ends the process at once; nothing published is lost."""

    def __init__(self, say: Callable[[str], None] = to_stderr) -> None:
        """Args: say, called in a signal handler: it takes no lock."""
        self._say = say
        self._signal: int | None = None

    def __enter__(self) -> Self:
        self._before = {
            number: signal.signal(number, self._caught) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Between two units of work: raises Interrupted or Terminated once a signal has come."""
        if self._signal == signal.SIGINT:
            raise Interrupted("interrupted; the same command continues")
        self.check_in_a_unit()

    def check_in_a_unit(self) -> None:
        """In the middle of one: who asks by SIGINT lets it come to its end, who asks by SIGTERM soon kills."""
        if self._signal == signal.SIGTERM:
            raise Terminated("terminated; the same command continues")

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            os._exit(INTERRUPTED if number == signal.SIGINT else TERMINATED)
        self._signal = number
        self._say(FINISHES if number == signal.SIGINT else STOPS)
