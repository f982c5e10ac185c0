"""Scores on the first segments → which removal sets can't be the least important any more, at a stated confidence.

After Maron and Moore 1994 (Hoeffding races): all candidates run over the same segments, and whoever has lost leaves.
Who has lost is told from the paired bootstrap (Koehn 2004), not from a bound on the mean, since corpus scores are no
means of segments' scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from lp_runner.api import Evaluation


@dataclass(frozen=True, slots=True)
class Racing:
    """How sure to be, over the whole question, that the winner is not among those who left."""

    confidence: float
    first_look: int
    """Segments; on fewer a bootstrap is overconfident."""
    growth: float
    """Each look is at so many times the segments of the one before."""
    replicates: int
    """Of the bootstrap."""

    def looks(self, segments: int) -> list[int]:
        """After how many segments to look; the last is all of them."""
        found = [min(self.first_look, segments)]
        while found[-1] < segments:
            found.append(min(segments, math.ceil(self.growth * found[-1])))
        return found

    def risk(self, running: int, segments: int) -> float:
        """Of one comparison at one look, so that all comparisons of the question add up to its risk at most: each set
        has as many as there are others, at every look but the last.
        """
        return (1 - self.confidence) / (max(1, running - 1) * max(1, len(self.looks(segments)) - 1))


@dataclass(frozen=True, slots=True)
class Finish:
    """How a race ended. Sets by number."""

    stayed: Mapping[int, Evaluation]
    """Who may be the best, by what all of them have translated."""
    left: Mapping[int, tuple[float, float]]
    """The others: how many points each was behind when it left, and its score then."""
    seen: int
    """Segments at the last look."""
    translated: int
    """By all sets together."""


def race(
    racing: Racing,
    sets: int,
    segments: int,
    translate: Callable[[Sequence[int], slice], None],
    judge: Callable[[int, int], Evaluation],
) -> Finish:
    """From the first look to the last, or to where one set is left.

    Args:
        translate: has these sets translate this part of the segments.
        judge: scores a set on so many first segments, with replicates.
    """
    running, left = list(range(sets)), dict[int, tuple[float, float]]()
    seen = translated = 0
    for look in racing.looks(segments):
        translate(running, slice(seen, look))
        translated += len(running) * (look - seen)
        seen = look
        found = {number: judge(number, seen) for number in running}
        if seen == segments:
            break
        gaps = losers(found, racing.risk(len(running), segments), 1 - seen / segments)
        left |= {number: (gap, found[number].value) for number, gap in gaps.items()}
        running = [number for number in running if number not in left]
        if len(running) == 1:
            break
    return Finish({number: found[number] for number in running}, left, seen, translated)


def losers(evaluations: Mapping[int, Evaluation], risk: float, unseen: float) -> dict[int, float]:
    """Sets that are worse over all segments than the best one so far but for this risk, and by how many points now.

    Args:
        evaluations: with replicates of one shared bootstrap, where more is better.
        unseen: the share of the segments that are still to come.
    """
    best = max(evaluations, key=lambda number: evaluations[number].value)
    losses = {
        number: _loss(evaluations[best], other, unseen)
        for number, other in evaluations.items()
        if number != best
    }
    return {number: gap for number, (gap, chance) in losses.items() if gap > 0 and chance < risk}


def _loss(best: Evaluation, other: Evaluation, unseen: float) -> tuple[float, float]:
    """Points between the two, and how probable it is that the other is ahead over all segments.

    The difference over all is taken as normal around that over those seen, since the risks in question are smaller than
    replicates can count. Its variance is the bootstrap's times the unseen share, as in a sample without replacement
    from a finite population (Cochran 1977, section 2.6): what was seen is certain.
    Raises ValueError without replicates: a race needs a metric that has them.
    """
    if not best.replicates:
        raise ValueError(f"racing: {best.metric} has no replicates; race by a metric that has")
    gap = best.value - other.value
    spread = float(np.std(np.subtract(best.replicates, other.replicates))) * math.sqrt(unseen)
    return gap, NormalDist(gap, spread).cdf(0) if spread else float(gap <= 0)
