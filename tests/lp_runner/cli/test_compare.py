"""`lp-run compare`: one table over runs that may be compared, and a refusal that says why they may not."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import LpRun

Change = Callable[[dict[str, Any]], object]


def edited(path: Path, change: Change) -> None:
    told = json.loads(path.read_text("utf-8"))
    change(told)
    path.write_text(json.dumps(told), "utf-8")


@pytest.fixture
def two(runs: Path) -> Path:
    """The finished run and another of the same artefacts, each with a store of its own, to be made different."""
    shutil.copytree(runs / "runs", runs / "other", symlinks=True)
    for name in ("plan.json", "results.json"):
        edited(runs / "other/tiny" / name, lambda told: told.update(name="other"))
    return runs


def artefact(folder: Path, step: str) -> Path:
    [link] = (folder / "other/tiny/steps").glob(f"*-{step}")
    return link


def own_scores(folder: Path, shift: float) -> None:
    """The other run's pruned system is a system of its own, better by `shift`."""
    for name in ("plan.json", "results.json"):
        edited(folder / "other/tiny" / name, lambda told: _rekey(told["steps"]))
    for evaluation in ("evaluations.json",):
        path = artefact(folder, "evaluate-3-1") / evaluation
        scores = json.loads(path.read_text("utf-8"))
        scores[0]["value"] += shift
        scores[0]["replicates"] = [one + shift for one in scores[0]["replicates"]]
        path.write_text(json.dumps(scores), "utf-8")


def _rekey(steps: list[dict[str, Any]]) -> None:
    for step in steps:
        if step["id"] == "evaluate-3-1":
            step["key"] = "another"


def compared(folder: Path, lp_run: LpRun) -> dict[str, Any]:
    done = lp_run("compare", "tiny", "other/tiny", "--format", "json", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_runs_share_stands_once_and_what_differs_is_tested_in_pairs(two: Path, lp_run: LpRun) -> None:
    own_scores(two, 5.0)
    told = compared(two, lp_run)
    assert told["metrics"] == ["chrf++"]
    assert [(row["runs"], row["system"], row["against"]) for row in told["rows"]] == [
        (["tiny", "other"], "unpruned", ""),
        (["tiny"], "3", "tiny: unpruned"),
        (["other"], "3", "tiny: 3"),
    ]
    test = told["rows"][2]["scores"]["chrf++"]["test"]
    assert test["difference"]["value"] == pytest.approx(5.0)
    assert (test["p_value"], test["verdict"]) == (pytest.approx(1 / 1001), "better")


def test_the_table_is_markdown_and_names_the_runs(two: Path, lp_run: LpRun) -> None:
    done = lp_run("compare", "tiny", "other/tiny", folder=two)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| run | system | layers | parameters | MB | against | chrf\\+\\+ |")
    assert lines[2].startswith("| tiny, other | unpruned | 4 |")
    assert "not corrected for how many there are" in lines[-1]


def test_csv_has_full_numbers_and_a_file_can_be_named(two: Path, lp_run: LpRun) -> None:
    done = lp_run("compare", "tiny", "other/tiny", "--format", "csv", "--out", "table.csv", folder=two)
    assert (done.returncode, done.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO((two / "table.csv").read_text("utf-8"))))
    results = json.loads((two / "runs/tiny/results.json").read_text("utf-8"))
    assert float(rows[0]["chrf++"]) == results["systems"][0]["evaluations"][0]["value"]


def test_a_page_has_findings_the_table_and_plots_and_nothing_from_elsewhere(two: Path, lp_run: LpRun) -> None:
    own_scores(two, 5.0)
    done = lp_run("compare", "tiny", "other/tiny", "--format", "html", "--out", "page.html", folder=two)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    page = (two / "page.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "other: 3 is better than tiny: 3: chrf++" in page
    assert "chrf++ against layers kept</figcaption>" in page
    assert "There is no plot of speed" in page
    assert "<script" not in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_another_test_set_prompt_and_limit_are_refused_all_at_once(two: Path, lp_run: LpRun) -> None:
    manifest = artefact(two, "read-test") / "MANIFEST.json"
    edited(manifest, lambda told: told["files"]["segments.jsonl"].update(sha256="0"))

    def change(plan: dict[str, Any]) -> None:
        for step in plan["steps"]:
            if step["id"] == "prompts-test":
                step["facts"]["prompt"]["template"] = "Übersetze: {source}"
            if step["id"] == "translate-unpruned":
                step["facts"]["max_new_tokens"] = 7

    edited(two / "other/tiny/plan.json", change)
    done = lp_run("compare", "tiny", "other/tiny", folder=two)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "tiny and other can't be compared: their test sets differ (2 and 2 segments)",
        (
            'tiny and other can\'t be compared: their prompts differ: template is "{source}" and '
            '"Übersetze: {source}"'
        ),
        "tiny and other can't be compared: their decoding differs: max_new_tokens is 4 and 7",
    ]


