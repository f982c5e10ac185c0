"""Speeds of real, tiny models: measured in turn, the same work for all, loads apart."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lp_runner import plan, recipe, run
from lp_runner.envs import Cache, Environments
from lp_runner.machine import Device
from lp_runner.plan.inputs import Fingerprints
from lp_runner.registry import Registry
from lp_runner.store import RunFolder, Store

BACKENDS = "[transformers, {use: transformers, with: {batch_size: 2}}]"
ASKED = f"{{segments: 8, new_tokens: 5, batch_sizes: [1, 4], repeats: 2, backends: {BACKENDS}}}"
OPTION = f"benchmark={ASKED}"
LpRun = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def timed(
    recipe_path: Path, finished: Any, lp_run: LpRun, tmp_path_factory: pytest.TempPathFactory
) -> SimpleNamespace:
    output = finished.copied(tmp_path_factory.mktemp("timed") / "output")
    before = len(output.events)
    done = lp_run(recipe_path, "--output", output.path, "-o", OPTION)
    assert (done.returncode, done.stderr) == (0, "")
    return SimpleNamespace(
        made=output.steps_made(before), speed=output.results["benchmark"], output=output, told=done.stdout
    )


@pytest.fixture(scope="module")
def recipe_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue("recipe")
    return path


def test_a_benchmark_is_one_more_step_after_all_others(timed: Any) -> None:
    assert timed.made == ["benchmark"]


def test_models_and_backends_are_timed_in_turn(timed: Any) -> None:
    one_round = [(size, system) for size in (1, 4) for system in ("unpruned", "3+recovery") for _ in "ab"]
    assert timed.speed["resident"]
    assert [tuple(turn) for turn in timed.speed["order"]] == [
        (number, size, "transformers", system) for number in (0, 1) for size, system in one_round
    ]


def test_every_output_has_the_same_length_whatever_the_model_would_say(timed: Any) -> None:
    rows = timed.speed["measurements"]
    assert len(rows) == 8
    assert {one["new_tokens"] for row in rows for one in row["rounds"]} == {40}
    assert {(len(row["rounds"]), len(row["load_s"])) for row in rows} == {(2, 1)}
    assert all(row["load_s"][0] > 0 and row["peak_memory_bytes"] > 10**8 for row in rows)


def test_a_speed_up_is_the_median_of_its_rounds_and_stands_beside_what_bytes_allow(timed: Any) -> None:
    rows = timed.speed["measurements"]
    unpruned, pruned = rows[0], rows[4]
    assert (unpruned["system"], pruned["system"]) == ("unpruned", "3+recovery")
    assert (unpruned["batch_size"], pruned["batch_size"]) == (1, 1)
    ratios = [a["seconds"] / b["seconds"] for a, b in zip(unpruned["rounds"], pruned["rounds"], strict=True)]
    assert pruned["speedup"]["median"] == pytest.approx(sum(ratios) / 2)
    assert (pruned["speedup"]["min"], pruned["speedup"]["max"]) == (min(ratios), max(ratios))
    assert unpruned["speedup"] is None
    assert 1 < pruned["ideal_speedup"] < 5 / 3


def test_the_report_and_the_last_line_tell_the_speed(timed: Any) -> None:
    page = (timed.output.run / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="timed">Speed</h2>' in page
    assert "3+recovery is " in timed.told
    told = " ".join(timed.told.split())
    assert "as fast as the unpruned model with transformers (batch_size auto) at batch 4" in told
    assert "] with transformers (batch_size 2); fewer weights" in told


def test_what_can_not_all_be_loaded_at_once_is_loaded_again_in_every_round(
    recipe_path: Path, finished: Any, tmp_path: Path
) -> None:
    output = finished.copied(tmp_path / "output")
    registry, prints = Registry.installed(), Fingerprints(None)
    [cell] = recipe.load(recipe_path, [OPTION], registry)
    planned = plan.build(cell, [Device("cpu", 10**6)], prints)
    listener = SimpleNamespace(event=lambda *told: None, progress=lambda *told: None)
    done, made = run.execute(
        planned,
        registry,
        Environments(Cache(tmp_path / "environments")),
        cache(prints.of),
        Store(output.path / ".store"),
        RunFolder(output.run),
        listener,
        lambda: None,
        lambda: None,
    )
    told = json.loads(
        (done.folder / "steps" / f"{len(planned.steps)}-benchmark" / "benchmark.json").read_text()
    )
    assert made == 1
    assert not told["resident"]
    assert {len(row["load_s"]) for row in told["measurements"]} == {2}
    assert [turn[3] for turn in told["order"][:8]] == ["unpruned"] * 4 + ["3+recovery"] * 4


def test_more_segments_than_the_test_set_has_is_one_line(
    recipe_path: Path, finished: Any, lp_run: LpRun, tmp_path: Path
) -> None:
    output = finished.copied(tmp_path / "output")
    done = lp_run(recipe_path, "--output", output.path, "-o", "benchmark={segments: 999, batch_sizes: [1]}")
    assert done.returncode == 2
    assert "benchmark.segments: 999 are asked for, and the test set has 41\n" in done.stderr


def test_an_unknown_system_is_told_with_the_known_ones(recipe_path: Path, lp_run: LpRun) -> None:
    done = lp_run("plan", recipe_path, "-o", "benchmark={systems: [7]}")
    assert done.returncode == 2
    assert "benchmark.systems.0: no system is named 7; there are 3, 3+recovery, " in done.stderr
