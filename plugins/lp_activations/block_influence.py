"""Segments → how far every layer of the unpruned model turns the hidden states; a set of layers → the sum."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lp_activations.one_pass import OnePass
from lp_activations.reading import Reading, around_layers
from lp_runner.api import Layer


class BlockInfluence(OnePass):
    """The mean over tokens of `influence`: 0 to 2, no unit."""

    name = "block-influence"

    def measure(self, reading: Reading) -> dict[Layer, float]:
        return reading.token_means(around_layers, _per_token)


def influence(before: Tensor, after: Tensor) -> Tensor:
    """1 - cosine of a layer's input and output at every token, (rows, tokens); 0 to 2, no unit.

    Source: Men et al. 2024 (ShortGPT), arXiv 2403.03853, equation 1, before its mean over tokens.
    """
    return 1 - F.cosine_similarity(before.float(), after.float(), dim=-1)


def _per_token(layer: Layer, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    found = influence(before, after)
    return found, torch.ones_like(found, dtype=torch.bool)