def test_scores_of_another_signature_are_refused_by_name(two: Path, lp_run: LpRun) -> None:
    edited(
        two / "other/tiny/results.json",
        lambda told: told["systems"][0]["evaluations"][0].update(signature="version:9"),
    )
    done = lp_run("compare", "tiny", "other/tiny", folder=two)
    assert done.returncode == 2
    assert done.stderr.startswith("chrf++ isn't compared: its signatures differ: tiny nrefs:1|")
    assert done.stderr.endswith(", other version:9\n")


def test_a_system_that_another_version_scored_is_shown_and_not_tested(two: Path, lp_run: LpRun) -> None:
    own_scores(two, 5.0)
    scores = artefact(two, "evaluate-3-1") / "evaluations.json"
    told = json.loads(scores.read_text("utf-8"))
    scores.write_text(json.dumps([{**told[0], "signature": "version:9"}]), "utf-8")
    row = compared(two, lp_run)["rows"][2]
    assert row["against"] == "tiny: 3"
    assert row["scores"]["chrf++"]["test"] is None


def test_where_only_the_hardware_differs_scores_are_compared_and_speed_is_not(
    two: Path, lp_run: LpRun
) -> None:
    def timed(processor: str, device: str = "cpu") -> Change:
        rate = {"median": 10.0, "min": 9.0, "max": 11.0}
        row = {"label": "vllm", "batch_size": 8, "system": "3", "tokens_per_s": rate, "speedup": None}
        machine = {"processor": processor, "accelerators": []}
        settings = {"segments": 2, "new_tokens": 4}
        benchmark = {"machine": machine, "settings": settings, "measurements": [row]}
        return lambda told: told.update(benchmark=benchmark, device=device)

    edited(two / "runs/tiny/results.json", timed("2 x A"))
    edited(two / "other/tiny/results.json", timed("2 x A"))
    assert compared(two, lp_run)["speeds"] == ["vllm, batch 8"]
    edited(two / "other/tiny/results.json", timed("1 x B"))
    told = compared(two, lp_run)
    assert (told["metrics"], told["speeds"]) == (["chrf++"], [])
    assert told["notes"] == [
        (
            "speed isn't compared: it was measured in different ways: tiny by cpu on 2 x A, 2 segments of 4 tokens; "
            "other by cpu on 1 x B, 2 segments of 4 tokens"
        )
    ]
    edited(two / "other/tiny/results.json", timed("2 x A", "cuda:0"))
    told = compared(two, lp_run)
    assert (told["metrics"], told["speeds"]) == (["chrf++"], [])
    assert "other by cuda on 2 x A, 2 segments" in told["notes"][0]


def test_speeds_of_a_model_that_two_runs_share_are_of_the_first_which_is_said(
    two: Path, lp_run: LpRun
) -> None:
    def timed(rate: float) -> Change:
        row = {"label": "vllm", "batch_size": 8, "system": "unpruned", "speedup": None}
        row["tokens_per_s"] = {"median": rate, "min": rate, "max": rate}
        machine, settings = {"processor": "2 x A", "accelerators": []}, {"segments": 2, "new_tokens": 4}
        benchmark = {"machine": machine, "settings": settings, "measurements": [row]}
        return lambda told: told.update(benchmark=benchmark)

    edited(two / "runs/tiny/results.json", timed(10.0))
    edited(two / "other/tiny/results.json", timed(20.0))
    told = compared(two, lp_run)
    unpruned = next(row for row in told["rows"] if row["system"] == "unpruned")
    assert unpruned["runs"] == ["tiny", "other"]
    assert unpruned["speeds"]["vllm, batch 8"]["median"] == 10.0
    assert told["notes"] == ["speeds of a model that several runs share are those of the first that timed it"]


def test_one_run_is_no_comparison_and_an_unfinished_one_is_refused(two: Path, lp_run: LpRun) -> None:
    done = lp_run("compare", "tiny", "tiny/", folder=two)
    assert (done.returncode, done.stderr) == (2, "tiny: one run; a comparison needs two or more\n")
    (two / "other/tiny/results.json").unlink()
    done = lp_run("compare", "tiny", "other/tiny", folder=two)
    assert done.returncode == 1
    assert done.stderr.startswith("other: has no results of its plan\nhint: ")


def test_a_folder_that_is_not_there_is_no_place_for_a_table(two: Path, lp_run: LpRun) -> None:
    done = lp_run("compare", "tiny", "other/tiny", "--out", "no/table.md", folder=two)
    assert (done.returncode, done.stderr) == (2, "no/table.md: no such folder: no\n")
