"""A model → the layers that a policy chooses from, as a request has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lp_runner.api import Json, Layer
from lp_runner.checkpoint import inspect
from lp_runner.checkpoint.config import write_out
from lp_runner.checkpoint.layers import read_config
from lp_runner.errors import UsageError


def layers_of(folder: Path) -> list[Layer]:
    """Every layer of a model folder, decoder first. Raises as `inspect` does."""
    return named(inspect(folder).stacks, read_config(folder))


def named(stacks: Mapping[str, int], config: Mapping[str, Json]) -> list[Layer]:
    """Stack → how many layers, and config.json → the layers, with their types where there is one stack."""
    types = _types(config, stacks) or [""] * max(stacks.values())
    return [Layer(index, stack, types[index]) for stack in sorted(stacks) for index in range(stacks[stack])]


def request(layers: Sequence[Layer]) -> dict[str, Json]:
    """What a policy's worker is asked with."""
    return {"layers": [str(layer) for layer in layers], "types": [layer.type for layer in layers]}


def _types(config: Mapping[str, Json], stacks: Mapping[str, int]) -> list[str] | None:
    if len(stacks) > 1:
        return None
    [layers] = stacks.values()
    try:
        found = write_out(config, layers).get("layer_types")
    except UsageError:  # a model that can't be cut, which is refused elsewhere
        return None
    return found if isinstance(found, list) and len(found) == layers else None
