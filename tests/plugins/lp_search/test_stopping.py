"""Policies that stop by themselves: where they stop, and what they do where they can't."""

from __future__ import annotations

from typing import Any

import pytest
from lp_search.floor import QualityFloor
from lp_search.targets import BytesTarget, ParamsTarget, SpeedTarget

from .conftest import Answers, Key, every_set

COMMON = {"keep_at": [], "protect": ["first"], "stack": "decoder"}
ADDITIVE = {removed: float(sum(removed)) for removed in every_set(6)}
"""Greedy removes 1, 2, 3, 4, 5 in this order where the first is protected."""


def params_target(target: float | str, **options: Any) -> ParamsTarget:
    return ParamsTarget(target=target, **{**COMMON, **options})


def speed_target(target: float) -> SpeedTarget:
    timing = {"segments": 4, "new_tokens": 8, "batch_size": 4, "warmup": 1, "rounds": 3}
    return SpeedTarget(target=target, backend={}, **timing, **COMMON)


def quality_floor(keep_percent: float, counts: str = "low") -> QualityFloor:
    how = {"metric": {}, "backend": {}, "segments": 9, "max_new_tokens": "auto"}
    return QualityFloor(keep_percent=keep_percent, counts=counts, **how, **COMMON)


def exactly(value: float) -> tuple[float, float, float]:
    return value, value, value


def sized(removed: Key) -> tuple[float, float, float]:
    """A thousand, and a hundred for each layer."""
    return exactly(1600 - 100 * len(removed))


def fast(removed: Key) -> tuple[float, float, float]:
    return 1 + len(removed) / 2, 1.0, 9.0


def good(removed: Key) -> tuple[float, float, float]:
    return 100 - 2 * len(removed), 100 - 3 * len(removed), 100.0


ANSWERS = Answers(ADDITIVE, quantities={"params": sized, "bytes": sized, "speed": fast, "quality": good})


@pytest.mark.parametrize("policy", [ParamsTarget, BytesTarget])
@pytest.mark.parametrize(
    ("target", "removals"),
    [(1300, [1, 2, 3]), (1399.5, [1, 2, 3]), (1400, [1, 2]), ("75%", [1, 2, 3, 4]), ("99.9%", [1])],
)
def test_layers_go_until_the_model_is_small_enough(
    policy: type[ParamsTarget], target: float | str, removals: list[int]
) -> None:
    assert ANSWERS.run(policy(target=target, **COMMON), 6).removals == removals


def test_a_size_is_asked_for_at_the_beginning_the_end_and_after_every_removal() -> None:
    told = ANSWERS.run(params_target(1400), 6)
    assert told.measured == [
        ((), ("params",)),
        ((1, 2, 3, 4, 5), ("params",)),
        ((1,), ("params",)),
        ((1, 2), ("params",)),
    ]
    assert [(need, sets) for _, need, sets in told.asked] == [
        ("winner", [(1,), (2,), (3,), (4,), (5,)]),
        ("winner", [(1, 2), (1, 3), (1, 4), (1, 5)]),
    ]


def test_a_target_that_cannot_be_reached_costs_no_question_of_importance() -> None:
    message = r"^target: 1,000 parameters can't be reached: without the 5 layers that may go it is 1,100$"
    with pytest.raises(ValueError, match=message):
        Answers({}, quantities={"params": sized}).run(params_target(1000), 6)


def test_a_target_that_the_unpruned_model_meets_is_refused() -> None:
    message = r"^target: the unpruned model has 1,600 parameters, no more than 2,000$"
    with pytest.raises(ValueError, match=message):
        ANSWERS.run(params_target(2000), 6)


def test_where_nothing_is_protected_any_one_layer_stays() -> None:
    backwards = Answers(
        {removed: -value for removed, value in ADDITIVE.items()}, quantities={"params": sized}
    )
    assert ANSWERS.run(params_target(1100, protect=[]), 6).removals == [0, 1, 2, 3, 4]
    assert backwards.run(params_target(1100, protect=[]), 6).removals == [5, 4, 3, 2, 1]


def test_layers_go_until_the_median_speed_is_reached() -> None:
    told = ANSWERS.run(speed_target(2.0), 6)
    assert told.removals == [1, 2]
    assert told.measured == [
        ((1, 2, 3, 4, 5), ("speed",)),
        ((1,), ("speed",)),
        ((1, 2), ("speed",)),
    ]


def test_a_speed_that_no_depth_has_is_refused() -> None:
    message = r"^target: 4 times the unpruned model's speed can't be reached: .* it is 3\.5$"
    with pytest.raises(ValueError, match=message):
        ANSWERS.run(speed_target(4), 6)


@pytest.mark.parametrize(("counts", "removals"), [("low", [1, 2, 3]), ("value", [1, 2, 3, 4])])
def test_layers_go_while_the_interval_or_the_value_is_above_the_floor(
    counts: str, removals: list[int]
) -> None:
    assert ANSWERS.run(quality_floor(91, counts), 6).removals == removals


def test_a_floor_that_is_just_met_holds() -> None:
    assert ANSWERS.run(quality_floor(94), 6).removals == [1, 2]


def test_a_floor_that_the_first_removal_breaks_leaves_the_model_whole() -> None:
    assert ANSWERS.run(quality_floor(99), 6).removals == []


def test_a_floor_that_is_never_broken_ends_with_the_last_layer_that_may_go() -> None:
    assert ANSWERS.run(quality_floor(10), 6).removals == [1, 2, 3, 4, 5]
