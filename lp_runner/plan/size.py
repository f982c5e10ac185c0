"""A model folder → its size as loaded: from the configuration where we know the class, else from the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lp_runner.api import ModelSize
from lp_runner.checkpoint import estimate_from_config, inspect
from lp_runner.checkpoint.estimate import DTYPE_BYTES, LAYER_PARAMS, counted
from lp_runner.checkpoint.layers import architecture
from lp_runner.errors import UsageError

_WIDTHS = ("hidden_size", "d_model", "n_embd")
_WEIGHTS = (".safetensors", ".bin", ".pt")
"""Pickled ones too, which are refused by name."""


def model_size(folder: Path, config: Mapping[str, Any], dtype: str) -> ModelSize:
    """Raises UsageError where neither configuration nor weights tell."""
    layers, params, per_layer, embedding = _counted(folder, config)
    width = _count(config, _WIDTHS, 0)
    if not width:
        raise UsageError(f"config.json: none of {', '.join(_WIDTHS)} says how wide the model is")
    heads = _count(config, ("num_attention_heads", "decoder_attention_heads"), 1)
    key_heads = _count(config, ("num_key_value_heads",), heads)
    head_dim = _count(config, ("head_dim",), width // heads)
    kv_width = 2 * key_heads * head_dim
    kind = str(config.get("model_type") or "")
    return ModelSize(params, layers, per_layer, embedding, width, kv_width, DTYPE_BYTES[dtype], kind)


def _counted(folder: Path, config: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """(decoder layers, parameters, parameters of a layer, of the embedding)"""
    if architecture(config) in LAYER_PARAMS or not _has_weights(folder):
        size = estimate_from_config(config)
        return size.layers, size.params, size.per_layer_params, size.embedding_params
    found = inspect(folder)
    per_layer = found.layer_params["decoder"]
    return len(per_layer), found.params, max(per_layer), found.embedding_params


def _has_weights(folder: Path) -> bool:
    return any(path.suffix in _WEIGHTS for path in folder.iterdir())


def _count(config: Mapping[str, Any], keys: Sequence[str], otherwise: int) -> int:
    """By the first of the keys that says anything; of a list, an entry a layer, the largest."""
    for key in keys:
        if value := config.get(key):
            return max(counted(key, one) for one in (value if isinstance(value, list) else [value]))
    return otherwise
