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

GROWTH = 1.5
"""Each look is at so many times the segments of the one before."""


@dataclass(frozen=True, slots=True)
class Racing:
    """How sure to be, over the whole question, that the winner is not among those who left."""

    confidence: float
    first_look: int
    """Segments; on fewer a bootstrap is overconfident."""

    def looks(self, segments: int) -> list[int]:
        """After how many segments to look; the last is all of them."""
        found = [min(self.first_look, segments)]
        while found[-1] < segments:
            found.append(min(segments, math.ceil(GROWTH * found[-1])))
        return found


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
    risk: float
    """That the winner over all segments is among those who left: at most so much, by the bootstrap."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one set at one look."""

    gap: float
    """Points behind the best."""
    chance: float
    """That it is ahead of the best over all segments all the same."""


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
    risk = 0.0
    for look in racing.looks(segments):
        translate(running, slice(seen, look))
        translated += len(running) * (look - seen)
        seen = look
        found = {number: judge(number, seen) for number in running}
        if seen == segments:
            break
        gone = losers(found, 1 - racing.confidence - risk, 1 - seen / segments)
        risk += sum(loss.chance for loss in gone.values())
        left |= {number: (loss.gap, found[number].value) for number, loss in gone.items()}
        running = [number for number in running if number not in left]
        if len(running) == 1:
            break
    return Finish({number: found[number] for number in running}, left, seen, translated, risk)


def losers(evaluations: Mapping[int, Evaluation], risk: float, unseen: float) -> dict[int, Loss]:
    """As many of those behind as this risk is enough for, the most hopeless first.

    Whoever leaves costs the chance that it was ahead; the chances of all who leave add up to the risk at most (the union
    bound), so that hopeless ones cost next to nothing, and it is left for close ones.

    Args:
        evaluations: with replicates of one shared bootstrap, where more is better.
        unseen: the share of the segments that are still to come.
    """
    best = max(evaluations, key=lambda number: evaluations[number].value)
    behind = {
        number: _loss(evaluations[best], other, unseen)
        for number, other in evaluations.items()
        if other.value < evaluations[best].value
    }
    gone: dict[int, Loss] = {}
    for number in sorted(behind, key=lambda number: behind[number].chance):
        risk -= behind[number].chance
        if risk < 0:
            break
        gone[number] = behind[number]
    return gone


def _loss(best: Evaluation, other: Evaluation, unseen: float) -> Loss:
    """The difference over all segments is taken as normal around that over those seen.

    Its variance is the bootstrap's times the unseen share, as in a sample without replacement from a finite population
    (Cochran 1977, section 2.6): what was seen is certain.
    Raises ValueError without replicates: a race needs a metric that has them.
    """
    if not best.replicates:
        raise ValueError(f"racing: {best.metric} has no replicates; race by a metric that has")
    gap = best.value - other.value
    spread = float(np.std(np.subtract(best.replicates, other.replicates))) * math.sqrt(unseen)
    return Loss(gap, NormalDist(gap, spread).cdf(0) if spread else 0.0)
