"""Which segments a report shows: the worst, the most changed, and some by chance that comes from the run's seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lp_runner.report.segments import Segments, segments

Results = dict[str, Any]
COUNT = 40


def written(folder: Path, results: Results, *, scored: bool) -> Results:
    """Translations of the baselines and the delivered model; of the latter segment 31 is worst, 12 most changed."""
    ours, theirs = [50.0 + number for number in range(COUNT)], [51.0 + number for number in range(COUNT)]
    ours[30], theirs[30] = 1.0, 2.0
    ours[11] = 100.0
    results["systems"][1]["recovered"] = True
    for system, scores in zip(results["systems"], [theirs, theirs, theirs, ours, theirs], strict=True):
        name = system["name"]
        rows = [
            {"source": f"source {n}", "reference": f"alpha beta {n}", "hypothesis": _hypothesis(name, n)}
            for n in range(COUNT)
        ]
        (folder / f"{name}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
        )
        told = [{"metric": "chrf++", "segments": scores if scored else []}]
        (folder / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
        system["segments"] = {"outputs": f"{name}.jsonl", "evaluations": [f"{name}.json"]}
    return results


def _hypothesis(system: str, number: int) -> str:
    if system != "2+recovery":
        return f"alpha beta {number}"
    return {30: "nothing of it", 11: f"beta alpha {number}"}.get(number, f"alpha beta {number}")


def numbers(chosen: Segments, place: int) -> list[int]:
    return [segment.number for segment in chosen.choices[place].segments]


def test_the_worst_the_most_changed_and_random_ones_stand_once_each(results: Results, tmp_path: Path) -> None:
    chosen = segments(written(tmp_path, results, scored=True), tmp_path)
    assert [choice.title for choice in chosen.choices] == ["Worst", "Most changed", "Random"]
    assert numbers(chosen, 0)[:2] == [31, 1]
    assert numbers(chosen, 1)[0] == 12
    everything = [*numbers(chosen, 0), *numbers(chosen, 1), *numbers(chosen, 2)]
    assert len(everything) == len(set(everything)) == 15


def test_the_delivered_model_is_judged_against_the_baseline_with_the_same_recovery(
    results: Results, tmp_path: Path
) -> None:
    chosen = segments(written(tmp_path, results, scored=True), tmp_path)
    assert chosen.baseline == "unpruned+recovery"
    assert chosen.choices[0].rule == "Where 2+recovery has the lowest chrf++ of a segment."
    shown = [one.system for one in chosen.choices[0].segments[0].translations]
    assert shown == ["unpruned", "unpruned+recovery", "2+recovery"]


def test_chance_comes_from_the_seed_of_the_run(results: Results, tmp_path: Path) -> None:
    told = written(tmp_path, results, scored=True)
    once, again = segments(told, tmp_path), segments(told, tmp_path)
    assert numbers(once, 2) == numbers(again, 2)
    assert numbers(once, 2) != numbers(segments(told | {"seed": 2}, tmp_path), 2)


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_of_an_error_rate_the_highest_is_the_worst(
    results: Results, tmp_path: Path, higher_is_better: bool
) -> None:
    told = written(tmp_path, results, scored=True)
    for system in told["systems"]:
        system["evaluations"] = [system["evaluations"][0] | {"higher_is_better": higher_is_better}]
    assert numbers(segments(told, tmp_path), 0)[0] == (31 if higher_is_better else 12)


def test_without_scores_of_segments_words_choose_and_the_rule_says_so(
    results: Results, tmp_path: Path
) -> None:
    chosen = segments(written(tmp_path, results, scored=False), tmp_path)
    assert numbers(chosen, 0)[:2] == [31, 12]
    assert "by words" in chosen.choices[0].rule
    assert chosen.choices[0].segments[0].translations[0].score is None
