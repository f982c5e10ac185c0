"""Ctrl-C on a run of real processes: once, and twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import COMMAND

Started = subprocess.Popen[str]
PATIENCE_S = 200
PLUGIN = {
    "lp_patient/__init__.py": "",
    "lp_patient/plugin.py": (
        "from lp_runner.api import Declaration\n"
        "from lp_runner.hookspecs import hookimpl\n"
        "@hookimpl\n"
        "def lp_corpus_readers():\n"
        "    return [Declaration(name='patient', summary='reads when it may', "
        "implementation='lp_patient.reader:Reader', options='lp_patient:options.json')]\n"
    ),
    "lp_patient/options.json": '{"type": "object", "additionalProperties": false, "properties": {}}',
    "lp_patient/reader.py": (
        "import pathlib, time\n"
        "from lp_runner.api import Segment\n"
        "class Reader:\n"
        "    def read(self, context):\n"
        "        pathlib.Path('reading').touch()\n"
        "        while not pathlib.Path('go-on').exists():\n"
        "            time.sleep(0.05)\n"
        "        yield Segment('pes', 'Hund')\n"
    ),
    "lp_patient-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: lp-patient\nVersion: 1.0\n",
    "lp_patient-1.0.dist-info/entry_points.txt": "[lp_runner]\nread.patient = lp_patient.plugin\n",
}


@pytest.fixture
def run(tiny: Path) -> Path:
    """The run's folder; what its workers call their own."""
    return tiny / "runs" / "tiny"


@pytest.fixture
def reading(tiny: Path, run: Path) -> Iterator[Started]:
    """A run in the middle of its first step, which ends once there is a file `go-on`."""
    for name, text in PLUGIN.items():
        (tiny / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tiny / "site" / name).write_text(text, "utf-8")
    path = os.pathsep.join([str(tiny / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    started = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", "--quiet", "tiny.yaml", "-o", "data.dev={use: patient}"],
        cwd=tiny,
        env={**os.environ, "PYTHONPATH": path, "LP_RUN_DEVICES": "cpu:6"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (run / "reading").exists(), started)
    yield started
    started.kill()
    started.communicate()


def wait_for(true: Callable[[], bool], started: Started) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
