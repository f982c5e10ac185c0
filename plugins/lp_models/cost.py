"""A search's questions → the operations of answering them with and without the joint decoder. Standard library only.

Counted are the products with weights, two operations per parameter and token; attention itself is left out, which at a
sentence's length is a small part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lp_runner.api import Layer, ModelSize, Removal, SearchSize


@dataclass(frozen=True, slots=True)
class Tokens:
    """Through one layer each, and through the head."""

    layer: int
    head: int

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.layer + other.layer, self.head + other.head)

    def operations(self, size: ModelSize) -> float:
        return 2.0 * (self.layer * size.layer_params + self.head * size.embedding_params)


def translation_operations(options: Mapping[str, Any], size: ModelSize, search: SearchSize) -> float:
    """For every set to write as much as its target has, without bounds and races; and once the unpruned model."""
    asked = search.first(options["segments"])
    whole = plainly([frozenset()], size.layers, asked)
    return sum((jointly(sets, size.layers, asked) for sets in asked.questions), whole).operations(size)


def jointly(sets: Sequence[Removal], layers: int, search: SearchSize) -> Tokens:
    """One question to the joint decoder, as if prompts needed no padding and were read in one batch."""
    own = sum(length - search.shared_prompt_tokens for length in search.prompt_tokens)
    read = _groups(sets, layers) * (own + search.shared_prompt_tokens)
    kept = sum(layers - len(removed) for removed in sets)
    written = sum(length - 1 for length in search.target_tokens)
    return Tokens(read + kept * written, len(sets) * sum(search.target_tokens))


def plainly(sets: Sequence[Removal], layers: int, search: SearchSize) -> Tokens:
    """One candidate at a time, every prompt from its first token, without padding and without waiting for others."""
    kept = sum(layers - len(removed) for removed in sets)
    tokens = sum(search.prompt_tokens) + sum(length - 1 for length in search.target_tokens)
    return Tokens(kept * tokens, len(sets) * sum(search.target_tokens))


def _groups(sets: Sequence[Removal], layers: int) -> int:
    """How often a layer runs: once for all sets that keep it and lack the same layers below."""
    found = 0
    for index in range(layers):
        running = [removed for removed in sets if Layer(index) not in removed]
        found += len({frozenset(layer for layer in removed if layer.index < index) for removed in running})
    return found
