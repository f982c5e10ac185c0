"""Segments → how far every layer's attention map is from that of the layer below; a set of layers → the sum."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from lp_activations.attention_maps import attention_maps
from lp_activations.one_pass import OnePass
from lp_activations.reading import Reading
from lp_runner.api import Layer


class AttentionDistance(OnePass):
    """The mean of `jensen_shannon` over tokens: 0 where a layer attends just as the one below it, up to 1; no unit.
    The first layer of a stack has none below: it is given 1, the largest value there is.

    Self-attention alone. That neighbouring layers' maps are often near enough to be shared: Xiao et al. 2019,
    arXiv 1906.11024. Heads are averaged first, for a head has no counterpart in another layer; and of the
    distances between distributions this one is bounded, symmetric and at home with maps that have zeros.
    """

    name = "attention-distance"

    def measure(self, reading: Reading) -> dict[Layer, float]:
        below: dict[str, Tensor] = {}
        return reading.token_means(attention_maps, partial(_per_token, below))


def jensen_shannon(one: Tensor, other: Tensor) -> Tensor:
    """The Jensen-Shannon divergence of two distributions in bits, 0 to 1; the last dimension goes.

    Symmetric, and finite where one distribution is 0 and the other isn't (Lin 1991).
    """
    middle = torch.special.entr((one + other) / 2)
    nats: Tensor = (middle - (torch.special.entr(one) + torch.special.entr(other)) / 2).sum(-1)
    return nats.clamp(min=0) / math.log(2)


def _per_token(
    below: dict[str, Tensor], layer: Layer, weights: Tensor, visible: Tensor
) -> tuple[Tensor, Tensor]:
    """`below` holds the map of the layer that ran last, by stack."""
    own = weights.mean(1)
    found = torch.ones_like(own[..., 0]) if layer.index == 0 else jensen_shannon(below[layer.stack], own)
    below[layer.stack] = own
    return found, torch.ones_like(found, dtype=torch.bool)
