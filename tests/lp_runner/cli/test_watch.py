"""`lp-run watch`: a run of another process, seen through its folder alone."""

from __future__ import annotations

import json
import os
import threading
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from lp_runner.cli.memory import workers_bytes
from lp_runner.cli.watch import main
from lp_runner.errors import UsageError
from lp_runner.store import Run, RunFolder

PLAN: dict[str, Any] = {
    "name": "tiny",
    "cell": "",
    "device": "cpu",
    "dtype": "float32",
    "model": {"layers": 4},
    "steps": [{"id": "read", "kind": "read", "title": "read the dev corpus"}],
}
STEP = {"step": "read", "kind": "read", "title": "read the dev corpus"}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "runs" / "tiny")
    made.begin("version: 1\n", PLAN)
    made.events.emit("run-started", name="tiny", steps=1)
    made.events.emit("step-started", **STEP)
    return made


def watch(folder: RunFolder) -> int:
    return main(Namespace(run=str(folder.path), output=folder.path.parent, verbose=False))


def test_a_run_that_is_over_shows_how_it_ended_and_returns(
    folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.events.emit("step-finished", **STEP, seconds=1.5)
    folder.events.emit("run-finished", made=1)
    assert watch(folder) == 0
    assert capsys.readouterr().out == (
        "tiny: 1/1 read the dev corpus\n"
        "tiny: 1/1 read the dev corpus: done in 1.5 s\n"
        f"{folder.path}: complete\n"
    )


@pytest.mark.parametrize(("event", "told"), [("step-failed", "failed"), ("step-interrupted", "stopped")])
def test_a_run_that_did_not_come_to_its_end_is_code_1(
    folder: RunFolder, event: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.events.emit(event, **STEP, message="no")
    assert watch(folder) == 1
    assert capsys.readouterr().out.endswith(f"{folder.path}: {told}\n")


def test_a_run_whose_process_was_killed_is_told_as_left_unfinished(
    folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.path / ".lock").write_text(f"{2**22 + 1}\n")
    assert watch(folder) == 1
    assert "left unfinished; the same command continues it" in capsys.readouterr().out


def test_a_run_at_work_is_followed_until_it_ends(
    folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        with folder.lock():
            at_work.set()
            time.sleep(1)
            folder.events.emit("step-finished", **STEP, seconds=1.0)
            folder.events.emit("run-finished", made=1)

    at_work = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    at_work.wait()
    code = watch(folder)
    worker.join()
    assert code == 0
    assert "done in 1.0 s" in capsys.readouterr().out


def test_what_is_no_run_is_one_line_and_code_2(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not a run folder \(no plan.json\)"):
        watch(RunFolder(tmp_path))


def test_progress_is_replaced_at_most_once_a_second_and_gone_at_the_end(folder: RunFolder) -> None:
    progress = folder.progress
    for done in range(100):
        progress.tell("read", done, 100, "segments")
    told = Run.open(folder.path).progress
    assert told is not None
    assert (told["step"], told["done"], told["total"], told["note"]) == ("read", 0, 100, "segments")
    progress.clear()
    assert Run.open(folder.path).progress is None


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"schema": "other/1"}'])
def test_a_torn_or_foreign_progress_file_is_passed_over(folder: RunFolder, torn: str) -> None:
    (folder.path / "progress.json").write_text(torn)
    assert Run.open(folder.path).progress is None


def test_progress_keeps_no_secret(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_very-secret-token")
    folder.progress.tell("read", 1, 2, "with hf_very-secret-token")
    assert "hf_very" not in (folder.path / "progress.json").read_text()


def test_a_progress_file_that_can_not_be_written_stops_nothing(tmp_path: Path) -> None:
    RunFolder(tmp_path / "gone").progress.tell("read", 1, 2, "")


def test_a_run_is_held_by_whoever_works_on_it_and_by_nobody_afterwards(folder: RunFolder) -> None:
    with folder.lock():
        assert Run.open(folder.path).holder == os.getpid()
    assert Run.open(folder.path).holder is None


def test_a_lock_that_a_killed_process_signed_is_not_that_of_a_later_one_of_its_number(
    folder: RunFolder,
) -> None:
    (folder.path / ".lock").write_text(f"{os.getpid()}\n")
    assert Run.open(folder.path).holder is None


def test_the_memory_of_a_process_that_is_gone_is_none() -> None:
    assert workers_bytes(2**22 + 1) == 0


def test_progress_is_a_line_of_json(folder: RunFolder) -> None:
    folder.progress.tell("read", 1, 2, "\u2028 note")
    assert json.loads((folder.path / "progress.json").read_text("utf-8"))["note"] == "\u2028 note"
