"""Taylor and gradient norm against stock training losses, one segment at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from lp_models import teacher_forcing
from lp_weights import gradients
from lp_weights.gradient_norm import GradientNorm
from lp_weights.taylor import Taylor
from torch import Tensor
from transformers import PreTrainedModel

from lp_runner.api import EncodedSegment, Layer

SEGMENTS = [
    EncodedSegment("a", "b", (1, 30, 31, 32), (40, 41, 2)),
    EncodedSegment("a", "b", (1, 50, 7), (60, 61, 62, 63, 64, 65, 66, 67, 68, 2)),
    EncodedSegment("a", "b", (1, 70, 71, 72, 73, 74, 75, 76, 7), (2,)),
]
METRICS = {
    "tensor": Taylor(segments=200, group="tensor", batch_size=2),
    "row": Taylor(segments=200, group="row", batch_size=2),
    "weight": Taylor(segments=200, group="weight", batch_size=2),
    "norm": GradientNorm(segments=200, batch_size=2),
}


@pytest.fixture
def measure(context: Any, model_folder: Callable[..., Path]) -> Callable[..., list[float]]:
    def of(
        metric: Any,
        model: PreTrainedModel,
        stack: str = "decoder",
        segments: Sequence[EncodedSegment] = SEGMENTS,
    ) -> list[float]:
        metric.open(context, model_folder(model), segments, [2])
        sets = [frozenset({Layer(index, stack)}) for index in range(5)]
        found = [score.value for score in metric.score(context, sets, "scores")]
        metric.close()
        return found

    return of


def layers(model: PreTrainedModel, stack: str) -> Any:
    return getattr(model.model, stack).layers if model.config.is_encoder_decoder else model.model.layers


def stock_gradients(model: PreTrainedModel) -> None:
    """Of nats per target token, left in the model's own `.grad`."""
    total = torch.zeros(())
    for segment in SEGMENTS:
        prompt, target = segment.prompt_ids, segment.target_ids
        if model.config.is_encoder_decoder:
            start = [model.config.decoder_start_token_id, prompt[-1], *target[:-1]]
            found = model(torch.tensor([prompt[:-1]]), decoder_input_ids=torch.tensor([start])).logits
        else:
            found = model(torch.tensor([[*prompt, *target[:-1]]])).logits
        total = total + F.cross_entropy(found[0, -len(target) :], torch.tensor(target), reduction="sum")
    (total / 14).backward()


def plainly(how: str, weights: Sequence[Tensor]) -> float:
    products = [one.detach() * one.grad for one in weights]
    if how == "tensor":
        return sum(abs(float(one.sum())) for one in products)
    if how == "weight":
        return sum(float(one.abs().sum()) for one in products)
    if how == "row":
        rows = [row for one in products for row in (one if one.dim() == 2 else [one])]
        return sum(abs(float(row.sum())) for row in rows)
    return float(torch.cat([one.grad.flatten() for one in weights]).norm())


@pytest.mark.parametrize("how", METRICS)
def test_every_layers_value_is_that_of_stock_gradients(
    how: str,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teacher_forcing, "LOGITS_AT_ONCE", {"cpu": 4 * 97})
    model = tiny_model(architecture)
    stock_gradients(model)
    for stack in ("encoder", "decoder") if architecture == "m2m_100" else ("decoder",):
        expected = [plainly(how, list(layer.parameters())) for layer in layers(model, stack)]
        assert measure(METRICS[how], model, stack) == pytest.approx(expected, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("metric", [GradientNorm, Taylor])
def test_the_batch_changes_nothing(
    metric: Any, size: int, tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]]
) -> None:
    more = {"group": "row"} if metric is Taylor else {}
    two = measure(metric(segments=200, batch_size=2, **more), tiny_model("llama"))
    assert measure(metric(segments=200, batch_size=size, **more), tiny_model("llama")) == pytest.approx(
        two, rel=1e-4
    )


def test_running_out_of_memory_counts_nothing_twice(
    tiny_model: Callable[..., PreTrainedModel],
    measure: Callable[..., list[float]],
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = tiny_model("llama")
    expected = measure(METRICS["norm"], model)
    plain = gradients._backward

    def short_of_memory(network: Any, segments: Sequence[Any], tokens: int) -> None:
        plain(network, segments, tokens)
        if len(segments) > 1:
            raise MemoryError

    monkeypatch.setattr(gradients, "_backward", short_of_memory)
    assert measure(METRICS["norm"], model) == pytest.approx(expected, rel=1e-4)
    halved = {"out_of_memory": "batch halved", "batch_size": 1}
    assert context.facts == [{"passes": 3}, {"passes": 3}, halved]


@torch.no_grad()
def silenced(model: PreTrainedModel, *names: str) -> PreTrainedModel:
    """With some matrices of layer 3 made 0."""
    for name in names:
        model.model.layers[3].get_submodule(name).weight.zero_()
    return model


@pytest.mark.parametrize("how", ["tensor", "row", "weight"])
def test_a_layer_that_adds_nothing_is_the_least_important_to_taylor(
    how: str, tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]]
) -> None:
    found = measure(METRICS[how], silenced(tiny_model("llama"), "self_attn.o_proj", "mlp.down_proj"))
    assert found[3] == 0
    assert min(found[:3] + found[4:]) > 0.001


def test_to_gradient_norm_a_layer_does_nothing_only_if_it_would_not_learn_to(
    tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]]
) -> None:
    names = ["self_attn.o_proj", "mlp.down_proj"]
    ready_to_learn = measure(METRICS["norm"], silenced(tiny_model("llama"), *names))
    found = measure(METRICS["norm"], silenced(tiny_model("llama"), *names, "self_attn.v_proj", "mlp.up_proj"))
    assert ready_to_learn[3] > 0.001
    assert found[3] == 0
    assert min(found[:3] + found[4:]) > 0.001


@pytest.mark.parametrize(("how", "name"), [("tensor", "taylor"), ("norm", "gradient-norm")])
def test_a_segment_without_reference_and_no_segments_are_refused(
    how: str, name: str, tiny_model: Callable[..., PreTrainedModel], measure: Callable[..., list[float]]
) -> None:
    with pytest.raises(ValueError, match=f"segment 4 has no reference, which {name} needs"):
        measure(
            METRICS[how], tiny_model("llama"), "decoder", [*SEGMENTS, EncodedSegment("x", None, (1, 30), ())]
        )
    with pytest.raises(ValueError, match=f"{name} has no segments"):
        measure(METRICS[how], tiny_model("llama"), "decoder", [])
