"""Segments with references → what the loss would change by without each layer's weights, to first order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from lp_models.layer_sums import LayerSums
from torch import Tensor

from lp_runner.api import Context, EncodedSegment
from lp_weights.gradients import loss_gradients


class Taylor(LayerSums):
    """Σ |Σ w · ∂L/∂w|: inside over the weights of a group, outside over a layer's groups; in nats per target token.

    L is the references' negative log-likelihood. The inner sum is, to first order, by how much L falls where the
    group's weights become 0.
    Source: Molchanov et al. 2019, arXiv 1906.10771, and for language models Ma et al. 2023 (LLM-Pruner),
    arXiv 2305.11627.
    """

    def __init__(self, *, segments: int, group: str, batch_size: int) -> None:
        self._count = segments
        self._contribution = GROUPS[group]
        self._batch_size = batch_size

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """One pass there and back. Raises ValueError without segments, or where one has no reference."""
        found = loss_gradients("taylor", context, model, segments[: self._count], self._batch_size)
        self._importance = {
            layer: sum(self._contribution(*one) for one in weights) for layer, weights in found.items()
        }


def of_tensor(weights: Tensor, gradient: Tensor) -> float:
    return float((weights.double() * gradient).sum().abs())


def of_rows(weights: Tensor, gradient: Tensor) -> float:
    """A row makes one output of a linear map; a vector is one row."""
    return float((weights.double() * gradient).sum(-1).abs().sum())


def of_weights(weights: Tensor, gradient: Tensor) -> float:
    return float((weights.double() * gradient).abs().sum())


GROUPS = MappingProxyType({"tensor": of_tensor, "row": of_rows, "weight": of_weights})
