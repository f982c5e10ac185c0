"""Segments → how far a layer's output is from being its input, rotated and scaled; a set of layers → the sum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from lp_models.teacher_forcing import Forced, final_states
from torch import Tensor

from lp_activations.one_pass import OnePass
from lp_activations.reading import Reading, around_layers
from lp_runner.api import Layer

States = dict[str, Tensor]
"""By stack: one segment's states before the first layer and after each, (layers + 1, tokens, width)."""


class Cka(OnePass):
    """1 - linear CKA of a layer's input and output over all tokens: 0 to 1, no unit."""

    name = "cka"

    def measure(self, reading: Reading) -> dict[Layer, float]:
        moments: dict[str, Moments] = {}
        for batch in reading.stream(partial(_states, reading)):
            for stack in batch[0]:
                moments.setdefault(stack, Moments()).add(
                    torch.cat([states[stack] for states in batch], dim=1)
                )
        return {
            Layer(index, stack): 1 - similarity
            for stack, found in moments.items()
            for index, similarity in enumerate(found.similarities())
        }


class Moments:
    """Sums over the tokens of a stack's states, float64: 2 layers + 1 matrices of width × width, however many
    tokens there are."""

    def __init__(self) -> None:
        self._tokens = 0
        self._sums: list[Tensor] = []
        self._squares: list[Tensor] = []
        self._products: list[Tensor] = []

    def add(self, states: Tensor) -> None:
        """Args: states before the first layer and after each, (layers + 1, tokens, width)."""
        layers, tokens, width = states.shape
        if not self._sums:
            self._sums = [states.new_zeros(width, dtype=torch.float64) for _ in range(layers)]
            square = partial(states.new_zeros, (width, width), dtype=torch.float64)
            self._squares, self._products = (
                [square() for _ in range(layers)],
                [square() for _ in range(layers - 1)],
            )
        self._tokens += tokens
        below = None
        for level, state in enumerate(states):
            found = state.double()
            self._sums[level] += found.sum(0)
            self._squares[level].addmm_(found.T, found)
            if below is not None:
                self._products[level - 1].addmm_(below.T, found)
            below = found

    def similarities(self) -> list[float]:
        """Of every layer's input X and output Y, columns centred: ‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖), Frobenius norms.

        Source: Kornblith et al. 2019, arXiv 1905.00414, linear CKA.
        """
        own = [self._centred(square, level, level).norm() for level, square in enumerate(self._squares)]
        return [
            float(self._centred(product, level, level + 1).norm() ** 2 / (own[level] * own[level + 1]))
            for level, product in enumerate(self._products)
        ]

    def _centred(self, product: Tensor, one: int, other: int) -> Tensor:
        return product - torch.outer(self._sums[one], self._sums[other]) / self._tokens


def _states(reading: Reading, batch: Forced) -> Sequence[States]:
    found: dict[str, list[Tensor]] = {stack: [] for stack in batch.masks}

    def see(layer: Layer, before: Tensor, after: Tensor) -> None:
        if layer.index == 0:
            found[layer.stack].append(before)
        found[layer.stack].append(after)

    with around_layers(reading.network, see):
        final_states(reading.network, batch)
    return [
        {
            stack: torch.stack([state[row, batch.masks[stack][row].bool()] for state in states])
            for stack, states in found.items()
        }
        for row in range(len(batch.masks["decoder"]))
    ]
