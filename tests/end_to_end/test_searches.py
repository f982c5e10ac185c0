"""Searches of the quickstart's model through the whole program: exact, ended by bounds, and raced."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LpRun = Callable[..., subprocess.CompletedProcess[str]]
QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.yaml"
SHORT = ["recover=[]", "controls=[]", "data.test.with.limit=4", "evaluate=[chrf++]", "infer.max_new_tokens=4"]


@pytest.fixture(scope="module")
def searched(lp_run: LpRun, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """What stands in search.json after a run with such options of translation-quality."""
    output = tmp_path_factory.mktemp("searches")

    def search(remove: int, **options: Any) -> dict[str, Any]:
        changes = [*SHORT, f"prune={{use: iterative-greedy, with: {{remove: {remove}}}}}"]
        changes += [f"importance.with.{name}={json.dumps(value)}" for name, value in options.items()]
        words = [word for change in changes for word in ("-o", change)]
        done = lp_run(QUICKSTART, "--output", output, *words)
        assert (done.returncode, done.stderr) == (0, "")
        [link] = output.glob("quickstart/steps/??-search")
        told: dict[str, Any] = json.loads((link / "search.json").read_text(encoding="utf-8"))
        return told

    return search


def kinds(told: dict[str, Any]) -> set[str]:
    return {score["kind"] for question in told["questions"] for score in question["scores"]}


def test_bounds_end_candidates_early_and_the_same_layers_go(searched: Callable[..., dict[str, Any]]) -> None:
    exact, bounded = searched(4, segments=40, bounds=False), searched(4, segments=40)
    assert bounded["removals"] == exact["removals"]
    assert (kinds(exact), kinds(bounded)) == ({"exact"}, {"exact", "bound"})
    for ours, theirs in zip(bounded["questions"], exact["questions"], strict=True):
        for mine, true in zip(ours["scores"], theirs["scores"], strict=True):
            assert mine == true or (mine["kind"] == "bound" and mine["value"] <= true["value"])


def test_a_race_translates_less_and_says_how_much(searched: Callable[..., dict[str, Any]]) -> None:
    told = searched(1, segments=100, racing={"confidence": 0.9}, verify=1)
    [race] = [facts for facts in told["record"] if "race" in facts]
    [check] = [facts for facts in told["record"] if "verified" in facts]
    assert kinds(told) == {"estimate"}
    assert race["translated"] < race["of"] == 100 * 10
    assert (check["texts"], check["differing"]) == (race["segments"], 0)
    scores = told["questions"][0]["scores"]
    assert min(scores, key=lambda score: score["value"])["removed"] == told["removals"]
