"""Options and a model's size → bytes of device memory. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lp_models.memory import LOGITS_AT_ONCE, OVERHEAD_BYTES, TOKENS_PER_ROW

from lp_runner.api import ModelSize

FLOAT32 = 4
ACTIVATIONS_PER_HIDDEN = 17
"""Numbers kept for the backward pass, per token, layer and hidden unit (Korthikanti et al. 2022, eq. 2, in halves)."""
BLOCKS = 3
"""Logits, their softmax and their gradient."""


def gradient_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """Weights, all layers' gradients in the model's dtype and added up in float32, activations, logits."""
    layers = size.layers * size.layer_params * (size.dtype_bytes + FLOAT32)
    tokens: int = options["batch_size"] * TOKENS_PER_ROW
    activations = tokens * size.layers * ACTIVATIONS_PER_HIDDEN * size.hidden_size * size.dtype_bytes
    return (
        size.weight_bytes + layers + activations + BLOCKS * LOGITS_AT_ONCE["cuda"] * FLOAT32 + OVERHEAD_BYTES
    )


def no_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """The weights are read on the host."""
    return 0
