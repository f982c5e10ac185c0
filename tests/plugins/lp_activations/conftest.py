"""What tests of activations share: segments of many lengths, a metric asked, and stock states of one text alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from lp_runner.api import EncodedSegment, Layer, Removal

SEGMENTS = [
    EncodedSegment("a", "b", (1, 30, 31, 32), (40, 41, 2)),
    EncodedSegment("a", "b", (1, 50, 7), (60, 61, 62, 63, 64, 65, 2)),
    EncodedSegment("a", None, (1, 70, 71, 72, 73, 74, 75, 76, 7), ()),
]


@pytest.fixture
def segments() -> list[EncodedSegment]:
    return list(SEGMENTS)


@pytest.fixture
def measure(context: Any, model_folder: Callable[..., Path]) -> Callable[..., list[float]]:
    """`measure(metric, model, sets)`: the values of the sets."""

    def of(
        metric: Any,
        model: PreTrainedModel,
        sets: Sequence[Removal],
        segments: Sequence[EncodedSegment] = SEGMENTS,
    ) -> list[float]:
        metric.open(context, model_folder(model), segments, [2])
        scores = list(metric.score(context, sets, "scores"))
        metric.close()
        assert [score.removed for score in scores] == list(sets)
        return [score.value for score in scores]

    return of


@pytest.fixture
def single() -> Callable[..., list[Removal]]:
    """`single("decoder")`: each of its five layers by itself."""
    return lambda stack: [frozenset({Layer(index, stack)}) for index in range(5)]


@pytest.fixture
def plain_states() -> Callable[..., Iterator[Mapping[str, Tensor]]]:
    """Per segment, run alone, and stack: what enters the first layer and leaves each, (layers + 1, tokens, width)."""

    @torch.no_grad()
    def of(
        model: PreTrainedModel, segments: Sequence[EncodedSegment] = SEGMENTS
    ) -> Iterator[dict[str, Tensor]]:
        for segment in segments:
            seen: dict[str, list[Tensor]] = {name: [] for name in stacks(model)}
            hooks = [
                layer.register_forward_hook(lambda _, args, out, kept=seen[name]: kept.extend([args[0], out]))
                for name, layers in stacks(model).items()
                for layer in layers
            ]
            read(model, segment)
            for hook in hooks:
                hook.remove()
            yield {name: torch.cat([found[0], *found[1::2]]) for name, found in seen.items()}

    return of


@pytest.fixture
def plain_maps() -> Callable[..., Iterator[Mapping[str, Tensor]]]:
    """Per segment, run alone, and stack: self-attention of each layer, (layers, heads, tokens, tokens)."""

    @torch.no_grad()
    def of(
        model: PreTrainedModel, segments: Sequence[EncodedSegment] = SEGMENTS
    ) -> Iterator[dict[str, Tensor]]:
        model.set_attn_implementation("eager")
        for segment in segments:
            out = read(model, segment, output_attentions=True)
            if model.config.is_encoder_decoder:
                found = {"encoder": out.encoder_attentions, "decoder": out.decoder_attentions}
            else:
                found = {"decoder": out.attentions}
            yield {name: torch.cat(maps) for name, maps in found.items()}

    return of


def stacks(model: PreTrainedModel) -> dict[str, Any]:
    if model.config.is_encoder_decoder:
        return {"encoder": model.model.encoder.layers, "decoder": model.model.decoder.layers}
    return {"decoder": model.model.layers}


def read(model: PreTrainedModel, segment: EncodedSegment, **more: Any) -> Any:
    prompt, target = segment.prompt_ids, segment.target_ids
    if model.config.is_encoder_decoder:
        start = [model.config.decoder_start_token_id, prompt[-1], *target]
        return model(torch.tensor([prompt[:-1]]), decoder_input_ids=torch.tensor([start]), **more)
    return model(torch.tensor([[*prompt, *target]]), **more)


@pytest.fixture
def idle() -> Callable[..., PreTrainedModel]:
    """`idle(model, 3)`: the model with a layer that adds nothing to its input."""

    @torch.no_grad()
    def plant(model: PreTrainedModel, index: int, stack: str = "decoder") -> PreTrainedModel:
        layer = stacks(model)[stack][index]
        for name, part in layer.named_modules():
            if name.rpartition(".")[2] in ("o_proj", "out_proj", "down_proj", "fc2"):
                part.weight.zero_()
                if part.bias is not None:
                    part.bias.zero_()
        return model

    return plant
