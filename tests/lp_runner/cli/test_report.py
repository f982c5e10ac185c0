"""`lp-run report RUN`: made again from the folder alone, and what is said where that can't be."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from lp_runner.store import RunFolder

from .conftest import LpRun

MADE = ("results.json", "report.html", "models/3/README.md", "models/3/removed_layers.json")


def test_what_is_made_again_is_what_the_run_made(runs: Path, finished: Path, lp_run: LpRun) -> None:
    run = runs / "runs/tiny"
    shutil.rmtree(run / "models")
    for name in ("results.json", "report.html", "events.jsonl"):
        (run / name).unlink()
    done = lp_run("report", "tiny", folder=runs)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith(f"report: {run}/report.html")
    for name in MADE:
        assert (run / name).read_bytes() == (finished / "runs/tiny" / name).read_bytes()
    assert (run / "models/3/model.safetensors").is_file()


def test_a_copy_with_times_of_its_own_is_as_good(finished: Path, tmp_path: Path, lp_run: LpRun) -> None:
    shutil.copytree(finished / "runs", tmp_path / "runs", symlinks=True, copy_function=shutil.copyfile)
    assert lp_run("report", "tiny", folder=tmp_path).returncode == 0
    [run] = json.loads(lp_run("list", "--json", folder=tmp_path).stdout)["runs"]
    assert (run["state"], run["steps_done"]) == ("done", run["steps"])


def test_neither_the_model_nor_the_data_need_be_there(runs: Path, lp_run: LpRun) -> None:
    plan = runs / "runs/tiny/plan.json"
    told = json.loads(plan.read_text("utf-8"))
    told["model"]["folder"] = "/nowhere"
    plan.write_text(json.dumps(told), "utf-8")
    assert lp_run("report", "tiny", folder=runs).returncode == 0


def test_an_incomplete_run_is_one_line_that_says_what_is_missing(runs: Path, lp_run: LpRun) -> None:
    links = sorted((runs / "runs/tiny/steps").iterdir())
    [cut] = [link for link in links if link.name.endswith("-cut-3")]
    cut.unlink()
    (links[-1] / "evaluations.json").write_text("[]")
    done = lp_run("report", "tiny", folder=runs)
    assert done.returncode == 1
    assert done.stderr == (
        f"{runs}/runs/tiny: no report yet: 2 of {len(links)} steps are missing: cut-3 (due), "
        "evaluate-3-1 (damaged)\nhint: the same `lp-run recipe.yaml` continues it\n"
    )


def test_a_run_that_is_at_work_is_left_alone(runs: Path, lp_run: LpRun) -> None:
    with RunFolder(runs / "runs/tiny").lock():
        done = lp_run("report", "tiny", folder=runs)
    assert done.returncode == 1
    assert f"runs/tiny is in use by process {os.getpid()}" in done.stderr


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_folder_that_is_no_run_or_a_damaged_one_is_an_error(
    text: str | None, runs: Path, lp_run: LpRun
) -> None:
    folder = RunFolder(runs / "runs/begun")
    with folder.lock():
        pass
    if text is not None:
        (folder.path / "plan.json").write_text(text)
    done = lp_run("report", "begun", folder=runs)
    assert done.returncode == 2
    assert "runs/begun" in done.stderr
    assert "Traceback" not in done.stderr
