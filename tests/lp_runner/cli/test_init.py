"""`lp-run init`: the gallery, and copies that are good as they are or say what they need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import LpRun

ROOT = Path(__file__).parents[3]
SHIPPED = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))


@pytest.fixture
def gallery(tmp_path: Path, lp_run: LpRun) -> dict[str, Any]:
    told = json.loads(lp_run("init", "--json", folder=tmp_path).stdout)
    return {one["name"]: one for one in told["recipes"]}


def test_every_shipped_recipe_is_listed_with_a_sentence_and_its_needs(gallery: dict[str, Any]) -> None:
    assert sorted(gallery) == SHIPPED
    assert all(one["summary"] for one in gallery.values())
    assert gallery["quickstart"]["needs"] == []
    assert gallery["quickstart-vllm-comet"]["needs"] == ["environment: comet", "environment: vllm"]
    assert gallery["gemma3-270m-ces-deu"]["needs"] == [
        "yours: ../models/gemma3-270m-ces-deu",
        "yours: ../data/multi30k-cs-de/train.tsv",
        "yours: ../data/multi30k-cs-de/val.tsv",
    ]
    assert gallery["paper-sound-ces-deu"]["needs"] == [
        "a GPU",
        "hub: CohereLabs/aya-expanse-8b",
        "hub: ymoslem/news-commentary-cs-de",
    ]


def test_people_get_a_table_and_the_next_command(tmp_path: Path, lp_run: LpRun) -> None:
    text = lp_run("init", folder=tmp_path).stdout
    assert "quickstart" in text
    assert "The first run, on any machine" in text
    assert text.endswith("lp-run init NAME copies one into this folder\n")


def test_a_copied_quickstart_is_good(tmp_path: Path, lp_run: LpRun) -> None:
    done = lp_run("init", "quickstart", "mine/first.yaml", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("next: lp-run check mine/first.yaml, then lp-run mine/first.yaml\n")
    assert (tmp_path / "mine/quickstart/model/model.safetensors").is_file()
    checked = lp_run("check", "mine/first.yaml", folder=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "mine/first.yaml: good\n")


def test_a_copy_has_what_it_extends(tmp_path: Path, lp_run: LpRun) -> None:
    assert lp_run("init", "ablation-metrics", folder=tmp_path).returncode == 0
    assert (tmp_path / "quickstart.yaml").is_file()
    assert lp_run("check", "ablation-metrics.yaml", folder=tmp_path).stdout.endswith(": good\n")


def test_a_recipe_for_data_of_ones_own_says_so_and_check_does_too(tmp_path: Path, lp_run: LpRun) -> None:
    (tmp_path / "work").mkdir()
    done = lp_run("init", "gemma3-270m-ces-deu", "work", folder=tmp_path)
    assert "it needs yours: ../models/gemma3-270m-ces-deu" in done.stdout
    checked = lp_run("check", "work/gemma3-270m-ces-deu.yaml", folder=tmp_path)
    assert checked.returncode == 2
    assert f"no such folder: {tmp_path}/models/gemma3-270m-ces-deu" in checked.stderr


def test_the_same_again_copies_nothing_and_says_so(tmp_path: Path, lp_run: LpRun) -> None:
    lp_run("init", "quickstart", folder=tmp_path)
    done = lp_run("init", "quickstart", folder=tmp_path)
    assert done.returncode == 0
    assert "0 files copied" in done.stdout


def test_what_is_there_is_never_overwritten(tmp_path: Path, lp_run: LpRun) -> None:
    (tmp_path / "quickstart.yaml").write_text("mine")
    done = lp_run("init", "quickstart", folder=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "quickstart.yaml: is there already and differs; nothing is copied over it\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["quickstart.yaml"]
    assert (tmp_path / "quickstart.yaml").read_text() == "mine"


def test_a_wrong_name_is_answered_with_the_nearest(tmp_path: Path, lp_run: LpRun) -> None:
    done = lp_run("init", "quikstart", folder=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "no shipped recipe is named quikstart; did you mean quickstart?\n",
    )
