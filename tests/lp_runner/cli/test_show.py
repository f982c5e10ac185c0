"""`lp-run show RUN`: a run, a step, a candidate and a segment, of runs that are done, unfinished and not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lp_runner.cli.main import main
from lp_runner.store import RunFolder
from lp_runner.visible import visible
from tests.hostile import HOSTILE

from .conftest import LpRun


def shown(folder: Path, lp_run: LpRun, *words: str) -> Any:
    done = lp_run("show", *words, "--json", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_run_by_name_and_by_folder_is_the_same(finished: Path, lp_run: LpRun) -> None:
    by_name, by_folder = (shown(finished, lp_run, word) for word in ("tiny", "runs/tiny"))
    assert by_name["systems"] == by_folder["systems"]
    assert [system["name"] for system in by_name["systems"]] == ["unpruned", "3"]
    assert {step["state"] for step in by_name["steps"]} == {"done"}


def test_people_see_findings_systems_and_steps(finished: Path, lp_run: LpRun) -> None:
    text = lp_run("show", "tiny", folder=finished).stdout
    assert text.startswith("runs/tiny: done, last worked on ")
    assert "4→3 layers" in text
    assert "search by random, one-shot" in text
    assert "report: runs/tiny/report.html" in text


def test_a_wrong_name_is_answered_with_the_nearest(finished: Path, lp_run: LpRun) -> None:
    done = lp_run("show", "tinny", folder=finished)
    assert (done.returncode, done.stderr) == (2, "no run is named tinny; did you mean tiny?\n")


def test_a_matrix_is_answered_with_one_of_its_cells(runs: Path, lp_run: LpRun) -> None:
    RunFolder(runs / "runs/study/seed-1").begin("version: 1\n", {"steps": []})
    done = lp_run("show", "study", folder=runs)
    assert (done.returncode, done.stderr) == (
        2,
        "study: a matrix of 1 runs; name one of them, as study/seed-1\n",
    )


def test_one_step_has_its_options_files_and_facts(finished: Path, lp_run: LpRun) -> None:
    step = shown(finished, lp_run, "tiny", "--step", "search")
    assert step["uses"]["prune"]["with"]["remove"] == 1
    assert list(step["files"]) == ["search.json"]
    assert len(step["facts"]["removals"]) == 1
    assert "search.json" in lp_run("show", "tiny", "--step", "search", folder=finished).stdout


def test_a_wrong_step_is_answered_with_the_nearest(finished: Path, lp_run: LpRun) -> None:
    done = lp_run("show", "tiny", "--step", "serach", folder=finished)
    assert (done.returncode, done.stderr) == (2, "runs/tiny: no such step: serach; did you mean search?\n")


def test_one_candidate_has_its_score_in_every_question(finished: Path, lp_run: LpRun) -> None:
    [score] = shown(finished, lp_run, "tiny", "--candidate", "decoder.1")["scores"]
    assert (score["search"], score["question"], score["gone"]) == ("search", 1, [])
    assert score["removed"] == ["decoder.1"]


def test_a_candidate_that_was_never_scored_is_answered_with_those_that_were(
    finished: Path, lp_run: LpRun
) -> None:
    done = lp_run("show", "tiny", "--candidate", "decoder.0", folder=finished)
    assert done.returncode == 2
    assert done.stderr.startswith("runs/tiny: no such scored candidate: decoder.0; did you mean decoder.")


def test_an_unfinished_search_tells_what_it_has_found_so_far(runs: Path, lp_run: LpRun) -> None:
    folder = RunFolder(runs / "runs/tiny")
    [search] = folder.path.glob("steps/*-search")
    search.unlink()
    score = {"value": 2.5, "raw": None, "kind": "exact"}
    folder.events.emit(
        "score", step="search", candidate="decoder.2", removed=["decoder.1", "decoder.2"], **score
    )
    [_, second] = shown(runs, lp_run, "tiny", "--candidate", "decoder.2")["scores"]
    assert (second["question"], second["gone"], second["value"]) == (2, ["decoder.1"], 2.5)


def test_one_segment_has_every_hypothesis_with_its_scores(finished: Path, lp_run: LpRun) -> None:
    told = shown(finished, lp_run, "tiny", "--segment", "2")
    assert (told["source"], told["reference"]) == ("dům", "Haus")
    assert [one["system"] for one in told["hypotheses"]] == ["unpruned", "3"]
    assert all(list(one["scores"]) == ["chrf++"] for one in told["hypotheses"])


@pytest.mark.parametrize("number", ["0", "3"])
def test_a_segment_that_is_not_there_is_an_error(number: str, finished: Path, lp_run: LpRun) -> None:
    done = lp_run("show", "tiny", "--segment", number, folder=finished)
    assert (done.returncode, done.stderr) == (2, f"runs/tiny: no segment {number}; there are 1 to 2\n")


def test_a_run_before_its_first_translation_has_no_segments(runs: Path, lp_run: LpRun) -> None:
    for link in (runs / "runs/tiny/steps").glob("*-translate-*"):
        link.unlink()
    done = lp_run("show", "tiny", "--segment", "1", folder=runs)
    assert (done.returncode, done.stderr) == (
        2,
        "runs/tiny: no system has translated the test set yet\n",
    )


def with_texts(folder: Path, text: str) -> None:
    """The first segment's source and reference, and what each system made of it."""
    for path in (folder / "runs/.store").glob("*/outputs.jsonl"):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        rows[0] |= {"source": text, "reference": text, "hypothesis": text}
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        manifest = path.parent / "MANIFEST.json"
        told = json.loads(manifest.read_text("utf-8"))
        told["files"].pop("outputs.jsonl", None)
        manifest.write_text(json.dumps(told), "utf-8")


def with_names(folder: Path, text: str) -> None:
    """Of a plugin, a step and its system."""
    path = folder / "runs/tiny/plan.json"
    plan = json.loads(path.read_text("utf-8"))
    for step in plan["steps"]:
        step["title"] = text
        step["uses"] = {kind: use | {"use": text} for kind, use in step["uses"].items()}
    path.write_text(json.dumps(plan), "utf-8")


def test_hostile_texts_of_a_corpus_and_a_model_are_shown_and_not_obeyed(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs)
    for text in HOSTILE.values():
        with_texts(runs, text)
        assert main(["show", "tiny", "--segment", "1", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [told["source"], told["reference"]] == [text, text]
        assert {one["hypothesis"] for one in told["hypotheses"]} == {text}
        assert main(["show", "tiny", "--segment", "1"]) == 0
        assert_shown(text, 4, capsys.readouterr().out)


def test_hostile_names_of_plugins_and_steps_are_shown_and_not_obeyed(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs)
    for text in HOSTILE.values():
        with_names(runs, text)
        assert main(["show", "tiny", "--step", "search"]) == 0
        told = capsys.readouterr().out
        assert_shown(text, 2, told)
        assert " ".join(visible(f"search: {text}; done").split()) in " ".join(told.split())


def assert_shown(text: str, times: int, told: str) -> None:
    """In cells of a table."""
    assert visible(told) == told
    assert " ".join(told.split()).count(" ".join(visible(text, keep="").split())) >= times
