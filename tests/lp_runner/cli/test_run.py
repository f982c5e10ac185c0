"""`lp-run recipe.yaml`: its exit codes, and what several runs of one command do to each other."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from .conftest import LpRun

Span = tuple[str, float, float]
"""Device, start, end."""


def test_a_good_recipe_ends_with_0_and_says_where_its_report_is(finished: Path, lp_run: LpRun) -> None:
    done = lp_run("run", "tiny.yaml", folder=finished)

    assert (done.returncode, done.stderr) == (0, "")
    assert "tiny: 0 steps done in " in done.stdout
    assert done.stdout.rstrip().endswith(f"report: {finished}/runs/tiny/report.html")


def test_quiet_prints_results_and_no_progress(tiny: Path, lp_run: LpRun) -> None:
    loud = lp_run("run", "tiny.yaml", "--output", "loud", folder=tiny)
    quiet = lp_run("run", "tiny.yaml", "--output", "quiet", "--quiet", folder=tiny)
    assert "score unpruned by chrf++: done in" in loud.stdout
    assert (loud.stderr, quiet.stderr) == ("", "")
    *headline, ended = quiet.stdout.splitlines()
    assert headline
    assert "\n".join(headline) in loud.stdout
    assert re.fullmatch(r"tiny: 11 steps done in [\d.]+ s; report: \S+/report.html", ended)


def test_the_run_is_the_command_that_need_not_be_named(finished: Path, lp_run: LpRun) -> None:
    assert lp_run("tiny.yaml", folder=finished).returncode == 0


def test_a_gate_that_is_not_met_ends_with_4_and_the_report_is_there(finished: Path, lp_run: LpRun) -> None:
    done = lp_run(
        "run", "tiny.yaml", "-o", "gates=[{system: 3, metric: chrf++, at_least: 99}]", folder=finished
    )

    assert done.returncode == 4
    assert "chrf++" in done.stderr
    assert (finished / "runs/tiny/report.html").is_file()


def test_a_gate_that_is_met_ends_with_0(finished: Path, lp_run: LpRun) -> None:
    done = lp_run(
        "run", "tiny.yaml", "-o", "gates=[{system: 3, metric: chrf++, at_least: 0}]", folder=finished
    )

    assert done.returncode == 0


def test_a_broken_recipe_ends_with_2_and_its_line(tiny: Path, lp_run: LpRun) -> None:
    (tiny / "broken.yaml").write_text("extends: tiny.yaml\nprune: {with: {remov: 1}}\n", "utf-8")

    done = lp_run("run", "broken.yaml", folder=tiny)

    assert done.returncode == 2
    assert done.stderr == (
        "broken.yaml:2:16: prune.with.remov: no such option of one-shot; did you mean remove?\n"
    )


def test_a_recipe_that_is_not_there_ends_with_2(tiny: Path, lp_run: LpRun) -> None:
    done = lp_run("run", "missing.yaml", folder=tiny)

    assert done.returncode == 2
    assert "missing.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_broken_recipe_of_two_ends_with_3_and_the_other_is_run(finished: Path, lp_run: LpRun) -> None:
    (finished / "bad.yaml").write_text("version: 2\n", "utf-8")

    done = lp_run("run", "bad.yaml", "tiny.yaml", folder=finished)

    assert done.returncode == 3
    assert "tiny: 0 steps done" in done.stdout


def test_a_device_that_is_not_there_ends_with_5_and_a_way_out(tiny: Path, lp_run: LpRun) -> None:
    done = lp_run("run", "tiny.yaml", "-o", "device=cuda", folder=tiny, LP_RUN_DEVICES="cpu")

    assert done.returncode == 5
    assert "device: cuda is asked for and this machine has cpu\nhint: say device: auto" in done.stderr


def test_a_model_of_the_hub_that_is_not_here_ends_with_5_offline(tiny: Path, lp_run: LpRun) -> None:
    done = lp_run("run", "--offline", "tiny.yaml", "-o", "model.path=no-such/model", folder=tiny)

    assert done.returncode == 5
    assert "no-such/model is not on this machine" in done.stderr


def test_data_that_cannot_be_read_ends_with_2_before_anything_is_run(tiny: Path, lp_run: LpRun) -> None:
    done = lp_run("run", "tiny.yaml", "-o", "data.dev.with.path=missing.tsv", folder=tiny)

    assert done.returncode == 2
    assert "missing.tsv" in done.stderr
    assert not (tiny / "runs/tiny/report.html").exists()


@pytest.mark.parametrize("words", [[], ["run"], ["run", "--no-such-option", "x.yaml"], ["--no-such-option"]])
def test_a_wrong_command_line_ends_with_2(words: list[str], tiny: Path, lp_run: LpRun) -> None:
    done = lp_run(*words, folder=tiny)

    assert done.returncode == 2
    assert done.stderr.startswith("usage: lp-run")


def test_three_cells_of_one_command_queue_for_two_devices(finished: Path, runs: Path, lp_run: LpRun) -> None:
    done = lp_run(
        "run",
        "tiny.yaml",
        "-o",
        "matrix={importance.with.seed_offset: [1, 2, 3]}",
        "--output",
        str(runs / "runs"),
        folder=finished,
        LP_RUN_DEVICES="cpu:8,cpu:9",  # which nobody else on this machine is likely to hold
    )

    spans = sorted(span_of(events) for events in runs.glob("runs/tiny/*/events.jsonl"))
    assert done.returncode == 0
    assert len(spans) == 3
    assert {span[0] for span in spans} == {"cpu:8", "cpu:9"}
    assert all(one[0] != other[0] or one[2] <= other[1] for one, other in pairwise(spans))


def span_of(events: Path) -> Span:
    told = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    start = next(event for event in told if event["event"] == "run-started")
    end = next(event for event in told if event["event"] == "run-finished")
    return start["device"], seconds(start["time"]), seconds(end["time"])


def seconds(time_of_day: str) -> float:
    """Of "2026-11-24T06:24:37.844Z", since midnight."""
    hours, minutes, rest = time_of_day.partition("T")[2].rstrip("Z").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)
