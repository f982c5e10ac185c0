"""Linear CKA, streamed, against the formula on all tokens at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from lp_activations.cka import Cka, Moments
from torch import Tensor
from transformers import PreTrainedModel

from lp_runner.api import Layer


def linear_cka(one: Tensor, other: Tensor) -> float:
    """By the Gram matrices of tokens, HSIC(A, B) / √(HSIC(A, A) HSIC(B, B)), centred by H = I - 1/n."""
    tokens = len(one)
    centre = torch.eye(tokens, dtype=torch.float64) - 1 / tokens
    one, other = one.double(), other.double()
    a, b = centre @ one @ one.T @ centre, centre @ other @ other.T @ centre
    return float((a * b).sum() / ((a * a).sum() * (b * b).sum()).sqrt())


@pytest.mark.parametrize("size", [1, 2])
def test_every_layers_value_is_that_of_the_formula_on_all_tokens(
    size: int,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
    plain_states: Any,
) -> None:
    model = tiny_model(architecture)
    for stack in ("encoder", "decoder") if architecture == "m2m_100" else ("decoder",):
        states = torch.cat([found[stack] for found in plain_states(model)], dim=1)
        expected = [1 - linear_cka(states[layer], states[layer + 1]) for layer in range(5)]
        found = measure(Cka(segments=200, batch_size=size), model, single(stack))
        assert found == pytest.approx(expected, abs=1e-5)


def test_turning_and_scaling_all_states_alike_is_no_change() -> None:
    torch.manual_seed(0)
    states = torch.randn(50, 6, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64)).Q
    moments = Moments()
    moments.add(torch.stack([states, 3 * states @ turn + 7])[:, :20])
    moments.add(torch.stack([states, 3 * states @ turn + 7])[:, 20:])
    assert moments.similarities() == pytest.approx([1.0], abs=1e-9)


def test_a_set_has_the_sum_of_its_layers(
    tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]], single: Any
) -> None:
    sets = [*single("decoder")[1:3], frozenset({Layer(1), Layer(2)})]
    second, third, both = measure(Cka(segments=200, batch_size=2), tiny_model("llama"), sets)
    assert both == pytest.approx(second + third)


def test_a_layer_that_adds_nothing_is_the_least_important(
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
    idle: Callable[..., PreTrainedModel],
) -> None:
    found = measure(Cka(segments=200, batch_size=2), idle(tiny_model(architecture), 3), single("decoder"))
    assert found[3] == pytest.approx(0, abs=1e-9)
    assert min(found[:3] + found[4:]) > 1e-4


def test_no_segments_are_refused(tiny_model: Callable[..., PreTrainedModel], measure: Any) -> None:
    with pytest.raises(ValueError, match="cka has no segments"):
        measure(Cka(segments=5, batch_size=2), tiny_model("llama"), [], [])
