"""The numbered layers of a loaded model: find them, and run the model with some of them skipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from torch import nn
from transformers import PreTrainedModel

from lp_runner.api import Layer, Removal

CAUSAL_PATHS = (
    "model.layers",
    "model.language_model.layers",
    "language_model.model.layers",
    "model.decoder.layers",
    "transformer.h",
    "gpt_neox.layers",
)
SEQ2SEQ_PATHS = {"encoder": "model.encoder.layers", "decoder": "model.decoder.layers"}
LENGTH_KEYS = {"decoder": ("num_hidden_layers",), "encoder": ()}
SEQ2SEQ_LENGTH_KEYS = {"decoder": ("decoder_layers",), "encoder": ("encoder_layers", "num_hidden_layers")}
PER_LAYER_KEYS = ("layer_types", "no_rope_layers", "mlp_layer_types")
"""Lists in a config that have an entry per layer and that a forward pass or a cache reads."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One numbered list of layers and who holds it."""

    name: str
    """"decoder" or "encoder"."""
    owner: nn.Module
    attribute: str

    @property
    def layers(self) -> nn.ModuleList:
        return cast(nn.ModuleList, getattr(self.owner, self.attribute))


def stacks(model: PreTrainedModel) -> dict[str, Stack]:
    """The model's stacks by name. Raises ValueError for an architecture whose layers can't be found."""
    paths = SEQ2SEQ_PATHS if model.config.is_encoder_decoder else {"decoder": _causal_path(model)}
    found = {name: _stack(model, name, path) for name, path in paths.items()}
    missing = [name for name, stack in found.items() if stack is None]
    if missing:
        raise ValueError(f"{type(model).__name__}: can't find the layers of its {missing[0]}")
    return {name: stack for name, stack in found.items() if stack is not None}


@contextmanager
def skipping(model: PreTrainedModel, removed: Removal) -> Iterator[None]:
    """Inside, the model runs as if the removed layers had been cut out: no weights are copied or lost.

    Raises ValueError for a layer that the model doesn't have, or where nothing would be left of a stack.
    """
    found = stacks(model)
    refuse_unknown(removed, found)
    with ExitStack() as until:
        for stack in found.values():
            gone = {layer.index for layer in removed if layer.stack == stack.name}
            if gone:
                until.enter_context(_shortened(model, stack, gone))
        yield


def _causal_path(model: PreTrainedModel) -> str:
    for path in CAUSAL_PATHS:
        if _stack(model, "decoder", path):
            return path
    raise ValueError(f"{type(model).__name__}: can't find its layers; looked for {', '.join(CAUSAL_PATHS)}")


def _stack(model: nn.Module, name: str, path: str) -> Stack | None:
    *owners, attribute = path.split(".")
    owner: nn.Module | None = model
    for step in owners:
        owner = getattr(owner, step, None)
    return (
        Stack(name, owner, attribute)
        if isinstance(getattr(owner, attribute, None), nn.ModuleList) and owner
        else None
    )


def refuse_unknown(removed: Removal, found: Mapping[str, Stack]) -> None:
    """Raises ValueError for a layer that the stacks don't have, or where nothing would be left of one."""
    known = {Layer(index, stack.name) for stack in found.values() for index in range(len(stack.layers))}
    unknown = sorted(removed - known)
    if unknown:
        raise ValueError(f"the model has no layer {unknown[0]}")
    for name in found:
        if not any(layer.stack == name for layer in known - removed):
            raise ValueError(f"nothing would be left of the {name}")


@contextmanager
def _shortened(model: PreTrainedModel, stack: Stack, gone: set[int]) -> Iterator[None]:
    whole = stack.layers
    kept = [index for index in range(len(whole)) if index not in gone]
    config = _shorter_config(model, stack.name, kept, len(whole))
    try:
        setattr(stack.owner, stack.attribute, nn.ModuleList(whole[index] for index in kept))
        _number(stack.layers)
        with _settings(model.config.get_text_config(), config):
            yield
    finally:
        setattr(stack.owner, stack.attribute, whole)
        _number(whole)


def _number(layers: nn.ModuleList) -> None:
    """A layer finds its place in the cache by a number that its attention keeps."""
    for index, layer in enumerate(layers):
        for module in layer.modules():
            if hasattr(module, "layer_idx"):
                module.layer_idx = index  # type: ignore[assignment]


def _shorter_config(model: PreTrainedModel, stack: str, kept: list[int], whole: int) -> dict[str, Any]:
    config = model.config.get_text_config()
    lengths = (SEQ2SEQ_LENGTH_KEYS if model.config.is_encoder_decoder else LENGTH_KEYS)[stack]
    changes: dict[str, Any] = {key: len(kept) for key in lengths if hasattr(config, key)}
    for key in PER_LAYER_KEYS:
        per_layer = getattr(config, key, None)
        if per_layer is not None and len(per_layer) == whole:
            changes[key] = [per_layer[index] for index in kept]
    return changes


@contextmanager
def _settings(config: Any, changes: Mapping[str, Any]) -> Iterator[None]:
    before = {key: getattr(config, key) for key in changes}
    try:
        for key, value in changes.items():
            setattr(config, key, value)
        yield
    finally:
        for key, value in before.items():
            setattr(config, key, value)
