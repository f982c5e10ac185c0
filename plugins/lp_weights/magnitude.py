"""A model's weights → how large each layer's are; a set of layers → the sum. No data is looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from lp_models.layer_sums import LayerSums, layers_of
from lp_models.loading import load
from torch import nn

from lp_runner.api import Context, EncodedSegment


class Magnitude(LayerSums):
    """The mean size of one number of a layer's weight matrices, in the weights' own unit.

    Vectors (biases, gains of norms) are left out: they are few, and gains are about 1 whatever they are worth.
    A layer's magnitude as the sum over its weight matrices: Kim et al. 2024 (Shortened LLaMA), arXiv 2402.02834;
    the mean is the same order wherever layers are of one size.
    """

    def __init__(self, *, norm: str) -> None:
        self._size = {"l1": _mean_absolute, "l2": _root_mean_square}[norm]

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """Reads the weights into the host's memory; no device is needed."""
        network = load(model, "cpu", context.dtype)
        with torch.inference_mode():
            self._importance = {layer: self._size(module) for layer, module in layers_of(network).items()}


def _mean_absolute(layer: nn.Module) -> float:
    matrices = _matrices(layer)
    return sum(float(one.double().abs().sum()) for one in matrices) / _count(matrices)


def _root_mean_square(layer: nn.Module) -> float:
    matrices = _matrices(layer)
    squares = sum(float(one.double().square().sum()) for one in matrices)
    return math.sqrt(squares / _count(matrices))


def _matrices(layer: nn.Module) -> list[nn.Parameter]:
    return [weights for weights in layer.parameters() if weights.dim() > 1]


def _count(matrices: Sequence[nn.Parameter]) -> int:
    return sum(one.numel() for one in matrices)
