"""Intervals and p-values are held against sacreBLEU's own PairedTest; ratios against hand-made numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.metrics.base import Metric
from sacrebleu.significance import PairedTest, _bootstrap_resample

from lp_runner.api import Evaluation
from lp_runner.errors import RunFailed
from lp_runner.report.statistics import Estimate, compare, estimate, interval, retention

WORDS = [
    "pes",
    "kočka",
    "vidí",
    "malý",
    "velký",
    "dům,",
    "a",
    "(ne)",
    "běží.",
    "strom",
    "žlutý",
    "tři",
    "!",
    "auto",
]


def texts(seed: int, noise: float, count: int = 80) -> tuple[list[str], list[str]]:
    """References of random words, the same for every noise, and hypotheses with some words changed."""
    dice, changes = random.Random(0), random.Random(seed)  # noqa: S311
    references = [" ".join(dice.choices(WORDS, k=dice.randint(3, 12))) for _ in range(count)]
    hypotheses = [
        " ".join(changes.choice(WORDS) if changes.random() < noise else word for word in line.split())
        for line in references
    ]
    return references, hypotheses


def evaluation_of(metric: Metric, hypotheses: list[str], references: list[str]) -> Evaluation:
    rows = metric._extract_corpus_statistics(hypotheses, [references])
    _, scores = _bootstrap_resample(rows, metric, 1000)
    replicates = tuple(float(score.score) for score in scores)
    value = float(metric._aggregate_and_compute(rows).score)
    return Evaluation(type(metric).__name__, value, "sig", (), replicates, not isinstance(metric, TER))


def measured(value: float, replicates: list[float], **changes: Any) -> Evaluation:
    facts: dict[str, Any] = {"metric": "chrf++", "signature": "v1", **changes}
    return Evaluation(value=value, replicates=tuple(replicates), **facts)


@pytest.mark.parametrize("noise", [0.3, 0.32, 0.35, 0.6])
@pytest.mark.parametrize("metric", [BLEU(), CHRF(word_order=2), TER()], ids=["BLEU", "chrF++", "TER"])
def test_p_value_and_interval_are_those_of_the_paired_test(
    metric: Metric, noise: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", "12345")
    references, baseline = texts(1, 0.3)
    _, system = texts(2, noise)
    _, found = PairedTest([("b", baseline), ("s", system)], {"m": metric}, [references], "bs", 1000)()
    (theirs,) = (results[1] for name, results in found.items() if name != "System")
    ours = evaluation_of(metric, system, references)
    low, high = interval(ours.replicates)
    assert compare(ours, evaluation_of(metric, baseline, references)).p_value == theirs.p_value
    assert (high - low) / 2 == pytest.approx(theirs.ci, rel=1e-6)


def test_an_interval_leaves_out_a_fortieth_at_either_end() -> None:
    assert interval(list(range(1000, 0, -1))) == (26.0, 975.0)


def test_an_interval_of_few_replicates_is_their_range() -> None:
    assert interval([3.0, 1.0, 2.0]) == (1.0, 3.0)


def test_without_replicates_there_is_no_interval() -> None:
    with pytest.raises(ValueError, match="no replicates"):
        estimate(measured(50.0, []))


def test_an_estimate_keeps_the_value_of_the_whole_test_set() -> None:
    assert estimate(measured(50.0, [48.0, 49.0])) == Estimate(50.0, 48.0, 49.0)


def test_retention_is_the_ratio_with_the_interval_of_paired_ratios() -> None:
    found = retention(measured(45.0, [40.0, 48.0]), measured(50.0, [50.0, 60.0]))
    assert found == Estimate(90.0, 80.0, 80.0)


def test_retention_of_an_error_rate_is_turned_over() -> None:
    system = measured(50.0, [50.0, 50.0], metric="ter", higher_is_better=False)
    baseline = measured(40.0, [40.0, 45.0], metric="ter", higher_is_better=False)
    assert retention(system, baseline) == Estimate(80.0, 80.0, 90.0)


def test_of_a_baseline_that_scores_zero_nothing_can_be_kept() -> None:
    assert retention(measured(1.0, [1.0, 1.0]), measured(0.5, [1.0, 0.0])) is None


def test_other_signatures_are_not_compared() -> None:
    with pytest.raises(RunFailed, match=r"chrf\+\+ \(v2\) can't be compared with chrf\+\+ \(v1\)"):
        retention(measured(1.0, [1.0], signature="v2"), measured(1.0, [1.0]))


def test_replicates_of_other_counts_are_not_paired() -> None:
    with pytest.raises(RunFailed, match="2 and 1 replicates can't be paired"):
        compare(measured(1.0, [1.0, 1.0]), measured(1.0, [1.0]))


def noisy(value: float, spread: float, seed: int) -> list[float]:
    return (value + spread * np.random.default_rng(seed).normal(size=1000)).tolist()


@pytest.mark.parametrize(
    ("value", "higher_is_better", "verdict"),
    [
        (55.0, True, "better"),
        (45.0, True, "worse"),
        (55.0, False, "worse"),
        (50.5, True, "not shown to differ"),
    ],
)
def test_a_verdict_needs_a_difference_that_chance_does_not_make(
    value: float, higher_is_better: bool, verdict: str
) -> None:
    system = measured(value, noisy(value, 1, seed=1), higher_is_better=higher_is_better)
    baseline = measured(50.0, noisy(50, 1, seed=2), higher_is_better=higher_is_better)
    assert compare(system, baseline).verdict == verdict


def test_a_system_is_not_better_than_itself() -> None:
    system = measured(50.0, noisy(50, 1, seed=1))
    found = compare(system, system)
    assert (found.verdict, found.difference) == ("not shown to differ", Estimate(0.0, 0.0, 0.0))
