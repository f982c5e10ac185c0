"""`lp-run verify`: runs by name as by folder, all found before the first is read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lp_runner.cli.main import main

from .conftest import LpRun


def test_a_run_is_verified_by_its_name_as_by_its_folder(runs: Path, lp_run: LpRun) -> None:
    (runs / "runs").rename(runs / "elsewhere")
    done = lp_run("verify", "tiny", "elsewhere/tiny", "--output", "elsewhere", folder=runs)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.startswith("elsewhere/tiny: ")
    assert first.endswith(" artefacts, 0 damaged files")


def test_a_slip_in_a_name_is_told_before_anything_is_read(runs: Path, lp_run: LpRun) -> None:
    done = lp_run("verify", "tiny", "tyni", folder=runs)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "no run is named tyni; known are tiny\n"


def test_the_name_of_a_run_cannot_steer_the_terminal(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs)
    (runs / "runs/tiny").rename("runs/\x1b[31m")
    assert main(["verify", "runs/\x1b[31m"]) == 0
    assert capsys.readouterr().out.startswith("runs/\\x1b[31m: ")


def test_an_artefact_that_is_gone_is_no_whole_run(runs: Path, lp_run: LpRun) -> None:
    link = max((runs / "runs/tiny/steps").iterdir())
    shutil.rmtree(link.resolve())
    done = lp_run("verify", "tiny", folder=runs)
    *problems, count = done.stdout.splitlines()
    assert done.returncode == 1
    assert f"{link.name}: its artefact is gone" in problems
    assert count.endswith(f" artefacts, {len(problems)} damaged files")


def test_damage_is_told_with_its_step(runs: Path, lp_run: LpRun) -> None:
    link = min((runs / "runs/tiny/steps").iterdir())
    (link / "MANIFEST.json").write_text("{}", encoding="utf-8")
    told = lp_run("verify", "tiny", folder=runs)
    assert told.returncode == 1
    assert any(line.startswith(f"{link.name}: ") for line in told.stdout.splitlines())


def test_a_run_without_steps_is_told_before_another_is_read(runs: Path, lp_run: LpRun) -> None:
    shutil.copytree(runs / "runs/tiny", runs / "runs/empty", symlinks=True)
    shutil.rmtree(runs / "runs/empty/steps")
    done = lp_run("verify", "tiny", "empty", folder=runs)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no step of this run is done" in done.stderr


def test_scripts_are_told_of_each_run_what_is_damaged(runs: Path, lp_run: LpRun) -> None:
    link = max((runs / "runs/tiny/steps").iterdir())
    (link / "MANIFEST.json").write_text("{}", encoding="utf-8")
    done = lp_run("verify", "tiny", "--json", folder=runs)
    (told,) = json.loads(done.stdout)
    assert (done.returncode, told["run"], told["artefacts"]) == (1, "runs/tiny", 11)
    assert all(problem.startswith(f"{link.name}: ") for problem in told["problems"])
    assert told["problems"]
