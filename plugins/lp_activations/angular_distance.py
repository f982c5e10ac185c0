"""Segments → the angle by which each block of neighbouring layers turns the hidden states."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from lp_models.teacher_forcing import Forced, final_states
from torch import Tensor

from lp_activations.reading import Reading, around_layers, begin
from lp_runner.api import Context, EncodedSegment, Layer, Need, Removal, Score

Angles = Mapping[str, Tensor]
"""By stack: [a, b] is of the states before layer a and before layer b, (layers + 1, layers + 1)."""


class AngularDistance:
    """Value: arccos of the cosine of what enters a block's first layer and what leaves its last, over π, averaged
    over tokens; 0 to 1, no unit.

    All blocks are known after one pass over the data when opened.
    Source: Gromov et al. 2024, arXiv 2403.17887, whose distance is taken at the last token of every text.
    """

    def __init__(self, *, segments: int, tokens: str, batch_size: int | str) -> None:
        self._count = segments
        self._tokens = tokens
        self._batch_size = batch_size

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """Runs the whole model over prompts and targets. Raises ValueError without segments."""
        reading = begin("angular-distance", context, model, segments[: self._count], self._batch_size)
        with torch.inference_mode():
            found = reading.map(partial(_angles, reading, self._tokens))
        self._distance = _means(found)

    def score(self, context: Context, sets: Sequence[Removal], need: Need) -> Iterator[Score]:
        """Raises ValueError for a set that is no block of neighbouring layers of one stack."""
        for removed in sets:
            stack, first, last = _block(removed)
            yield Score(removed, float(self._distance[stack][first, last + 1]))

    def close(self) -> None:
        """The model is gone already."""


def distances(states: Tensor) -> Tensor:
    """The angle between any two of some states over π, summed over tokens.

    Args:
        states: (states, tokens, width).
    Returns: (states, states), float64: in float32 an arccos near 0 is good to three digits only.
    """
    directions = F.normalize(states.double(), dim=-1)
    cosines = torch.einsum("atw,btw->tab", directions, directions).clamp(-1, 1)
    return cosines.arccos().sum(0) / math.pi


def _angles(reading: Reading, tokens: str, batch: Forced) -> list[tuple[Angles, Mapping[str, int]]]:
    """Per segment the sums over its tokens, and how many tokens."""
    width = {"last": 1, "all": None}[tokens]
    states: dict[str, list[Tensor]] = {stack: [] for stack in batch.masks}
    masks = {stack: _last(mask.bool(), width) for stack, mask in batch.masks.items()}

    def see(layer: Layer, before: Tensor, after: Tensor) -> None:
        if layer.index == 0:
            states[layer.stack].append(_last(before, width))
        states[layer.stack].append(_last(after, width))

    with around_layers(reading.network, see):
        final_states(reading.network, batch)
    return [
        (
            {stack: distances(_real(found, masks[stack], row)) for stack, found in states.items()},
            {stack: int(mask[row].sum()) for stack, mask in masks.items()},
        )
        for row in range(len(batch.masks["decoder"]))
    ]


def _last(values: Tensor, width: int | None) -> Tensor:
    """The last positions of (rows, tokens, …): padding is at the left."""
    return values if width is None else values[:, -width:].clone()  # a view would keep all of them


def _real(states: Sequence[Tensor], mask: Tensor, row: int) -> Tensor:
    return torch.stack([state[row, mask[row]] for state in states])


def _means(found: Sequence[tuple[Angles, Mapping[str, int]]]) -> dict[str, Tensor]:
    stacks = found[0][0]
    return {
        stack: torch.stack([angles[stack] for angles, _ in found]).sum(0)
        / sum(tokens[stack] for _, tokens in found)
        for stack in stacks
    }


def _block(removed: Removal) -> tuple[str, int, int]:
    """Its stack, first and last layer."""
    layers = sorted(removed)
    stacks, indices = {layer.stack for layer in layers}, [layer.index for layer in layers]
    if len(stacks) != 1 or indices != list(range(indices[0], indices[-1] + 1)):
        names = " ".join(map(str, layers)) or "the empty set"
        raise ValueError(
            f"angular-distance knows one block of neighbouring layers at a time, and {names} is none; "
            "use it with the policy contiguous"
        )
    return layers[0].stack, indices[0], indices[-1]
