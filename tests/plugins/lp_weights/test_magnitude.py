"""Magnitude against the weights themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lp_weights.magnitude import Magnitude
from transformers import PreTrainedModel

from lp_runner.api import Layer


@pytest.fixture
def measure(context: Any, model_folder: Callable[..., Path]) -> Callable[..., list[float]]:
    def of(norm: str, model: PreTrainedModel, *sets: frozenset[Layer]) -> list[float]:
        metric = Magnitude(norm=norm)
        metric.open(context, model_folder(model), [], [2])
        found = [score.value for score in metric.score(context, sets, "scores")]
        metric.close()
        return found

    return of


def plainly(norm: str, model: PreTrainedModel, prefix: str) -> list[float]:
    """All numbers of all matrices of a layer in one list."""
    found = []
    for layer in range(5):
        numbers = torch.cat(
            [
                weights.flatten()
                for name, weights in model.state_dict().items()
                if name.startswith(f"{prefix}.{layer}.") and weights.dim() == 2
            ]
        ).double()
        found.append(float(numbers.abs().mean() if norm == "l1" else numbers.square().mean().sqrt()))
    return found


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_every_layers_value_is_that_of_its_weights(
    norm: str,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
) -> None:
    model = tiny_model(architecture)
    for stack in ("encoder", "decoder") if architecture == "m2m_100" else ("decoder",):
        prefix = f"model.{stack}.layers" if architecture == "m2m_100" else "model.layers"
        found = measure(norm, model, *(frozenset({Layer(index, stack)}) for index in range(5)))
        assert found == pytest.approx(plainly(norm, model, prefix), rel=1e-6)


def test_weights_of_one_size_have_that_size_whatever_their_sign(
    tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]]
) -> None:
    model = tiny_model("llama")
    with torch.no_grad():
        for weights in model.model.layers[1].parameters():
            weights.copy_(weights.sign() * 0.25)
    assert measure("l1", model, frozenset({Layer(1)})) == pytest.approx([0.25])
    assert measure("l2", model, frozenset({Layer(1)})) == pytest.approx([0.25])


def test_a_set_has_the_sum_of_its_layers(
    tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]]
) -> None:
    sets = [frozenset({Layer(1)}), frozenset({Layer(2)}), frozenset({Layer(1), Layer(2)})]
    second, third, both = measure("l1", tiny_model("llama"), *sets)
    assert both == pytest.approx(second + third)


def test_a_layer_that_adds_nothing_need_not_be_the_least_important(
    tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]]
) -> None:
    model = tiny_model("llama")
    with torch.no_grad():
        for name, weights in model.model.layers[3].named_parameters():
            if "o_proj" in name or "down_proj" in name:
                weights.zero_()
            else:
                weights.mul_(9)
    found = measure("l1", model, *(frozenset({Layer(index)}) for index in range(5)))
    assert found.index(max(found)) == 3
