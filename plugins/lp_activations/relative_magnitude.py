"""Segments → how long what a layer adds is beside what then leaves it; a set of layers → the sum."""

from __future__ import annotations

import torch
from torch import Tensor

from lp_activations.one_pass import OnePass
from lp_activations.reading import Reading, around_layers
from lp_runner.api import Layer


class RelativeMagnitude(OnePass):
    """The mean over tokens of `relative_magnitude`: at least 0, no unit."""

    name = "relative-magnitude"

    def measure(self, reading: Reading) -> dict[Layer, float]:
        return reading.token_means(around_layers, _per_token)


def relative_magnitude(before: Tensor, after: Tensor) -> Tensor:
    """‖f(x)‖ / ‖x + f(x)‖ at every token, (rows, tokens): x a layer's input, x + f(x) its output.

    Source: Samragh et al. 2023 (Weight subcloning), arXiv 2312.09299.
    """
    before, after = before.float(), after.float()
    tiny = torch.finfo(torch.float32).tiny
    found: Tensor = (after - before).norm(dim=-1) / after.norm(dim=-1).clamp(min=tiny)
    return found


def _per_token(layer: Layer, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    found = relative_magnitude(before, after)
    return found, torch.ones_like(found, dtype=torch.bool)
