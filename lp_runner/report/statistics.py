"""Evaluations with replicates → paired tests, beside the intervals and retentions of lp_runner.intervals. Pure.

All systems of a run share their resamples, so replicate r of one is paired with replicate r of another.
Intervals and p-values are sacreBLEU's (Koehn 2004; Post 2018), for any metric that gives replicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lp_runner.api import Evaluation
from lp_runner.intervals import Estimate, check_comparable, interval, retention

__all__ = ["Comparison", "Estimate", "Verdict", "compare", "estimate", "interval", "retention"]

Verdict = Literal["better", "worse", "not shown to differ"]
SIGNIFICANT = 0.05
"""Below this p-value sacreBLEU marks a difference."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A system against a baseline on the same segments."""

    difference: Estimate
    """System minus baseline, in the metric's unit."""
    p_value: float
    verdict: Verdict


def estimate(evaluation: Evaluation) -> Estimate:
    """A system's value with its interval. Raises ValueError without replicates."""
    return Estimate(evaluation.value, *interval(evaluation.replicates))


def compare(system: Evaluation, baseline: Evaluation) -> Comparison:
    """The paired bootstrap test. Raises RunFailed where the two can't be compared."""
    check_comparable(system, baseline)
    differences = np.asarray(system.replicates) - np.asarray(baseline.replicates)
    difference = system.value - baseline.value
    p_value = _p_value(np.abs(differences), abs(difference))
    gain = difference if system.higher_is_better else -difference
    return Comparison(Estimate(difference, *interval(differences)), p_value, _verdict(gain, p_value))


def _p_value(differences: NDArray[np.float64], observed: float) -> float:
    """How often chance alone does better than what was observed.

    Args:
        differences: absolute, one per resample; around their mean, they are what chance does.
    Source: sacrebleu.significance.PairedTest, test_type "bs"; like there, two equal systems get the smallest
    value there is, so a verdict asks for a difference too.
    """
    exceeding = int(np.sum(differences - differences.mean() > observed))
    return (exceeding + 1) / (len(differences) + 1)


def _verdict(gain: float, p_value: float) -> Verdict:
    if p_value >= SIGNIFICANT or gain == 0:
        return "not shown to differ"
    return "better" if gain > 0 else "worse"
