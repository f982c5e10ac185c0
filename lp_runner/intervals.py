"""Evaluations with replicates → their intervals, and shares of a baseline with theirs. Pure: numpy and the contract.

Searches stop by these and reports show them, so they stand below both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lp_runner.api import Evaluation
from lp_runner.errors import RunFailed


@dataclass(frozen=True, slots=True)
class Estimate:
    """A quantity and its 95 % interval."""

    value: float
    """Of the whole test set, in the quantity's own unit; not the mean of the replicates."""
    low: float
    high: float


def interval(replicates: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % percentile interval: what is left when one fortieth goes at either end.

    Raises ValueError without replicates.
    Source: sacrebleu.significance.estimate_ci, which reports half its width.
    """
    if not len(replicates):
        raise ValueError("no replicates, so no interval")
    ordered = np.sort(np.asarray(replicates, dtype=np.float64))
    cut = len(ordered) // 40
    return float(ordered[cut]), float(ordered[len(ordered) - cut - 1])


def retention(system: Evaluation, baseline: Evaluation) -> Estimate | None:
    """How much of the baseline's quality the system keeps, in percent; 100 is all of it.

    system ÷ baseline, and for an error rate (lower is better) baseline ÷ system; the interval is that of the
    paired ratios. None where there is nothing to divide by: a value or replicate that isn't positive.
    Raises RunFailed where the two can't be compared.
    """
    check_comparable(system, baseline)
    top, bottom = (system, baseline) if system.higher_is_better else (baseline, system)
    if min(bottom.value, *bottom.replicates) <= 0:
        return None
    ratios = 100 * np.asarray(top.replicates) / np.asarray(bottom.replicates)
    return Estimate(100 * top.value / bottom.value, *interval(ratios))


def check_comparable(system: Evaluation, baseline: Evaluation) -> None:
    """Raises RunFailed where two evaluations are not of one metric on the same resamples."""
    ours, theirs = (f"{one.metric} ({one.signature})" for one in (system, baseline))
    if ours != theirs:
        raise RunFailed(f"{ours} can't be compared with {theirs}")
    counts = len(system.replicates), len(baseline.replicates)
    if counts[0] != counts[1] or not counts[0]:
        raise RunFailed(f"{system.metric}: {counts[0]} and {counts[1]} replicates can't be paired")
