"""config.json → Size, before any weights are at hand. Pure: opens no file.

The shapes are those of Transformers' own classes; the tests count them there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lp_runner.checkpoint.layers import architecture, tied
from lp_runner.errors import UsageError

DTYPE_BYTES: Mapping[str, int] = {"float32": 4, "float16": 2, "bfloat16": 2}
HEAD_DIMS: Mapping[str, int] = {"qwen3": 128, "gemma3_text": 256}
"""Where config.json doesn't say, and it is not hidden_size / num_attention_heads."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a model will be. Parameters that are shared count once."""

    architecture: str
    layers: int
    params: int
    per_layer_params: int
    embedding_params: int
    head_params: int
    """The output head; 0 where it is the input embedding."""
    dtype: str
    """As stored by the publisher."""

    @property
    def bytes(self) -> int:
        """Of the weights, as stored."""
        return self.params * DTYPE_BYTES[self.dtype]

    def at_depth(self, layers: int) -> Size:
        """The same model with this many layers."""
        removed = self.layers - layers
        return replace(self, layers=layers, params=self.params - removed * self.per_layer_params)


def estimate_from_config(config: Mapping[str, Any]) -> Size:
    """For Cohere, Cohere2, Gemma 3 (text), Llama, Mistral and Qwen3.

    Raises: UsageError at another architecture, or where a number is missing.
    """
    name = architecture(config)
    if name not in LAYER_PARAMS:
        raise UsageError(
            f"config.json: the size of {name} is not known without weights; known: {', '.join(LAYER_PARAMS)}"
        )
    width, layers = _number(config, "hidden_size"), _number(config, "num_hidden_layers")
    embedding = _number(config, "vocab_size") * width
    head = 0 if tied(config) else embedding
    per_layer = LAYER_PARAMS[name](config)
    params = embedding + head + layers * per_layer + width
    return Size(name, layers, params, per_layer, embedding, head, _dtype(config))


def counted(key: str, value: object) -> int:
    """What a key counts. Raises: UsageError where it counts nothing."""
    if value is None:
        raise UsageError(f"config.json: {key} is missing")
    if type(value) is not int or value < 1:
        raise UsageError(f"config.json: {key}: {value!r} is not a count")
    return value


def _cohere(config: Mapping[str, Any]) -> int:
    queries, keys = _heads(config)
    norms = (queries + keys) if config.get("use_qk_norm") else 0
    return _attention(config) + _mlp(config) + _number(config, "hidden_size") + norms


def _cohere2(config: Mapping[str, Any]) -> int:
    return _attention(config) + _mlp(config) + _number(config, "hidden_size")


def _llama(config: Mapping[str, Any]) -> int:
    return _attention(config) + _mlp(config) + 2 * _number(config, "hidden_size")


def _qwen3(config: Mapping[str, Any]) -> int:
    return _llama(config) + 2 * _head_dim(config)


def _gemma3(config: Mapping[str, Any]) -> int:
    return _attention(config) + _mlp(config) + 4 * _number(config, "hidden_size") + 2 * _head_dim(config)


LAYER_PARAMS: Mapping[str, Callable[[Mapping[str, Any]], int]] = {
    "CohereForCausalLM": _cohere,
    "Cohere2ForCausalLM": _cohere2,
    "Gemma3ForCausalLM": _gemma3,
    "LlamaForCausalLM": _llama,
    "MistralForCausalLM": _llama,
    "Qwen3ForCausalLM": _qwen3,
}


def _attention(config: Mapping[str, Any]) -> int:
    width = _number(config, "hidden_size")
    queries, keys = _heads(config)
    bias = queries + 2 * keys + width if config.get("attention_bias") else 0
    return 2 * width * (queries + keys) + bias


def _mlp(config: Mapping[str, Any]) -> int:
    width, inner = _number(config, "hidden_size"), _number(config, "intermediate_size")
    return 3 * width * inner + (2 * inner + width if config.get("mlp_bias") else 0)


def _heads(config: Mapping[str, Any]) -> tuple[int, int]:
    """Widths of all queries, and of all keys (as many values)."""
    heads = _number(config, "num_attention_heads")
    key_heads = heads if config.get("num_key_value_heads") is None else _number(config, "num_key_value_heads")
    return heads * _head_dim(config), key_heads * _head_dim(config)


def _head_dim(config: Mapping[str, Any]) -> int:
    if config.get("head_dim") is not None:
        return _number(config, "head_dim")
    if (default := HEAD_DIMS.get(str(config.get("model_type")))) is not None:
        return default
    return _number(config, "hidden_size") // _number(config, "num_attention_heads")


def _number(config: Mapping[str, Any], key: str) -> int:
    return counted(key, config.get(key))


def _dtype(config: Mapping[str, Any]) -> str:
    found = str(config.get("dtype") or config.get("torch_dtype") or "float32").removeprefix("torch.")
    if found not in DTYPE_BYTES:
        raise UsageError(f"config.json: dtype: {found} is none of {', '.join(DTYPE_BYTES)}")
    return found
