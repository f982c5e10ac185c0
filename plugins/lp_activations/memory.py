"""Options and a model's size → bytes of device memory beyond those of a forward pass. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lp_models.memory import TOKENS_PER_ROW, forward_bytes, rows_for

from lp_runner.api import ModelSize

FLOAT64 = 8
FLOAT32 = 4
HEAD_WIDTH = 64
"""Of one attention head, at least."""
MAPS = 3
"""Attention maps that are held at once, with what is computed of them."""


def all_states_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """The states between all layers, twice: as they came and without padding."""
    tokens = rows_for(options["batch_size"], "cuda") * TOKENS_PER_ROW
    states = (size.layers + 1) * tokens * size.hidden_size * size.dtype_bytes
    return forward_bytes(options, size) + 2 * states


def cka_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """All states, and two matrices of width × width per layer."""
    return all_states_bytes(options, size) + (2 * size.layers + 1) * size.hidden_size**2 * FLOAT64


def angular_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """The last token's states are next to nothing."""
    return (all_states_bytes if options["tokens"] == "all" else forward_bytes)(options, size)


def attention_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """Maps of one layer for a full batch: batches of shorter texts need much less."""
    numbers = rows_for(options["batch_size"], "cuda") * TOKENS_PER_ROW**2 * (size.hidden_size // HEAD_WIDTH)
    return forward_bytes(options, size) + MAPS * numbers * FLOAT32
