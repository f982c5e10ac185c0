"""Model folder → Checkpoint: which numbered layers it has, and how many parameters and bytes stand where.

Reads config.json and the safetensors headers alone, so the answer costs the same at any model size.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lp_runner.checkpoint.tensors import Tensor, parse_json, read_folder
from lp_runner.errors import EnvironmentFailed, RunFailed, UsageError

NUMBERED = re.compile(r"(?P<prefix>(?:[^.]+\.)*?)(?P<index>0|[1-9]\d{0,5})\.(?P<rest>.+)")
EMBEDDINGS = ("embed_tokens", "wte", "wpe", "shared", "word_embeddings", "embed_in", "embed_positions")
HEADS = ("lm_head", "embed_out")
UNTIED_BY_DEFAULT = frozenset({"llama", "mistral", "qwen2", "qwen3"})
"""Where config.json says nothing of tie_word_embeddings, every other model type shares the two."""
TORCH_NAMES: Mapping[str, str] = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64"}


@dataclass(frozen=True, slots=True)
class Stack:
    """One numbered list of layers."""

    name: str
    """"decoder", or "encoder" in an encoder-decoder model."""
    prefix: str
    """What stands before the number in a tensor's name: "model.layers."."""
    layers: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a model folder holds. Parameters that are shared count once."""

    architecture: str
    """The class that loads it: "CohereForCausalLM"."""
    stacks: Mapping[str, int]
    """Stack → how many layers."""
    params: int
    bytes: int
    """Of the tensors as stored."""
    embedding_params: int
    """Input embeddings, learned positions included."""
    head_params: int
    """The output head; 0 where it is the input embedding."""
    layer_params: Mapping[str, tuple[int, ...]]
    """Stack → parameters of each layer, in order."""
    layer_bytes: Mapping[str, tuple[int, ...]]
    dtype: str
    """What most bytes are stored as: "bfloat16"."""

    def without(self, removed: Iterable[tuple[str, int]]) -> Checkpoint:
        """What is left without these (stack, index) layers. Raises: UsageError as `kept_layers` does."""
        kept = kept_layers(self.stacks, removed)
        params = {stack: tuple(self.layer_params[stack][i] for i in left) for stack, left in kept.items()}
        size = {stack: tuple(self.layer_bytes[stack][i] for i in left) for stack, left in kept.items()}
        return replace(
            self,
            stacks={stack: len(left) for stack, left in kept.items()},
            params=self.params - _total(self.layer_params) + _total(params),
            bytes=self.bytes - _total(self.layer_bytes) + _total(size),
            layer_params=params,
            layer_bytes=size,
        )


def inspect(folder: Path) -> Checkpoint:
    """Raises: UsageError where the model has no numbered layers that we understand; RunFailed where it is damaged."""
    config = read_config(folder)
    tensors = [tensor for shard in read_folder(folder) for tensor in shard.tensors]
    stacks = find_stacks(tensor.name for tensor in tensors)
    counted = _uncounted_twice(tensors, config)
    return Checkpoint(
        architecture=architecture(config),
        stacks={stack.name: stack.layers for stack in stacks},
        params=sum(tensor.params for tensor in counted),
        bytes=sum(tensor.size_bytes for tensor in tensors),
        embedding_params=_outside(counted, stacks, EMBEDDINGS),
        head_params=_outside(counted, stacks, HEADS),
        layer_params={s.name: _per_layer(s, ((t.name, t.params) for t in tensors)) for s in stacks},
        layer_bytes={s.name: _per_layer(s, ((t.name, t.size_bytes) for t in tensors)) for s in stacks},
        dtype=_main_dtype(tensors),
    )


def kept_layers(stacks: Mapping[str, int], removed: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    """Stack → the old indices that stay, in order.

    Raises: UsageError at a stack or layer that the model doesn't have, and where a stack would be left empty.
    """
    gone = frozenset(removed)
    for stack, index in sorted(gone):
        if stack not in stacks:
            raise UsageError(f"the model has no layers named {stack!r}; it has {', '.join(sorted(stacks))}")
        if not 0 <= index < stacks[stack]:
            raise UsageError(f"no layer {stack}.{index}: the model has {stacks[stack]}, counted from 0")
    kept = {stack: tuple(i for i in range(n) if (stack, i) not in gone) for stack, n in stacks.items()}
    if empty := [stack for stack, left in kept.items() if not left]:
        raise UsageError(f"every {empty[0]} layer would be removed; one must stay")
    return kept


def find_stacks(names: Iterable[str]) -> tuple[Stack, ...]:
    """The numbered layer list of a decoder, or the two of an encoder-decoder model.

    Raises: UsageError where there is none, a number is missing, or there are lists that we can't tell apart.
    """
    numbers: dict[str, set[int]] = defaultdict(set)
    for name in names:
        if match := NUMBERED.fullmatch(name):
            numbers[match["prefix"]].add(int(match["index"]))
    if not numbers:
        raise UsageError("no numbered layers among the tensors, such as model.layers.0.")
    stacks = tuple(
        Stack(n, prefix, len(numbers[prefix])) for prefix, n in sorted(_stack_names(numbers).items())
    )
    for stack in stacks:
        if max(numbers[stack.prefix]) != stack.layers - 1:
            raise UsageError(f"{stack.prefix}N. does not count its layers from 0 without a gap")
    return stacks


def place(name: str, stack: Stack) -> tuple[int, str] | None:
    """(layer index, name within the layer) of a tensor, or None where it is not of this stack."""
    match = NUMBERED.fullmatch(name)
    return (int(match["index"]), match["rest"]) if match and match["prefix"] == stack.prefix else None


def read_config(folder: Path) -> dict[str, Any]:
    """Raises: EnvironmentFailed where there is no config.json to be read; RunFailed where it is not a JSON object."""
    path = folder / "config.json"
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise EnvironmentFailed(f"{path}: can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunFailed(f"{path}: {error}") from None


def architecture(config: Mapping[str, Any]) -> str:
    """Raises: UsageError where config.json does not name exactly one class."""
    named = config.get("architectures")
    if not isinstance(named, list) or len(named) != 1 or not isinstance(named[0], str):
        raise UsageError(f"config.json: architectures must name one class, not {named!r}")
    return named[0]


def tied(config: Mapping[str, Any]) -> bool:
    """Whether the output head is the input embedding."""
    return bool(config.get("tie_word_embeddings", config.get("model_type") not in UNTIED_BY_DEFAULT))


def _stack_names(prefixes: Iterable[str]) -> dict[str, str]:
    found = sorted(prefixes)
    if len(found) == 1:
        return {found[0]: "decoder"}
    sides: dict[str, str] = {
        p: side for p in found for side in ("decoder", "encoder") if side in p.split(".")
    }
    if len(found) != 2 or sorted(sides.values()) != ["decoder", "encoder"]:
        raise UsageError(f"several numbered lists of layers: {', '.join(p + 'N.' for p in found)}")
    return sides


def _uncounted_twice(tensors: list[Tensor], config: Mapping[str, Any]) -> list[Tensor]:
    if not tied(config):
        return tensors
    copies: tuple[str, ...] = HEADS if _has(tensors, EMBEDDINGS) else ()
    if _has(tensors, ("shared",)):
        copies += ("embed_tokens",)
    return [tensor for tensor in tensors if not _is(tensor.name, copies)]


def _has(tensors: list[Tensor], endings: tuple[str, ...]) -> bool:
    return any(_is(tensor.name, endings) for tensor in tensors)


def _is(name: str, endings: tuple[str, ...]) -> bool:
    parts = name.split(".")
    return len(parts) > 1 and parts[-1] in ("weight", "bias") and parts[-2] in endings


def _outside(tensors: list[Tensor], stacks: tuple[Stack, ...], endings: tuple[str, ...]) -> int:
    loose = (t for t in tensors if not any(place(t.name, stack) for stack in stacks))
    return sum(tensor.params for tensor in loose if _is(tensor.name, endings))


def _per_layer(stack: Stack, sizes: Iterable[tuple[str, int]]) -> tuple[int, ...]:
    found = [0] * stack.layers
    for name, size in sizes:
        if where := place(name, stack):
            found[where[0]] += size
    return tuple(found)


def _main_dtype(tensors: list[Tensor]) -> str:
    size: Counter[str] = Counter()
    for tensor in tensors:
        size[tensor.dtype] += tensor.size_bytes
    ((dtype, _),) = size.most_common(1)
    return TORCH_NAMES.get(dtype, dtype.lower())


def _total(sizes: Mapping[str, tuple[int, ...]]) -> int:
    return sum(map(sum, sizes.values()))
