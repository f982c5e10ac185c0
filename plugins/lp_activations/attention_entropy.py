"""Segments → how choosy every layer's attention is; a set of layers → the sum."""

from __future__ import annotations

import torch
from torch import Tensor

from lp_activations.attention_maps import attention_maps
from lp_activations.one_pass import OnePass
from lp_activations.reading import Reading
from lp_runner.api import Layer


class AttentionEntropy(OnePass):
    """1 - the mean of `evenness` over tokens: 0 where all heads attend to everything alike, 1 where each picks a
    single token; no unit. A layer whose attention chooses nothing only averages, and counts as little important.

    Self-attention alone. Entropy tells broad heads from focused ones in Clark et al. 2019, arXiv 1906.04341; that
    a layer is worth what its attention chooses is our reading.
    """

    name = "attention-entropy"

    def measure(self, reading: Reading) -> dict[Layer, float]:
        even = reading.token_means(attention_maps, _per_token)
        return {layer: 1 - found for layer, found in even.items()}


def evenness(weights: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
    """The entropy of each token's attention over its largest possible value, averaged over heads.

    Args:
        weights: (rows, heads, tokens, tokens), each token's adding up to 1.
        visible: True where a token sees another, (rows, 1, tokens, tokens).
    Returns: 0 to 1, (rows, tokens); and True where a token sees more than one, (rows, tokens): where it sees one,
        it has no choice.
    """
    entropy = torch.special.entr(weights).sum(-1).mean(1)
    seen = visible.sum(-1)[:, 0].expand_as(entropy)
    return entropy / seen.clamp(min=2).log(), seen > 1


def _per_token(layer: Layer, weights: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
    return evenness(weights, visible)
