"""Relative magnitude against a plain computation, one segment at a time, from the stock hidden states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from lp_activations.relative_magnitude import RelativeMagnitude, relative_magnitude
from transformers import PreTrainedModel

from lp_runner.api import Layer


def plainly(plain_states: Any, model: PreTrainedModel, stack: str) -> list[float]:
    ratios: list[list[float]] = [[] for _ in range(5)]
    for states in plain_states(model):
        for layer in range(5):
            for before, after in zip(states[stack][layer], states[stack][layer + 1], strict=True):
                ratios[layer].append(float(torch.norm(after - before) / torch.norm(after)))
    return [sum(found) / len(found) for found in ratios]


def test_half_of_what_leaves_was_added() -> None:
    before, after = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[6.0, 8.0]]])
    assert relative_magnitude(before, after).tolist() == [[0.5]]


@pytest.mark.parametrize("size", [1, 2])
def test_every_layers_value_is_that_of_the_plain_computation(
    size: int,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
    plain_states: Any,
) -> None:
    model = tiny_model(architecture)
    for stack in ("encoder", "decoder") if architecture == "m2m_100" else ("decoder",):
        found = measure(RelativeMagnitude(segments=200, batch_size=size), model, single(stack))
        assert found == pytest.approx(plainly(plain_states, model, stack), abs=1e-5)


def test_a_set_has_the_sum_of_its_layers(
    tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]], single: Any
) -> None:
    sets = [*single("decoder")[1:3], frozenset({Layer(1), Layer(2)})]
    second, third, both = measure(RelativeMagnitude(segments=200, batch_size=2), tiny_model("llama"), sets)
    assert both == pytest.approx(second + third)


def test_a_layer_that_adds_nothing_is_the_least_important(
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
    idle: Callable[..., PreTrainedModel],
) -> None:
    metric = RelativeMagnitude(segments=200, batch_size=2)
    found = measure(metric, idle(tiny_model(architecture), 3), single("decoder"))
    assert found[3] == 0
    assert min(found[:3] + found[4:]) > 0.01


def test_no_segments_are_refused(tiny_model: Callable[..., PreTrainedModel], measure: Any) -> None:
    with pytest.raises(ValueError, match="relative-magnitude has no segments"):
        measure(RelativeMagnitude(segments=5, batch_size=2), tiny_model("llama"), [], [])
