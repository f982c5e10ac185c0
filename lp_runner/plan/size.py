"""A model folder → its size as loaded: from the configuration where we know the class, else from the weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lp_runner.api import ModelSize
from lp_runner.checkpoint import estimate_from_config, inspect
from lp_runner.checkpoint.estimate import DTYPE_BYTES, LAYER_PARAMS


def model_size(folder: Path, config: Mapping[str, Any], dtype: str) -> ModelSize:
    """Raises UsageError where neither configuration nor weights tell."""
    layers, params, per_layer, embedding = _counted(folder, config)
    width = int(config.get("hidden_size") or config.get("d_model") or 0)
    heads = int(config.get("num_attention_heads") or config.get("decoder_attention_heads") or 1)
    key_heads = int(config.get("num_key_value_heads") or heads)
    head_dim = int(config.get("head_dim") or width // heads)
    kv_width = 2 * key_heads * head_dim
    kind = str(config.get("model_type") or "")
    return ModelSize(params, layers, per_layer, embedding, width, kv_width, DTYPE_BYTES[dtype], kind)


def _counted(folder: Path, config: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """(decoder layers, parameters, parameters of a layer, of the embedding)"""
    if (config.get("architectures") or [""])[0] in LAYER_PARAMS:
        size = estimate_from_config(config)
        return size.layers, size.params, size.per_layer_params, size.embedding_params
    found = inspect(folder)
    per_layer = found.layer_params["decoder"]
    return len(per_layer), found.params, max(per_layer), found.embedding_params
