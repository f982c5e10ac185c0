"""Runs that are stopped, killed or can't go on: the code, the one line, and that the next run continues."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lp_runner.files import whole_lines

LpRun = Callable[..., subprocess.CompletedProcess[str]]
LpStart = Callable[..., subprocess.Popen[str]]

LONGER = (
    "recover=[{use: sft, with: {epochs: 12, batch_size: 24, learning_rate: 1.0e-3, checkpoint_every_s: 0.1}}]"
)
UPDATES = 120
OPTIONS = ("-o", LONGER, "-o", "controls=[]", "-o", "observe=[]")
PATIENCE_S = 200
"""A loaded machine is slow; waiting ends as soon as there is something to see."""


@dataclass(frozen=True, slots=True)
class Disturbed:
    """One run that was stopped in four ways in its trainings, one after another, and then left alone."""

    output: Any
    codes: dict[str, int]
    told: dict[str, str]
    first_updates: list[int]
    """Of the first training after each disturbance: the first update that was done then."""
    orphans: list[int]
    """Workers that outlived an lp-run killed outright."""


def disturb(
    output: Any, start: Callable[[], subprocess.Popen[str]], act: Callable[[int], None]
) -> tuple[int, str]:
    """Start, wait until a training has made some way from where it was, and act on the process."""
    since = len(output.events)
    running = start()
    wait_until(lambda: len([e for e in output.of("record", since) if "loss" in e["facts"]]) > 5, running)
    act(running.pid)
    _, told = running.communicate(timeout=PATIENCE_S)
    return running.returncode, told


def wait_until(true: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def workers_of(parent: int) -> list[int]:
    return [
        int(pid)
        for path in Path(f"/proc/{parent}/task").glob("*/children")
        for pid in path.read_text().split()
    ]


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.fixture(scope="module")
def disturbed(
    finished: Any, recipe: Path, lp_run: LpRun, lp_start: LpStart, tmp_path_factory: pytest.TempPathFactory
) -> Disturbed:
    output = finished.copied(tmp_path_factory.mktemp("disturbed") / "runs")
    codes, told, marks, orphans = {}, {}, [], []

    def kill_outright(pid: int) -> None:
        orphans.extend(workers_of(pid))
        os.kill(pid, signal.SIGKILL)

    ways: dict[str, Callable[[int], None]] = {
        "SIGINT": lambda pid: os.kill(pid, signal.SIGINT),
        "SIGTERM": lambda pid: os.kill(pid, signal.SIGTERM),
        "worker killed": lambda pid: [os.kill(worker, signal.SIGKILL) for worker in workers_of(pid)] and None,
        "killed outright": kill_outright,
    }
    for name, act in ways.items():
        marks.append(len(output.events))
        codes[name], told[name] = disturb(
            output, lambda: lp_start(recipe, "--quiet", "--output", output.path, *OPTIONS), act
        )
    gone_by = time.monotonic() + 5
    while not all(map(ended, orphans)) and time.monotonic() < gone_by:
        time.sleep(0.01)
    left = [pid for pid in orphans if not ended(pid)]
    assert len(orphans) >= 1
    marks.append(len(output.events))
    done = lp_run(recipe, "--quiet", "--output", output.path, *OPTIONS)
    codes["left alone"], told["left alone"] = done.returncode, done.stderr
    return Disturbed(output, codes, told, [first_update(output, mark) for mark in marks], left)


def first_update(output: Any, since: int) -> int:
    losses = [event["facts"]["step"] for event in output.of("record", since) if "loss" in event["facts"]]
    return int(losses[0])


@pytest.mark.parametrize(
    ("way", "code"),
    [("SIGINT", 130), ("SIGTERM", 143), ("worker killed", 5), ("killed outright", -9), ("left alone", 0)],
)
def test_each_way_to_end_has_its_code(disturbed: Disturbed, way: str, code: int) -> None:
    assert disturbed.codes[way] == code


def test_who_interrupts_a_run_is_told_what_is_finished_and_how_to_continue(disturbed: Disturbed) -> None:
    assert disturbed.told["SIGINT"] == (
        "\nlp-run: finishes the candidate, checkpoint or step in hand, then stops; the same command continues there\n"
        "hint: Ctrl-C again leaves at once, and that unit is made anew\n"
    )


def test_who_terminates_a_run_is_told_how_to_continue_and_nothing_else(disturbed: Disturbed) -> None:
    assert disturbed.told["SIGTERM"] == (
        "\nlp-run: stopping; the same command continues where this one left off\n"
    )


def test_a_worker_that_is_killed_is_one_clear_line_and_a_hint(disturbed: Disturbed) -> None:
    line, hint = disturbed.told["worker killed"].splitlines()[:2]
    assert line == ("tiny: recover.sft: its worker was killed (SIGKILL), most likely for want of memory")
    assert hint.startswith("hint: ")
    assert "Traceback" not in disturbed.told["worker killed"]


def test_a_stopped_step_is_told_as_interrupted_and_a_failed_one_as_failed(disturbed: Disturbed) -> None:
    assert len(disturbed.output.of("step-interrupted")) == 2
    assert [event["kind"] for event in disturbed.output.of("step-failed")] == ["recover"]


def test_the_first_training_begins_at_its_start_and_all_others_at_a_checkpoint(disturbed: Disturbed) -> None:
    first, *later = disturbed.first_updates
    assert first <= UPDATES / 100 + 1
    assert len([update for update in later if update > UPDATES / 100 + 1]) >= 3


def test_no_worker_outlives_an_lp_run_that_is_killed_outright(disturbed: Disturbed) -> None:
    assert disturbed.orphans == []


def test_a_run_disturbed_four_times_ends_as_an_undisturbed_one(
    disturbed: Disturbed, finished: Any, recipe: Path, lp_run: LpRun, tmp_path: Path
) -> None:
    calm = finished.copied(tmp_path / "calm")
    lp_run(recipe, "--quiet", "--output", calm.path, *OPTIONS)
    ours, theirs = disturbed.output.made_files(), calm.made_files()
    assert sorted(ours) == sorted(theirs)
    assert [name for name in theirs if ours[name] != theirs[name]] == []


def test_the_journals_of_a_disturbed_run_have_no_answer_twice(disturbed: Disturbed) -> None:
    for journal in (disturbed.output.path / ".store" / ".journals").iterdir():
        lines = list(whole_lines(journal))
        assert len(lines) == len(set(lines)) > 0


def test_test_text_in_dev_is_refused_with_code_2(
    recipe: Path, tiny_task: Path, lp_run: LpRun, tmp_path: Path
) -> None:
    (tiny_task / "other.tsv").write_text((tiny_task / "test.tsv").read_text("utf-8"), "utf-8")
    other = f"data.dev.with.path={tiny_task / 'other.tsv'}"
    done = lp_run(recipe, "--quiet", "--output", tmp_path, "-o", other)
    assert done.returncode == 2
    assert done.stderr.startswith("tiny: data: 41 segments in both dev and test")


def test_a_failing_recipe_does_not_stop_the_next_and_the_code_is_3(
    copy: Any, recipe: Path, tiny_task: Path, lp_run: LpRun
) -> None:
    bad = tiny_task / "bad.yaml"
    bad.write_text("extends: tiny.yaml\nname: bad\ndata: {overlap: refuse}\n", encoding="utf-8")
    done = lp_run(bad, recipe, "--output", copy.path)
    assert done.returncode == 3
    assert "bad: data: 1 segment in both train and test" in done.stderr
    assert "tiny: 0 steps done" in done.stdout


def test_a_recipe_with_a_mistake_does_not_stop_the_next_and_the_code_is_3(
    copy: Any, recipe: Path, tiny_task: Path, lp_run: LpRun
) -> None:
    bad = tiny_task / "mistaken.yaml"
    bad.write_text("extends: tiny.yaml\nname: bad\nprun: {}\n", encoding="utf-8")
    done = lp_run(bad, recipe, "--output", copy.path)
    assert done.returncode == 3
    assert "did you mean prune?" in done.stderr
    assert "tiny: 0 steps done" in done.stdout
