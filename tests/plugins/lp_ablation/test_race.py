"""Who leaves a race, from literal replicates."""

from __future__ import annotations

import random

import pytest
from lp_ablation.race import Racing, losers, race

from lp_runner.api import Evaluation

RACING = Racing(0.95, first_look=30, growth=2, replicates=250)


def evaluation(value: float, replicates: list[float]) -> Evaluation:
    return Evaluation("chrf", value, "test", replicates=tuple(replicates))


def test_each_look_is_at_twice_as_many_segments_and_the_last_at_all() -> None:
    assert RACING.looks(200) == [30, 60, 120, 200]
    assert RACING.looks(20) == [20]


def test_slower_growth_is_more_looks() -> None:
    assert Racing(0.95, first_look=30, growth=1.5, replicates=250).looks(100) == [30, 45, 68, 100]


def test_a_set_that_is_behind_in_nearly_every_replicate_has_lost() -> None:
    draw = random.Random(0)  # noqa: S311
    noise = [draw.gauss(0, 1) for _ in range(500)]
    apart = [draw.gauss(0, 1) for _ in range(500)]
    three = {
        0: evaluation(50, [50 + one for one in noise]),
        1: evaluation(48, [48 + one + other / 2 for one, other in zip(noise, apart, strict=True)]),
        2: evaluation(49.5, [49.5 + one + other / 2 for one, other in zip(noise, apart, strict=True)]),
    }
    found = losers(three, risk=0.001, unseen=1)
    assert found == {1: 2}


def test_all_comparisons_share_the_risk_of_the_question() -> None:
    assert RACING.risk(running=11, segments=100) == pytest.approx(0.05 / (10 * 2))
    assert RACING.risk(running=3, segments=100) == pytest.approx(0.05 / (2 * 2))


def test_the_fewer_segments_are_to_come_the_surer_is_what_was_seen() -> None:
    pair = {0: evaluation(10, [10.0, 10.0]), 1: evaluation(9, [8.0, 10.0])}
    assert losers(pair, 0.1, unseen=1) == {}
    assert losers(pair, 0.1, unseen=0.25) == {1: 1}


def test_the_difference_counts_and_not_each_spread() -> None:
    shared = [30.0, 50.0, 70.0, 90.0]
    pair = {0: evaluation(60, shared), 1: evaluation(59, [one - 1 for one in shared])}
    assert losers(pair, 0.001, 1) == {1: 1}


def test_equals_stay() -> None:
    same = evaluation(50, [49.0, 50.0, 51.0])
    assert losers({0: same, 1: same}, 0.4, 1) == {}


def test_a_metric_without_replicates_can_not_race() -> None:
    with pytest.raises(ValueError, match="racing: chrf has no replicates"):
        losers({0: evaluation(50, []), 1: evaluation(40, [])}, 0.1, 1)


def test_whoever_is_there_at_the_last_look_stays() -> None:
    values = {0: 50.0, 1: 10.0}

    def judge(number: int, seen: int) -> Evaluation:
        noise = 100.0 if seen < 45 else 0.1
        return evaluation(values[number], [values[number] - noise * number, values[number] + noise * number])

    end = race(RACING, 2, 45, lambda who, part: None, judge)
    assert sorted(end.stayed) == [0, 1]
    assert end.left == {}


def test_who_left_translates_no_further_and_a_race_of_one_is_over() -> None:
    asked: list[tuple[list[int], slice]] = []
    values = {0: {30: 50.0, 60: 50.0, 100: 50.0}, 1: {30: 40.0}, 2: {30: 49.9, 60: 45.0}}

    def judge(number: int, seen: int) -> Evaluation:
        value = values[number][seen]
        return evaluation(value, [value - 0.1 - number, value + number, value + 0.1])

    end = race(RACING, 3, 100, lambda who, part: asked.append((list(who), part)), judge)
    assert asked == [([0, 1, 2], slice(0, 30)), ([0, 2], slice(30, 60))]
    assert list(end.stayed) == [0]
    assert end.left == {1: (10.0, 40.0), 2: (5.0, 45.0)}
    assert (end.seen, end.translated) == (60, 3 * 30 + 2 * 30)
