"""A loaded model → each layer's self-attention map while it reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from lp_models.layer_sums import layers_of
from torch import Tensor, nn
from transformers import PreTrainedModel

from lp_activations.reading import See
from lp_runner.api import Layer

NAMES = ("self_attn", "attention", "attn", "self_attention")
"""What architectures call the self-attention of a layer."""


@contextmanager
def attention_maps(network: PreTrainedModel, see: See) -> Iterator[None]:
    """Inside, see what every layer's tokens attend to in their own stack, and what they could.

    Both (rows, heads or 1, tokens, tokens): shares that add up to 1 for each token, and True where a token sees
    another. Cross-attention is not looked at. The maps exist in the model's plain implementation of attention
    alone, which the network is switched to for good.
    Raises ValueError for an architecture whose attention can't be found.
    """
    network.set_attn_implementation("eager")

    def show(layer: Layer, module: nn.Module, args: tuple[Any, ...], named: dict[str, Any], out: Any) -> None:
        see(layer, out[1].float(), _visible(named.get("attention_mask"), out[1]))

    with ExitStack() as until:
        for layer, module in layers_of(network).items():
            hook = partial(show, layer)
            until.callback(_attention(module).register_forward_hook(hook, with_kwargs=True).remove)
        yield


def _attention(layer: nn.Module) -> nn.Module:
    for name in NAMES:
        found = getattr(layer, name, None)
        if isinstance(found, nn.Module):
            return found
    raise ValueError(f"{type(layer).__name__}: can't find its attention; looked for {', '.join(NAMES)}")


def _visible(mask: Tensor | None, weights: Tensor) -> Tensor:
    """Stock masks are True, or 0 to be added, where a token is seen; None where all are."""
    if mask is None:
        return torch.ones_like(weights[:, :1], dtype=torch.bool)
    return mask if mask.dtype == torch.bool else mask == 0
