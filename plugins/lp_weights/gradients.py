"""Segments with references → the gradient of their loss in every weight of every layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from lp_models.batching import Batches, recorded_by
from lp_models.layer_sums import layers_of
from lp_models.loading import load
from lp_models.teacher_forcing import (
    final_states,
    forced,
    logits,
    longest_first,
    pieces,
    refuse_without_references,
)
from torch import Tensor, nn
from transformers import PreTrainedModel

from lp_runner.api import Context, EncodedSegment, Layer

Gradients = Mapping[Layer, Sequence[tuple[Tensor, Tensor]]]
"""Every weight of a layer and its gradient, of one shape; the gradient in float32."""


def loss_gradients(
    name: str, context: Context, model: Path, segments: Sequence[EncodedSegment], rows: int
) -> Gradients:
    """Of the references' mean negative log-likelihood, in nats per target token, over all segments.

    Added up over batches in float32 whatever the model's dtype.
    Raises ValueError, in the metric's name, without segments or where one has no reference.
    """
    refuse_without_references(name, segments)
    context.record(passes=len(segments))
    network = load(model, context.device, context.dtype).requires_grad_(False)
    layers = layers_of(network)
    for module in layers.values():
        module.requires_grad_(True)
    sums = {weights: torch.zeros_like(weights, dtype=torch.float32) for weights in _weights(layers)}
    _add_up(context, network, segments, rows, sums)
    return {
        layer: [(weights.detach(), sums[weights]) for weights in module.parameters()]
        for layer, module in layers.items()
    }


def _add_up(
    context: Context,
    network: PreTrainedModel,
    segments: Sequence[EncodedSegment],
    rows: int,
    sums: Mapping[nn.Parameter, Tensor],
) -> None:
    tokens = sum(len(segment.target_ids) for segment in segments)
    done = 0

    def work(batch: Sequence[EncodedSegment]) -> Sequence[None]:
        nonlocal done
        network.zero_grad(set_to_none=True)  # an attempt that ran out of memory leaves some behind
        _backward(network, batch, tokens)
        for weights, total in sums.items():
            total += cast(Tensor, weights.grad)  # in place, so that memory can't run out halfway
        done += len(batch)
        context.progress(done, len(segments), "segments read")
        return [None] * len(batch)

    Batches(rows).map(longest_first(segments), work, recorded_by(context))
    network.zero_grad(set_to_none=True)


def _backward(network: PreTrainedModel, segments: Sequence[EncodedSegment], tokens: int) -> None:
    """The gradient of (sum of nats / tokens), with the head's logits made and dropped some at a time."""
    targets = [segment.target_ids for segment in segments]
    batch = forced(network, [segment.prompt_ids for segment in segments], [ids[:-1] for ids in targets])
    asked = torch.tensor([one for ids in targets for one in ids], device=network.device)
    out = final_states(network, batch)
    states = out["last_hidden_state"][batch.last([len(ids) for ids in targets])]
    leaf = states.detach().requires_grad_()
    for some, ids in zip(pieces(network, leaf), pieces(network, asked), strict=True):
        nats = F.cross_entropy(logits(network, some, type(out)), ids, reduction="sum")
        (nats / tokens).backward()  # type: ignore[no-untyped-call]
    states.backward(leaf.grad)


def _weights(layers: Mapping[Layer, nn.Module]) -> list[nn.Parameter]:
    return [weights for module in layers.values() for weights in module.parameters()]
