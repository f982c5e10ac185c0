"""Policies on a real, tiny model: with two metrics, to a floor of quality, to a measured speed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RECIPE = """\
version: 1
name: policies
model: {path: ./model, dtype: float32}
languages: {source: Czech, target: German}
prompt: {template: "{source}", chat: true}
data:
  dev: {use: tsv, with: {path: dev.tsv}}
  test: {use: tsv, with: {path: test.tsv, limit: 8}}
importance: random
prune: {use: explicit, with: {layers: [1]}}
evaluate: [chrf++]
infer: {use: transformers, max_new_tokens: 8}
"""
MATRIX = """\
matrix:
  prune:
    - {use: two-stage, with: {remove: 2, candidates: 2}}
    - {use: quality-floor, with: {keep_percent: 1, counts: value, segments: 8, max_new_tokens: 8}}
    - use: speed-target
      with: {target: 1.02, backend: transformers, segments: 4, batch_size: 4, new_tokens: 16, rounds: 3}
"""
LpRun = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Searched:
    """One policy's run."""

    folder: Path
    results: dict[str, Any]

    @property
    def search(self) -> dict[str, Any]:
        [link] = self.folder.glob("steps/??-search")
        told: dict[str, Any] = json.loads((link / "search.json").read_text(encoding="utf-8"))
        return told


@pytest.fixture(scope="module")
def runs(tiny_task: Path, lp_run: LpRun, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Searched]:
    """By the policy's name."""
    recipe, output = tiny_task / "policies.yaml", tmp_path_factory.mktemp("policies")
    recipe.write_text(RECIPE + MATRIX, encoding="utf-8")
    done = lp_run(recipe, "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    found = {}
    for path in output.glob("policies/*/results.json"):
        results = json.loads(path.read_text(encoding="utf-8"))
        found[results["searches"][0]["policy"]["use"]] = Searched(path.parent, results)
    return found


def test_every_policy_leaves_a_model_without_the_layers_that_it_removed(runs: dict[str, Searched]) -> None:
    assert sorted(runs) == ["quality-floor", "speed-target", "two-stage"]
    for run in runs.values():
        unpruned, pruned = run.results["systems"]
        assert pruned["layers"]["decoder"] == 5 - len(run.search["removals"])
        assert pruned["params"] < unpruned["params"]


def test_the_recipe_s_importance_judges_the_shortlist_alone(runs: dict[str, Searched]) -> None:
    questions = runs["two-stage"].search["questions"]
    assert [(question["metric"], len(question["sets"])) for question in questions] == [
        ("shortlist", 3),
        ("importance", 2),
        ("shortlist", 2),
        ("importance", 2),
    ]
    for cheap, dear in zip(questions[::2], questions[1::2], strict=True):
        ranked = sorted(cheap["scores"], key=lambda score: score["value"])[:2]
        assert sorted(score["removed"] for score in ranked) == dear["sets"]


def test_a_floor_is_held_by_the_dev_score_with_its_interval(runs: dict[str, Searched]) -> None:
    told = runs["quality-floor"].search
    kept = [each["measured"]["quality"] for each in told["measured"]]
    assert kept
    assert all(one["low"] <= one["value"] <= one["high"] for one in kept)
    held = [one["value"] >= 1 for one in kept]
    assert held == [True] * len(told["removals"]) + [False] * (len(held) - len(told["removals"]))


def test_a_speed_is_reached_at_the_end_and_not_before(runs: dict[str, Searched]) -> None:
    told = runs["speed-target"].search
    look, *way = (each["measured"]["speed"] for each in told["measured"])
    assert look["low"] <= look["value"] <= look["high"]
    assert [one["value"] >= 1.02 for one in way] == [False] * (len(way) - 1) + [True]
    assert told["measured"][-1]["removed"] == sorted(told["removals"])


def test_nothing_of_a_model_that_was_tried_stays(runs: dict[str, Searched]) -> None:
    work = runs["speed-target"].folder.parents[1] / ".store" / ".work"
    assert list(work.rglob("*.safetensors")) == []


@pytest.mark.parametrize("policy", ["quality-floor", "speed-target"])
def test_a_search_again_measures_nothing_and_ends_with_the_same_bytes(
    runs: dict[str, Searched], policy: str, lp_run: LpRun, tiny_task: Path
) -> None:
    run = runs[policy]
    [link] = run.folder.glob("steps/??-search")
    before = (link / "search.json").read_bytes()
    shutil.rmtree(link.resolve())
    journals = {path: path.read_bytes() for path in (run.folder.parents[1] / ".store/.journals").iterdir()}
    done = lp_run(tiny_task / "policies.yaml", "--output", run.folder.parents[1])
    assert (done.returncode, done.stderr) == (0, "")
    assert (link / "search.json").read_bytes() == before
    assert {path: path.read_bytes() for path in journals} == journals
