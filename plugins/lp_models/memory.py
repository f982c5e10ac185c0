"""Options and a model's size → rows per batch and bytes of device memory. Standard library only: plans ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lp_runner.api import ModelSize

TOKENS_PER_ROW = 512
"""Assumed of a paragraph's prompt and translation together; a batch that needs more is halved."""
WIDTHS_PER_TOKEN = 20
"""What a forward pass holds per token at its peak, in hidden sizes: the feed-forward is most of it."""
OVERHEAD_BYTES = 2**30
"""The device's own context and workspaces."""
LOGITS_AT_ONCE = {"cpu": 2**26, "cuda": 2**28}
"""Numbers in the largest block of logits: on a CPU 256 positions of a 262 k-word vocabulary, 256 MiB in float32."""
DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
LOGIT_BYTES = 8
"""A logit in the model's dtype and its float32 copy, at most."""


def rows_for(batch_size: int | str, device: str) -> int:
    """The option `batch_size` as a number; "auto" depends on the kind of device alone, so runs repeat."""
    if batch_size != "auto":
        return int(batch_size)
    return 128 if device.startswith("cuda") else 64


def sized_as(dtype: str, size: ModelSize) -> ModelSize:
    """The size in the option `dtype`; "auto" is the run's."""
    return replace(size, dtype_bytes=DTYPE_BYTES.get(dtype, size.dtype_bytes))


def forward_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """Weights and one forward pass of a full batch on a GPU, without output head and cache."""
    tokens = rows_for(options["batch_size"], "cuda") * TOKENS_PER_ROW
    return (
        size.weight_bytes + tokens * WIDTHS_PER_TOKEN * size.hidden_size * size.dtype_bytes + OVERHEAD_BYTES
    )


def decoding_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """Weights, prefill, keys and values of all layers, and one position's logits, of a full batch on a GPU."""
    rows = rows_for(options["batch_size"], "cuda")
    cache = rows * TOKENS_PER_ROW * size.layers * size.kv_width * size.dtype_bytes
    logits = rows * (size.embedding_params // size.hidden_size) * LOGIT_BYTES
    return forward_bytes(options, size) + cache + logits
