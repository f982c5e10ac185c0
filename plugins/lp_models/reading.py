"""How removal sets share work on the prompts: sets that have run the same layers so far are one group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import torch
from torch import Tensor

from lp_runner.api import Layer, Removal

Admit = Callable[[int, int, Sequence[Tensor]], None]
"""Told a decoder layer, a set, and what that layer's slots keep of the prompts under that set."""
TOKENS_AT_ONCE = 16384
"""Of all sets together, that go through a layer at once."""
MOST_PADDED = 1.2
"""The longest prompt of a batch in units of its shortest, each without what all prompts begin with."""


@dataclass(frozen=True, slots=True)
class Group:
    """Sets, by number, and the hidden states that they share until a layer that only some of them keep."""

    sets: Sequence[int]
    hidden: Tensor
    """(prompts, tokens, width)"""
    beside: Tensor | None = None
    """Of a causal model the ids that all prompts begin with, (1, tokens, width), which go through the layers too; of
    an encoder-decoder what the encoder made of the prompts, (prompts, tokens, width), which doesn't change."""


Run = Callable[[int, Sequence[Group]], list[Group]]
"""Takes groups through one layer, by index, at once."""


def through(stack: str, layers: int, groups: list[Group], sets: Sequence[Removal], run: Run) -> list[Group]:
    """Every group through the layers of a stack that its sets keep; groups divide where their sets part."""
    for index in range(layers):
        running, resting = _divided(groups, sets, Layer(index, stack))
        if running:
            groups = run(index, running) + resting
    return groups


def alike(prompts: Sequence[Sequence[int]], sets: int) -> list[list[int]]:
    """Prompts by number, divided into batches of like lengths, which so need little padding."""
    begun = common(prompts)
    batches: list[list[int]] = []
    shortest = 0
    for number in sorted(range(len(prompts)), key=lambda one: len(prompts[one])):
        whole, own = len(prompts[number]), len(prompts[number]) - begun
        full = not batches or (len(batches[-1]) + 1) * whole * sets > TOKENS_AT_ONCE
        if full or own > MOST_PADDED * shortest:
            batches.append([])
            shortest = own
        batches[-1].append(number)
    return batches


def common(rows: Sequence[Sequence[int]]) -> int:
    """How many ids all rows begin with; each keeps one of its own."""
    shortest = min(map(len, rows))
    same = (len({row[place] for row in rows}) == 1 for place in range(shortest - 1))
    return sum(takewhile(bool, same))


def joined(groups: Sequence[Group]) -> Tensor:
    """All groups' hidden states, (groups × prompts, tokens, width)."""
    return torch.cat([group.hidden for group in groups])


def joined_beside(groups: Sequence[Group]) -> Tensor:
    """The same of what stands beside them."""
    return torch.cat([group.beside for group in groups if group.beside is not None])


def shares(groups: Sequence[Group], *states: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """For each group its own rows of states that were computed for all at once."""
    return zip(
        *(torch.split(whole, [len(group.hidden) for group in groups]) for whole in states), strict=True
    )


def rectangle(rows: Sequence[Sequence[int]], padding: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids, (rows, longest), padded at the right, and lengths, (rows,)."""
    longest = max(map(len, rows))
    ids = [[*row, *[padding] * (longest - len(row))] for row in rows]
    return torch.tensor(ids, device=device), torch.tensor([len(row) for row in rows], device=device)


def _divided(
    groups: Sequence[Group], sets: Sequence[Removal], layer: Layer
) -> tuple[list[Group], list[Group]]:
    """Those that keep the layer, and those that lack it."""
    halves: tuple[list[Group], list[Group]] = [], []
    for group in groups:
        for lacking, half in enumerate(halves):
            members = [number for number in group.sets if (layer in sets[number]) == lacking]
            if members:
                half.append(replace(group, sets=members))
    return halves
