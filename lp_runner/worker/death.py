"""A worker that ended on its own → an error that says how, with the end of its log."""

from __future__ import annotations

import signal
from pathlib import Path

from lp_runner.errors import EnvironmentFailed, LpError, RunFailed

_TAIL_LINES = 24
_TAIL_BYTES = 4096


class OutOfMemory(EnvironmentFailed):
    """The machine or the device had too little memory; with less at once it may work."""


def explain(who: str, return_code: int, log: Path, log_start: int) -> LpError:
    """Args: return_code as of subprocess, negative for a signal; log_start: the log's size at the start."""
    hint = tail_hint(log, log_start)
    if return_code == -signal.SIGKILL:
        return OutOfMemory(f"{who}: its worker was killed (SIGKILL), most likely for want of memory", hint)
    if return_code < 0:
        return RunFailed(f"{who}: its worker was ended by {_signal_name(-return_code)}", hint)
    return RunFailed(f"{who}: its worker ended by itself with exit code {return_code}", hint)


def tail_hint(log: Path, log_start: int) -> str:
    """The end of a worker's log, for a message."""
    tail = _tail(log, log_start)
    return f"the end of {log}:\n{tail}" if tail else f"its log, {log}, says nothing"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tail(log: Path, start: int) -> str:
    """The last lines since `start`; of a progress bar its last state."""
    try:
        with log.open("rb") as content:
            size = content.seek(0, 2)
            content.seek(max(start, size - _TAIL_BYTES))
            text = content.read().decode(errors="replace")
    except OSError:
        return ""
    states = (line.rstrip().rpartition("\r")[2] for line in text.split("\n"))
    return "\n".join(f"  {line}" for line in [state for state in states if state.strip()][-_TAIL_LINES:])
