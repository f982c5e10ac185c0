"""Devices are never shared: by threads, by processes, or by the runs of one command."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from lp_runner.errors import Interrupted
from lp_runner.machine import Device
from lp_runner.run.devices import reserved

TWO = [Device("cpu:0", 2**30), Device("cpu:1", 2**30)]
HOLDER = """
import sys, time
from pathlib import Path
from lp_runner.machine import Device
from lp_runner.run.devices import reserved

log, locks = Path(sys.argv[1]), Path(sys.argv[2])
two = [Device("cpu:0", 1), Device("cpu:1", 1)]
with reserved(two, locks, lambda: None, lambda what: None) as device:
    start = time.monotonic()
    time.sleep(float(sys.argv[3]))
    with log.open("a") as file:
        file.write(f"{device.name} {start} {time.monotonic()}\\n")
"""
Span = tuple[str, float, float]
"""Device, start, end."""


def nobody_stops() -> None:
    """The user wants no end."""


def ignored(what: str) -> None:
    """Nobody is told."""


def shared(spans: list[Span]) -> list[tuple[Span, Span]]:
    """Pairs that had one device at one time."""
    ordered = sorted(spans)
    return [
        (one, next_one)
        for one, next_one in pairwise(ordered)
        if one[0] == next_one[0] and next_one[1] < one[2]
    ]


def test_four_threads_on_two_devices_queue_and_never_share_one(tmp_path: Path) -> None:
    spans: list[Span] = []

    def work(number: int) -> None:
        with reserved(TWO, tmp_path, nobody_stops, ignored) as device:
            start = time.monotonic()
            time.sleep(0.3)
            spans.append((device.name, start, time.monotonic()))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert sorted(span[0] for span in spans) == ["cpu:0", "cpu:0", "cpu:1", "cpu:1"]
    assert shared(spans) == []


def test_four_processes_on_two_devices_queue_and_never_share_one(tmp_path: Path) -> None:
    log = tmp_path / "spans"
    command = [sys.executable, "-c", HOLDER, str(log), str(tmp_path), "0.3"]

    holders = [subprocess.Popen(command) for _ in range(4)]
    codes = [holder.wait(30) for holder in holders]

    rows = [line.split() for line in log.read_text("utf-8").splitlines()]
    spans = [(name, float(start), float(end)) for name, start, end in rows]
    assert (codes, len(spans)) == ([0] * 4, 4)
    assert shared(spans) == []


def test_a_killed_holder_frees_its_device(tmp_path: Path) -> None:
    one = [sys.executable, "-c", HOLDER, str(tmp_path / "log"), str(tmp_path), "60"]
    holders = [subprocess.Popen(one), subprocess.Popen(one)]
    wait_for(lambda: taken(tmp_path) == 2)

    for holder in holders:
        holder.kill()
        holder.wait(10)

    with reserved(TWO, tmp_path, nobody_stops, ignored) as device:
        assert device.name == "cpu:0"


def test_who_waits_is_told_once_for_what(tmp_path: Path) -> None:
    told: list[str] = []
    free = threading.Event()

    def hold() -> None:
        with reserved(TWO[:1], tmp_path, nobody_stops, ignored):
            free.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    wait_for(lambda: taken(tmp_path) == 1)
    threading.Timer(0.6, free.set).start()
    with reserved(TWO[:1], tmp_path, nobody_stops, told.append):
        holder.join()

    assert told == ["cpu:0"]


def test_a_wait_ends_where_the_user_wants_it_to(tmp_path: Path) -> None:
    def stop() -> None:
        raise Interrupted("stopped")

    with (
        reserved(TWO[:1], tmp_path, nobody_stops, ignored),
        pytest.raises(Interrupted),
        reserved(TWO[:1], tmp_path, stop, ignored),
    ):
        pass


def test_a_whole_cpu_is_not_queued_for(tmp_path: Path) -> None:
    cpu = [Device("cpu", 2**30)]

    with (
        reserved(cpu, tmp_path, nobody_stops, ignored),
        reserved(cpu, tmp_path, nobody_stops, ignored) as second,
    ):
        assert second.name == "cpu"


def taken(locks: Path) -> int:
    """How many locks a process has signed."""
    return sum(path.stat().st_size > 0 for path in locks.glob("cpu-*"))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
