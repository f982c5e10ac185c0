"""Run again, or nearly so: what is done stays done, what is the same is shared, equal runs are equal."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

LpRun = Callable[..., subprocess.CompletedProcess[str]]
BARE = ("-o", "controls=[]", "-o", "recover=[]", "-o", "gates=[]")


def test_a_complete_run_makes_nothing_in_under_two_seconds(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    told = lp_run(recipe, "--output", copy.path).stdout
    steps, seconds = re.search(r"(\d+) steps done in ([\d.]+) s", told).groups()  # type: ignore[union-attr]
    assert int(steps) == 0
    assert float(seconds) < 2


def test_the_page_of_a_complete_run_is_drawn_again_only_where_it_is_gone_or_of_other_results(
    copy: Any, recipe: Path, lp_run: LpRun
) -> None:
    page, results = copy.run / "report.html", copy.run / "results.json"
    drawn, told = page.read_bytes(), results.read_bytes()
    page.write_text("as it was")
    lp_run(recipe, "--output", copy.path)
    assert page.read_text() == "as it was"
    results.write_text("{}")
    lp_run(recipe, "--output", copy.path)
    assert (page.read_bytes(), results.read_bytes()) == (drawn, told)
    page.unlink()
    lp_run(recipe, "--output", copy.path)
    assert page.read_bytes() == drawn


def test_a_complete_run_starts_no_worker_and_tells_no_event(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    before = copy.events
    shutil.rmtree(copy.run / "logs")
    lp_run(recipe, "--output", copy.path)
    assert not (copy.run / "logs").exists()
    assert copy.events == before


def test_one_more_kept_depth_asks_no_question_again(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    since = len(copy.events)
    done = lp_run(recipe, "--output", copy.path, "-o", "prune.with.keep_at=[1]", *BARE)
    assert done.returncode == 0
    assert copy.of("score", since) == []
    assert copy.steps_made(since) == ["cut-4", "translate-4", "evaluate-4-1"]


def test_a_deeper_search_asks_only_what_is_new(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    since = len(copy.events)
    done = lp_run(recipe, "--output", copy.path, "-o", "prune.with.remove=3", *BARE)
    assert done.returncode == 0
    assert [event["removed"] for event in copy.of("score", since)] == [
        ["decoder.1", "decoder.2", "decoder.3"]
    ]


def test_another_policy_reuses_the_answers_of_the_first(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    since = len(copy.events)
    policy = "prune={use: one-shot, with: {remove: 2}}"
    done = lp_run(recipe, "--output", copy.path, "-o", policy, *BARE)
    assert done.returncode == 0
    assert copy.steps_made(since)[0] == "search"
    assert copy.of("score", since) == []


def test_who_removes_the_same_layers_shares_models_translations_and_scores(
    copy: Any, recipe: Path, lp_run: LpRun
) -> None:
    since = len(copy.events)
    order = [int(name.partition(".")[2]) for name in copy.results["searches"][0]["removals"]]
    policy = f"prune={{use: explicit, with: {{layers: {order[::-1]}}}}}"
    done = lp_run(recipe, "--output", copy.path, "-o", policy, "-o", "controls=[]")
    assert done.returncode == 0
    assert copy.steps_made(since) == ["search"]


def test_two_runs_in_two_folders_are_equal_to_the_byte(
    finished: Any, recipe: Path, lp_run: LpRun, tmp_path: Path
) -> None:
    lp_run(recipe, "--output", tmp_path / "other")
    ours, theirs = finished.made_files(), type(finished)(tmp_path / "other").made_files()
    assert len(ours) > 60
    assert sorted(theirs) == sorted(ours)
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_a_damaged_artefact_is_set_aside_and_made_again(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    since = len(copy.events)
    damaged = copy.step("evaluate-3-1") / "evaluations.json"
    sound = damaged.read_bytes()
    damaged.write_bytes(sound[:-1] + b" ")
    done = lp_run(recipe, "--output", copy.path)
    assert done.returncode == 0
    assert copy.steps_made(since) == ["evaluate-3-1"]
    assert (copy.step("evaluate-3-1") / "evaluations.json").read_bytes() == sound
    assert len(list((copy.path / ".store" / ".damaged").iterdir())) == 1


def test_what_a_kill_right_after_publishing_left_behind_is_cleared(
    copy: Any, recipe: Path, lp_run: LpRun
) -> None:
    left = copy.path / ".store" / ".work" / copy.step("recover-3").resolve().name / "checkpoint-9"
    left.mkdir(parents=True)
    (left / "weights").write_bytes(b"w" * 1000)
    lp_run(recipe, "--output", copy.path)
    assert not left.exists()


def test_two_runs_of_one_recipe_at_once_are_refused(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    with (copy.run / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        done = lp_run(recipe, "--output", copy.path)
    assert done.returncode == 1
    assert f"is in use by process {os.getpid()}" in done.stderr
