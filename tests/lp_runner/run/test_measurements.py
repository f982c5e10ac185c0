"""What a policy can have measured, and what it is told where it can't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lp_runner.api import Layer, Measure, Measured, Quantity
from lp_runner.errors import RunFailed, UsageError
from lp_runner.plan import Step
from lp_runner.recipe.recipe import Use
from lp_runner.run.measurements import Measurements
from lp_runner.run.workplace import Workplace

MakeUse = Callable[..., Use]
Measuring = Callable[[Use], Measurements]


@pytest.fixture
def measuring(workplace: Workplace, use: MakeUse) -> Measuring:
    """The measurements of a search by a policy."""

    def make(policy: Use) -> Measurements:
        uses = {"importance": use("importance", "random"), "prune": policy}
        facts = {"model": "m", "device": "cpu"}
        step = Step("search", "search", "", uses, facts, {"prompts": "prompts-dev"}, 7)
        return Measurements(step, workplace, lambda needed: None)

    return make


@pytest.fixture
def by_speed(use: MakeUse) -> Use:
    policy = use("prune", "speed-target", target=2.0, backend={}, segments=3, rounds=3)
    return replace(policy, nested={"backend": use("infer", "transformers")})


def without(*indices: int, quantities: tuple[Quantity, ...]) -> Measure:
    return Measure(frozenset(map(Layer, indices)), quantities)


def test_sizes_are_counted_without_loading_anything(measuring: Measuring, use: MakeUse) -> None:
    measurements = measuring(use("prune", "explicit", layers=[1]))
    assert measurements.answer(without(quantities=("params", "bytes"))) == {
        "params": Measured(5, 5, 5),
        "bytes": Measured(20, 20, 20),
    }
    assert measurements.answer(without(1, 3, quantities=("bytes",))) == {"bytes": Measured(12, 12, 12)}


def test_a_speed_in_the_journal_is_its_rounds_median_with_the_slowest_and_the_fastest(
    measuring: Measuring, by_speed: Use, workplace: Any
) -> None:
    measuring(by_speed)._speed._journal.append(
        {"removed": ["decoder.1"], "rounds": [[3.0, 2.0], [4.0, 1.0], [2.0, 1.0]]}
    )
    found = measuring(by_speed).answer(without(1, quantities=("speed",)))
    assert found == {"speed": Measured(2.0, 1.5, 4.0)}
    assert workplace.listener.of("measured") == [
        {
            "step": "search",
            "removed": ["decoder.1"],
            "quantity": "speed",
            "value": 2.0,
            "low": 1.5,
            "high": 4.0,
        }
    ]


def test_a_speed_needs_as_many_segments_as_are_to_be_timed(measuring: Measuring, by_speed: Use) -> None:
    with pytest.raises(UsageError, match=r"^with\.segments: 3 are to be timed, and the search has 0$"):
        measuring(by_speed).answer(without(1, quantities=("speed",)))


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("speed", "explicit measures with its option 'backend', and has no such plugin there"),
        ("height", "explicit measures 'height', which nothing tells"),
    ],
)
def test_a_policy_without_what_a_measurement_takes_is_told(
    measuring: Measuring, use: MakeUse, quantity: Any, message: str
) -> None:
    with pytest.raises(RunFailed, match=f"^{message}$"):
        measuring(use("prune", "explicit", layers=[1])).answer(without(1, quantities=(quantity,)))


def test_a_quality_in_the_journal_is_a_share_under_the_same_resamples(
    measuring: Measuring, use: MakeUse
) -> None:
    policy = use("prune", "quality-floor", keep_percent=90, metric={}, backend={})
    nested = {"backend": use("infer", "transformers"), "metric": use("evaluate", "chrf++")}
    policy = replace(policy, nested=nested)
    quality = measuring(policy)._quality
    for removed, value, replicates in (
        ([], 50.0, [40.0, 50.0, 60.0]),
        (["decoder.1"], 45.0, [36.0, 50.0, 45.0]),
    ):
        evaluation = {
            "metric": "chrf++",
            "value": value,
            "signature": "s",
            "segments": [],
            "replicates": replicates,
            "higher_is_better": True,
        }
        quality._journal.append({"removed": removed, "evaluation": evaluation})
    found = measuring(policy).answer(without(1, quantities=("quality",)))
    assert found == {"quality": Measured(90.0, 75.0, 100.0)}
