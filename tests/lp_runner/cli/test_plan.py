"""`lp-run plan`: every step, done or due, with what it takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import LpRun

ROOT = Path(__file__).parents[3]
AYA = ROOT / "tests/lp_runner/checkpoint/aya-expanse-8b"


def rows(printed: str) -> dict[str, list[str]]:
    """A table's cells by step; cells are two spaces apart."""
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in printed.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if len(cells) > 1}


@pytest.mark.parametrize(
    ("name", "search", "training", "all_passes", "peak"),
    [
        ("paper-exact-ces-deu", "32.4 GB", "41.8 GB", "1,276,200", "41.8 GB"),
        ("paper-exact-eng-arz", "32.4 GB", "41.8 GB", "1,276,200", "41.8 GB"),
        ("paper-sound-ces-deu", "36.7 GB", "34.2 GB", "3,092,400", "36.7 GB"),
        ("paper-sound-eng-arz", "36.7 GB", "34.2 GB", "3,092,400", "36.7 GB"),
    ],
)
def test_the_paper_s_recipes_are_planned_on_the_exact_configuration(
    name: str, search: str, training: str, all_passes: str, peak: str, tiny: Path, lp_run: LpRun
) -> None:
    done = lp_run("plan", f"{ROOT}/recipes/{name}.yaml", "-o", f"model.path={AYA}", folder=tiny)

    table = rows(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{name}: 32 layers, ")
    assert table["search by translation-quality, iterative-greedy"][-3::2] == ["72,200", search]
    trained = "sft" if "exact" in name else "lora"
    assert table[f"recover unpruned by {trained}"][-3::2] == ["300,000", training]
    assert table["cut to 16"][-1] == "9.1 GB"
    assert (table["all that will run"][1], table["all that will run"][-1]) == (all_passes, peak)


def test_a_finished_run_is_done_and_says_why(finished: Path, lp_run: LpRun) -> None:
    done = lp_run("plan", "tiny.yaml", folder=finished)

    table = rows(done.stdout)
    assert table["search by random, one-shot"][:2] == ["done", "its artefact is whole"]
    assert table["all that will run"][0] == "0 of 11"


def test_a_change_makes_due_what_stands_on_it_and_nothing_else(finished: Path, lp_run: LpRun) -> None:
    done = lp_run("plan", "tiny.yaml", "-o", "evaluate=[chrf]", folder=finished)

    states = {step: cells[0] for step, cells in rows(done.stdout).items()}
    assert states["translate with unpruned"] == "done"
    assert states["score unpruned by chrf"] == "will run"
    assert states["all that will run"] == "2 of 11"


def test_segments_that_nobody_has_counted_are_a_question_mark(tiny: Path, lp_run: LpRun) -> None:
    done = lp_run("plan", "tiny.yaml", folder=tiny)

    table = rows(done.stdout)
    assert table["translate with unpruned"][-3] == "?"
    assert table["all that will run"][1] == "0 + ?"


def test_planning_makes_nothing(tiny: Path, lp_run: LpRun) -> None:
    before = sorted(path.name for path in tiny.iterdir())

    lp_run("plan", "tiny.yaml", folder=tiny)

    assert sorted(path.name for path in tiny.iterdir()) == before


def test_a_model_of_the_hub_that_is_not_here_ends_with_5(tiny: Path, lp_run: LpRun) -> None:
    done = lp_run("plan", "tiny.yaml", "-o", "model.path=no-such/model", folder=tiny)

    assert done.returncode == 5
    assert "-o model.path=no-such/model: no-such/model is not on this machine\n" in done.stderr
    assert "give a folder with -o model.path=FOLDER\n" in done.stderr


def test_scripts_are_told_each_step_with_what_it_takes(finished: Path, lp_run: LpRun) -> None:
    done = lp_run("plan", "tiny.yaml", "-o", "evaluate=[chrf]", "--json", folder=finished)
    (told,) = json.loads(done.stdout)
    assert (told["run"], told["layers"], told["dtype"], len(told["steps"])) == ("tiny", 4, "float32", 11)
    assert [step["step"] for step in told["steps"] if not step["done"]] == [
        "evaluate-unpruned-1",
        "evaluate-3-1",
    ]
    assert all(step["disk_bytes"] >= step["kept_bytes"] for step in told["steps"])


def test_a_recipe_that_is_wrong_leaves_the_document_whole(finished: Path, lp_run: LpRun) -> None:
    done = lp_run("plan", "none.yaml", "tiny.yaml", "--json", folder=finished)
    assert (done.returncode, done.stderr) == (3, "none.yaml: can't be read: No such file or directory\n")
    assert [one["run"] for one in json.loads(done.stdout)] == ["tiny"]
