"""Metrics of attention maps against plain computations, one segment at a time, from the stock maps.

What does nothing means something else here: a layer whose output projections are 0 still attends. So a layer is
planted whose attention chooses nothing (queries and keys are 0), or just what the layer below chose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from lp_activations.attention_distance import AttentionDistance, jensen_shannon
from lp_activations.attention_entropy import AttentionEntropy, evenness
from transformers import PreTrainedModel

from lp_runner.api import Layer

WINDOW = 6
METRICS = [AttentionEntropy, AttentionDistance]


def visible(model: PreTrainedModel, stack: str, layer: int, token: int, tokens: int) -> int:
    """How many tokens a token sees: all in an encoder, else those up to itself, in a window of 6 where it slides."""
    if stack == "encoder":
        return tokens
    kinds = getattr(model.config, "layer_types", None)
    slides = kinds[layer] == "sliding_attention" if kinds else model.config.model_type == "mistral"
    return min(token + 1, WINDOW) if slides else token + 1


def plain_entropy(plain_maps: Any, model: PreTrainedModel, stack: str) -> list[float]:
    found: list[list[float]] = [[] for _ in range(5)]
    for maps in plain_maps(model):
        for layer, heads in enumerate(maps[stack]):
            for token in range(heads.shape[1]):
                sees = visible(model, stack, layer, token, heads.shape[1])
                if sees > 1:
                    shares = [[float(share) for share in head[token] if share > 0] for head in heads]
                    entropies = [-sum(p * math.log(p) for p in head) for head in shares]
                    found[layer].append(sum(entropies) / len(entropies) / math.log(sees))
    return [1 - sum(even) / len(even) for even in found]


def plain_distance(plain_maps: Any, model: PreTrainedModel, stack: str) -> list[float]:
    found: list[list[float]] = [[] for _ in range(4)]
    for maps in plain_maps(model):
        mean = maps[stack].double().mean(1)
        for layer in range(4):
            for one, other in zip(mean[layer].tolist(), mean[layer + 1].tolist(), strict=True):
                middle = [(a + b) / 2 for a, b in zip(one, other, strict=True)]
                found[layer].append((relative(one, middle) + relative(other, middle)) / 2)
    return [1.0, *(sum(apart) / len(apart) for apart in found)]


def relative(p: list[float], q: list[float]) -> float:
    """KL(p ‖ q) in bits."""
    return sum(a * math.log2(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def test_even_attention_is_1_and_a_single_token_0() -> None:
    weights = torch.tensor([[[[1.0, 0, 0], [0.5, 0.5, 0], [0, 0, 1.0]]]])
    sees = torch.ones(3, 3).tril().bool()[None, None]
    even, choice = evenness(weights, sees)
    assert even.tolist() == [[0, pytest.approx(1), 0]]
    assert choice.tolist() == [[False, True, True]]


def test_maps_without_a_common_token_are_1_apart() -> None:
    one, other = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0]]), torch.tensor([[0, 0.5, 0.5], [0.5, 0.5, 0]])
    assert jensen_shannon(one, other).tolist() == pytest.approx([1, 0], abs=1e-6)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(
    ("metric", "plainly"), [(AttentionEntropy, plain_entropy), (AttentionDistance, plain_distance)]
)
def test_every_layers_value_is_that_of_the_plain_computation(
    metric: Any,
    plainly: Callable[..., list[float]],
    size: int,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
    plain_maps: Any,
) -> None:
    model = tiny_model(architecture)
    for stack in ("encoder", "decoder") if architecture == "m2m_100" else ("decoder",):
        found = measure(metric(segments=200, batch_size=size), model, single(stack))
        assert found == pytest.approx(plainly(plain_maps, model, stack), abs=1e-5)


def test_a_layer_that_attends_to_all_alike_has_no_attention_entropy_to_speak_of(
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
) -> None:
    model = tiny_model(architecture)
    layers = model.model.decoder.layers if architecture == "m2m_100" else model.model.layers
    with torch.no_grad():
        for name, weights in layers[3].self_attn.named_parameters():
            if "q_proj" in name or "k_proj" in name:
                weights.zero_()
    found = measure(AttentionEntropy(segments=200, batch_size=2), model, single("decoder"))
    assert found[3] == pytest.approx(0, abs=1e-5)
    assert min(found[:3] + found[4:]) > 0.001


def test_a_layer_that_attends_just_as_the_layer_below_has_no_distance(
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
    idle: Callable[..., PreTrainedModel],
) -> None:
    model = idle(tiny_model("llama"), 2)
    model.model.layers[3].load_state_dict(model.model.layers[2].state_dict())
    found = measure(AttentionDistance(segments=200, batch_size=2), model, single("decoder"))
    assert found[3] == pytest.approx(0, abs=1e-6)
    assert min(found[:3] + found[4:]) > 0.001


@pytest.mark.parametrize("metric", METRICS)
def test_a_set_has_the_sum_of_its_layers(
    metric: Any,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    single: Any,
) -> None:
    sets = [*single("decoder")[1:3], frozenset({Layer(1), Layer(2)})]
    second, third, both = measure(metric(segments=200, batch_size=2), tiny_model("llama"), sets)
    assert both == pytest.approx(second + third)


@pytest.mark.parametrize("metric", METRICS)
def test_no_segments_are_refused(
    metric: Any, tiny_model: Callable[..., PreTrainedModel], measure: Any
) -> None:
    with pytest.raises(ValueError, match=f"{metric.name} has no segments"):
        measure(metric(segments=5, batch_size=2), tiny_model("llama"), [], [])
