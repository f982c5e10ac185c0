"""`lp-run list`: runs that are done, at work, stopped, failed, damaged and empty."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lp_runner.store import Output, RunFolder

from .conftest import LpRun


def listed(folder: Path, lp_run: LpRun) -> dict[str, Any]:
    done = lp_run("list", "--json", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return {run["name"]: run for run in json.loads(done.stdout)["runs"]}


def test_a_finished_run_is_done_and_its_headline_is_its_first_finding(finished: Path, lp_run: LpRun) -> None:
    [run] = listed(finished, lp_run).values()
    assert (run["name"], run["state"], run["pid"]) == ("tiny", "done", None)
    assert run["steps_done"] == run["steps"] > 5
    assert run["headline"].startswith("4→3 layers")


def test_people_get_a_table_with_sizes(finished: Path, lp_run: LpRun) -> None:
    heading, line, *_, last = lp_run("list", folder=finished).stdout.splitlines()
    assert heading.split() == ["run", "state", "age", "its", "own", "headline"]
    assert line.split()[:2] == ["tiny", "done"]
    assert last.startswith("runs: ")
    assert last.endswith("in the store that all runs share")


def test_a_run_whose_folder_is_locked_is_running(runs: Path, lp_run: LpRun) -> None:
    with RunFolder(runs / "runs/tiny").lock():
        run = listed(runs, lp_run)["tiny"]
    assert (run["state"], run["pid"]) == ("running", os.getpid())
    assert listed(runs, lp_run)["tiny"]["state"] == "done"


def test_a_run_that_lacks_a_step_is_stopped_and_says_how_far_it_came(runs: Path, lp_run: LpRun) -> None:
    max((runs / "runs/tiny/steps").iterdir()).unlink()
    run = listed(runs, lp_run)["tiny"]
    assert run["state"] == "stopped"
    assert run["headline"] == f"{run['steps'] - 1} of {run['steps']} steps"


def test_a_run_that_failed_says_at_what_and_why(runs: Path, lp_run: LpRun) -> None:
    folder = RunFolder(runs / "runs/tiny")
    max((folder.path / "steps").iterdir()).unlink()
    folder.events.emit("step-failed", step="x", title="cut to 3", message="the disk\nburnt")
    run = listed(runs, lp_run)["tiny"]
    assert run["state"] == "failed"
    assert run["headline"].endswith("steps; failed: cut to 3: the disk")


def test_an_artefact_that_was_changed_is_not_done(runs: Path, lp_run: LpRun) -> None:
    [search] = (runs / "runs/tiny/steps").glob("*-search")
    (search / "search.json").write_text("{}")
    assert listed(runs, lp_run)["tiny"]["state"] == "stopped"


@pytest.mark.parametrize("text", ["{", "[]", '{"steps": 3}'])
def test_a_run_with_a_damaged_plan_is_listed_as_unreadable_beside_the_others(
    text: str, runs: Path, lp_run: LpRun
) -> None:
    (runs / "runs/broken").mkdir()
    (runs / "runs/broken/plan.json").write_text(text)
    told = listed(runs, lp_run)
    assert told["broken"]["state"] == "unreadable"
    assert "runs/broken/plan.json: not " in told["broken"]["headline"]
    assert told["tiny"]["state"] == "done"


def test_a_run_that_was_never_planned_is_stopped(runs: Path, lp_run: LpRun) -> None:
    with RunFolder(runs / "runs/begun").lock():
        pass
    run = listed(runs, lp_run)["begun"]
    assert (run["state"], run["headline"]) == ("stopped", "nothing is planned yet")


def test_cells_of_a_matrix_have_both_names(runs: Path, lp_run: LpRun) -> None:
    RunFolder(runs / "runs/study/seed-1").begin("version: 1\n", {"steps": []})
    assert set(listed(runs, lp_run)) == {"study/seed-1", "tiny"}


def test_no_runs_are_a_line_and_no_error(tmp_path: Path, lp_run: LpRun) -> None:
    done = lp_run("list", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "runs: no runs\n")


def test_what_two_runs_share_is_neithers_own(runs: Path) -> None:
    alone = Output(runs / "runs").own_bytes("tiny")
    other = RunFolder(runs / "runs/other")
    other.begin("version: 1\n", json.loads((runs / "runs/tiny/plan.json").read_text()))
    folder = runs / "runs/tiny"
    itself = sum(
        file.stat().st_size for file in folder.rglob("*") if not file.is_symlink() and file.is_file()
    )
    assert Output(runs / "runs").own_bytes("tiny") == itself < alone
