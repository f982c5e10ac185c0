"""Angular distance against a plain computation, one segment at a time, from the stock hidden states."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from lp_activations.angular_distance import AngularDistance, distances
from transformers import PreTrainedModel

from lp_runner.api import Layer, Removal

BLOCKS = [(0, 0), (3, 3), (4, 4), (1, 2), (0, 2), (2, 4)]


def block(first: int, last: int, stack: str = "decoder") -> Removal:
    return frozenset(Layer(index, stack) for index in range(first, last + 1))


def plainly(plain_states: Any, model: PreTrainedModel, stack: str, tokens: str) -> list[float]:
    angles: list[list[float]] = [[] for _ in BLOCKS]
    for states in plain_states(model):
        for (first, last), found in zip(BLOCKS, angles, strict=True):
            for before, after in zip(states[stack][first], states[stack][last + 1], strict=True):
                cosine = float(torch.cosine_similarity(before.double(), after.double(), dim=0))
                angle = math.acos(min(1.0, cosine)) / math.pi
                found.append(angle)
            if tokens == "last":
                found[-len(states[stack][0]) :] = found[-1:]
    return [sum(found) / len(found) for found in angles]


def test_a_right_angle_is_half_and_the_other_way_round_is_one() -> None:
    states = torch.tensor([[[1.0, 0.0]], [[0.0, 2.0]], [[-3.0, 0.0]]])
    assert distances(states)[0].tolist() == pytest.approx([0, 0.5, 1], abs=1e-7)


@pytest.mark.parametrize("tokens", ["last", "all"])
@pytest.mark.parametrize("size", [1, 2])
def test_every_blocks_value_is_that_of_the_plain_computation(
    size: int,
    tokens: str,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    plain_states: Any,
) -> None:
    model = tiny_model(architecture)
    for stack in ("encoder", "decoder") if architecture == "m2m_100" else ("decoder",):
        metric = AngularDistance(segments=200, tokens=tokens, batch_size=size)
        found = measure(metric, model, [block(*ends, stack) for ends in BLOCKS])
        assert found == pytest.approx(plainly(plain_states, model, stack, tokens), abs=1e-5)


@pytest.mark.parametrize("tokens", ["last", "all"])
def test_a_block_that_adds_nothing_is_the_least_important(
    tokens: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    idle: Callable[..., PreTrainedModel],
) -> None:
    model = idle(idle(tiny_model("llama"), 2), 3)
    metric = AngularDistance(segments=200, tokens=tokens, batch_size=2)
    found = measure(metric, model, [block(0, 1), block(1, 2), block(2, 3), block(3, 4)])
    assert found[2] == pytest.approx(0, abs=1e-6)
    assert min(found[:2] + found[3:]) > 0.01


@pytest.mark.parametrize(
    ("removed", "named"),
    [
        (frozenset({Layer(1), Layer(3)}), r"decoder\.1 decoder\.3"),
        (frozenset({Layer(1, "encoder"), Layer(2)}), r"encoder\.1 decoder\.2"),
        (frozenset(), "the empty set"),
    ],
)
def test_a_set_that_is_no_block_is_refused_and_the_policy_that_asks_for_blocks_is_named(
    removed: Removal, named: str, tiny_model: Callable[..., PreTrainedModel], measure: Any
) -> None:
    metric = AngularDistance(segments=200, tokens="last", batch_size=2)
    with pytest.raises(ValueError, match=rf"{named} is none; use it with the policy contiguous"):
        measure(metric, tiny_model("llama"), [removed])


def test_no_segments_are_refused(tiny_model: Callable[..., PreTrainedModel], measure: Any) -> None:
    with pytest.raises(ValueError, match="angular-distance has no segments"):
        measure(AngularDistance(segments=5, tokens="last", batch_size=2), tiny_model("llama"), [], [])
