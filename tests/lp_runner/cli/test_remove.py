"""`lp-run remove` and `prune-cache`: shown first, done with --yes, nothing that is used, locked or outside."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from lp_runner.store import Output, RunFolder, Store

from .conftest import LpRun


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if ".locks" not in path.parts}


def test_without_yes_nothing_is_removed_and_the_size_is_told(runs: Path, lp_run: LpRun) -> None:
    before = everything(runs)
    done = lp_run("remove", "tiny", folder=runs)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing is removed yet; --yes does it" in done.stdout
    assert everything(runs) == before


def test_a_removed_run_leaves_the_store_and_other_runs(runs: Path, lp_run: LpRun) -> None:
    RunFolder(runs / "runs/study/seed-1").begin("version: 1\n", {"steps": []})
    artefacts = Output(runs / "runs").store.artefacts()
    assert lp_run("remove", "tiny", "--yes", folder=runs).returncode == 0
    assert list(Output(runs / "runs").runs()) == ["study/seed-1"]
    assert Output(runs / "runs").store.artefacts() == artefacts
    assert lp_run("remove", "study/seed-1", "--yes", folder=runs).returncode == 0
    assert sorted(path.name for path in (runs / "runs").iterdir()) == [".store"]


def test_cells_inside_a_run_of_the_matrix_s_name_stay(runs: Path, lp_run: LpRun) -> None:
    RunFolder(runs / "runs/tiny/seed-1").begin("version: 1\n", {"steps": []})
    assert lp_run("remove", "runs/tiny", "--yes", folder=runs).returncode == 0
    assert sorted(path.name for path in (runs / "runs/tiny").iterdir()) == ["seed-1"]


def test_a_run_that_is_at_work_is_not_removed(runs: Path, lp_run: LpRun) -> None:
    with RunFolder(runs / "runs/tiny").lock():
        before = everything(runs)
        done = lp_run("remove", "tiny", "--yes", folder=runs)
        assert everything(runs) == before
    assert done.returncode == 1
    assert f"is in use by process {os.getpid()}; nothing is removed" in done.stderr


@pytest.mark.parametrize("word", ["tyni", ".store", "..", "/", "."])
def test_what_is_no_run_here_is_not_removed(word: str, runs: Path, lp_run: LpRun) -> None:
    before = everything(runs)
    done = lp_run("remove", word, "--yes", folder=runs)
    assert done.returncode == 2
    assert done.stderr.startswith(f"no run is named {word}; ")
    assert everything(runs) == before


def test_a_run_elsewhere_is_not_removed_even_through_a_link(runs: Path, lp_run: LpRun) -> None:
    elsewhere = runs / "elsewhere"
    (runs / "runs/tiny").rename(elsewhere)
    (runs / "runs/tiny").symlink_to(elsewhere)
    for word in ("tiny", "elsewhere", "runs/tiny"):
        assert lp_run("remove", word, "--yes", folder=runs).returncode == 2
    assert (elsewhere / "plan.json").is_file()


def test_links_inside_a_run_are_removed_and_not_followed(runs: Path, lp_run: LpRun) -> None:
    (runs / "precious").mkdir()
    (runs / "precious/file").write_text("x")
    (runs / "runs/tiny/models/link").symlink_to(runs / "precious")
    assert lp_run("remove", "tiny", "--yes", folder=runs).returncode == 0
    assert (runs / "precious/file").read_text() == "x"


def test_a_store_whose_runs_use_everything_has_nothing_to_prune(runs: Path, lp_run: LpRun) -> None:
    before = everything(runs)
    done = lp_run("prune-cache", "--yes", folder=runs)
    assert (done.returncode, done.stdout) == (0, "runs: nothing that no run uses\n")
    assert everything(runs) == before


def test_what_no_run_uses_is_shown_and_goes_with_yes(runs: Path, lp_run: LpRun) -> None:
    store = Store(runs / "runs/.store")
    lp_run("remove", "tiny", "--yes", folder=runs)
    for name in (".work/k9/checkpoint-3", ".damaged/k8.0", ".staging/k7", "../.removed-x/tiny"):
        (store.root / name).mkdir(parents=True)
        (store.root / name / "file").write_text("12345")
    store.journal("k6").append({"value": 1})
    before = everything(runs)
    told = json.loads(lp_run("prune-cache", "--json", folder=runs).stdout)
    assert everything(runs) == before
    kinds = {thing["kind"] for thing in told["unused"]}
    wanted = {"artefact", "unfinished work", "journal", "damaged", "unpublished", "left of a removal"}
    assert kinds == wanted
    assert "search by random, one-shot" in {thing["title"] for thing in told["unused"]}
    assert lp_run("prune-cache", "--yes", folder=runs).returncode == 0
    assert Output(runs / "runs").store.artefacts() == set()
    assert lp_run("prune-cache", folder=runs).stdout == "runs: nothing that no run uses\n"


def test_work_of_a_run_that_was_stopped_after_its_search_stays(runs: Path, lp_run: LpRun) -> None:
    folder = RunFolder(runs / "runs/tiny")
    folder.events.emit("run-started", name="tiny", steps=9)
    folder.events.emit("step-started", step="recover-3", key="k9")
    (runs / "runs/.store/.work/k9").mkdir(parents=True)
    lp_run("prune-cache", "--yes", folder=runs)
    assert (runs / "runs/.store/.work/k9").is_dir()


def test_journals_of_runs_that_note_theirs_stay_and_others_go(runs: Path, lp_run: LpRun) -> None:
    store = Store(runs / "runs/.store")
    [mine] = store.root.glob(".journals/*")
    store.journal("k6").append({"value": 1})
    lp_run("prune-cache", "--yes", folder=runs)
    assert list(store.root.glob(".journals/*")) == [mine]


def test_while_a_run_is_at_work_nothing_is_pruned(runs: Path, lp_run: LpRun) -> None:
    store = Store(runs / "runs/.store")
    shutil.rmtree(runs / "runs/tiny")
    before = everything(runs)
    with store.in_use():
        done = lp_run("prune-cache", "--yes", folder=runs)
    assert done.returncode == 1
    assert f"is in use by process {os.getpid()}; nothing is removed" in done.stderr
    [key, *_] = sorted(store.artefacts())
    with store.lock(key):
        assert lp_run("prune-cache", "--yes", folder=runs).returncode == 1
    assert everything(runs) == before


def test_while_a_run_is_unreadable_nothing_is_pruned(runs: Path, lp_run: LpRun) -> None:
    (runs / "runs/tiny/plan.json").write_text("{")
    done = lp_run("prune-cache", "--yes", folder=runs)
    assert done.returncode == 2
    assert done.stderr == (
        "runs/tiny/plan.json: not JSON; so what this run uses isn't known\n"
        "hint: remove the run, or run its recipe again\n"
    )


def test_a_store_that_is_a_link_and_links_in_it_are_not_followed(runs: Path, lp_run: LpRun) -> None:
    lp_run("remove", "tiny", "--yes", folder=runs)
    root = runs / "runs/.store"
    (runs / "precious").mkdir()
    (runs / "precious/file").write_text("x")
    (root / "link").symlink_to(runs / "precious")
    shutil.rmtree(root / ".work", ignore_errors=True)
    (root / ".work").symlink_to(runs / "precious")
    assert lp_run("prune-cache", "--yes", folder=runs).returncode == 0
    assert not (root / "link").is_symlink()
    assert (runs / "precious/file").read_text() == "x"
    root.rename(runs / "far")
    root.symlink_to(runs / "far")
    done = lp_run("prune-cache", "--yes", folder=runs)
    assert (done.returncode, done.stderr) == (
        2,
        "runs/.store: a symbolic link, and nothing outside runs is pruned\n",
    )
