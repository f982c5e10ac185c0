"""Ctrl-C on a run of real processes: once, and twice."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from .conftest import PATIENCE_S, Started


def interrupt(started: Started) -> str:
    """Returns what it says to that at once."""
    assert started.stderr
    started.send_signal(signal.SIGINT)
    return "".join(started.stderr.readline() for _ in range(3))


def told(run: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (run / "events.jsonl").read_text("utf-8").splitlines()]


def test_ctrl_c_once_lets_the_step_in_hand_come_to_its_end_and_says_how_to_go_on(
    reading: Started, run: Path
) -> None:
    said = interrupt(reading)
    (run / "go-on").touch()
    assert reading.wait(PATIENCE_S) == 130
    assert "then stops; the same command continues there\n" in said
    assert "hint: Ctrl-C again leaves at once" in said
    assert told(run) == ["run-started", "step-started", "step-finished"]


def test_ctrl_c_twice_leaves_at_once_and_only_the_unit_in_hand_is_lost(reading: Started, run: Path) -> None:
    interrupt(reading)
    reading.send_signal(signal.SIGINT)
    assert reading.wait(PATIENCE_S) == 130
    assert told(run) == ["run-started", "step-started"]


def test_sigterm_waits_for_nothing(reading: Started, run: Path) -> None:
    reading.send_signal(signal.SIGTERM)
    assert reading.wait(PATIENCE_S) == 143
    assert told(run) == ["run-started", "step-started", "step-interrupted"]
