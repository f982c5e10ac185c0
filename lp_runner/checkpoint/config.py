"""config.json + the layers that stay → config.json of the smaller model. Pure: opens no file.

Nothing is added that Transformers would not write itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lp_runner.checkpoint import patterns
from lp_runner.checkpoint.layers import Stack
from lp_runner.errors import UsageError


def write_out(config: Mapping[str, Any], layers: int) -> dict[str, Any]:
    """The same model with its layer pattern as a list, where we know the rule and the list is not there.

    Raises: UsageError where Transformers would make up a list by a rule that we don't know.
    """
    written = dict(config)
    kind = str(config.get("model_type"))
    if kind in patterns.COUNTED_OUT and config.get("layer_types") is None:
        written["layer_types"] = _counted_out(config, layers, *patterns.COUNTED_OUT[kind])
    if _slides_after(config) and config.get("layer_types") is None:
        written["layer_types"] = _slide_after(int(config["max_window_layers"]), layers)
    for key in patterns.MUST_BE_WRITTEN_OUT.get(kind, ()):
        if not any(isinstance(written.get(one), list) for one in (key, patterns.PREFERRED_TO.get(key, key))):
            raise UsageError(
                f"config.json: {key} is not written out; {kind} would make it up by layer number",
                "load and save the model once with Transformers, which writes such lists out",
            )
    return written


def cut_config(
    config: Mapping[str, Any], stacks: Sequence[Stack], kept: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    """Counts lowered, per-layer lists cut, layer numbers renumbered; rules that a list replaces are dropped.

    Raises: UsageError where config.json does not say how many layers a stack has, or says another number.
    """
    smaller = {k: v for k, v in config.items() if k not in patterns.PATTERN_REPLACED_BY or v is None}
    for stack in stacks:
        for key in _count_keys(config, stack, len(stacks)):
            smaller[key] = len(kept[stack.name])
    if len(stacks) == 1:
        _cut_lists(smaller, kept[stacks[0].name])
    return smaller


def _cut_lists(config: dict[str, Any], kept: Sequence[int]) -> None:
    new_index = {old: new for new, old in enumerate(kept)}
    for key in patterns.PER_LAYER_LISTS & config.keys():
        if isinstance(config[key], list):
            config[key] = [config[key][old] for old in kept]
    for key in patterns.LAYER_INDEX_LISTS & config.keys():
        if isinstance(config[key], list):
            config[key] = [new_index[old] for old in config[key] if old in new_index]
    for key in patterns.FIRST_LAYERS & config.keys():
        if type(config[key]) is int:
            config[key] = sum(old < config[key] for old in kept)


def _count_keys(config: Mapping[str, Any], stack: Stack, stacks: int) -> list[str]:
    known = patterns.LAYER_COUNTS if stacks == 1 else patterns.LAYER_COUNTS_OF_TWO
    present = [key for key in known[stack.name] if config.get(key) is not None]
    if not present:
        raise UsageError(
            f"config.json: none of {', '.join(known[stack.name])} says how many layers there are"
        )
    for key in present:
        if config[key] != stack.layers:
            raise UsageError(f"config.json: {key}: {config[key]}, but the weights have {stack.layers} layers")
    return present


def _counted_out(
    config: Mapping[str, Any], layers: int, key: str, default: int, ordinary: str, every: str
) -> list[str]:
    period = config.get(key, default)
    if type(period) is not int or period < 1:
        raise UsageError(f"config.json: {key}: {period!r} is not a period in layers")
    return [every if (index + 1) % period == 0 else ordinary for index in range(layers)]


def _slides_after(config: Mapping[str, Any]) -> bool:
    window = config.get("use_sliding_window") and config.get("sliding_window") is not None
    known = config.get("model_type") in patterns.SLIDES_AFTER and type(config.get("max_window_layers")) is int
    return bool(window) and known


def _slide_after(first: int, layers: int) -> list[str]:
    return ["full_attention"] * min(first, layers) + ["sliding_attention"] * max(0, layers - first)
