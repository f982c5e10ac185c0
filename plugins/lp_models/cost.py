"""A search's questions → the operations of answering them with and without the joint decoder, and the time of both on a GPU
by its data sheet. Standard library only.

Counted are the products with weights, two operations per parameter and token; attention itself is left out, which at a
sentence's length is a small part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lp_models.architectures import CAUSAL, SEQ2SEQ
from lp_runner.api import Layer, ModelSize, Removal, SearchCost, SearchSize

PLAIN_BATCH = 100
"""Of the loop that ours is told beside (Moslem et al. 2025)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Through one layer each, and through the head."""

    layer: int
    head: int

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.layer + other.layer, self.head + other.head)

    def operations(self, size: ModelSize) -> float:
        return 2.0 * (self.layer * size.layer_params + self.head * size.embedding_params)


@dataclass(frozen=True, slots=True)
class Gpu:
    """By its data sheet, in bfloat16, and how much of it a program reaches."""

    name: str
    operations_per_s: float
    bytes_per_s: float
    memory_bytes: float
    reached: float = 0.5
    """Of the operations, in matrix products of hundreds of rows."""
    layer_s: float = 0.025 / 32
    """The host's, to launch one layer of a step kernel by kernel."""
    load_bytes_per_s: float = 1.6e9
    """From a page cache, through the host, onto the device."""

    def rows_in_flight(self, size: ModelSize, search: SearchSize) -> int:
        """What keys and values leave room for, beside the weights."""
        longest = max(search.prompt_tokens) + max(search.target_tokens)
        row = longest * size.layers * size.kv_width * size.dtype_bytes
        return int(0.7 * (self.memory_bytes - size.weight_bytes) / row)


H100 = Gpu("H100 with 80 GB", operations_per_s=989e12, bytes_per_s=3.35e12, memory_bytes=80e9)


def translation_cost(options: Mapping[str, Any], size: ModelSize, search: SearchSize) -> SearchCost | None:
    """For every set to write as much as its target has, without bounds and races; and once the unpruned model."""
    if size.model_type in SEQ2SEQ:
        return None
    asked = search.first(options["segments"])
    known = size.model_type in CAUSAL
    counted = jointly if known else plainly
    work = sum((counted(sets, size.layers, asked) for sets in asked.questions), Tokens(0, 0))
    whole = plainly([frozenset()], size.layers, asked)
    return SearchCost((work + whole).operations(size), _on_a_gpu(work, size, asked, H100) if known else "")


def _on_a_gpu(work: Tokens, size: ModelSize, search: SearchSize, gpu: Gpu) -> str:
    size = replace(size, dtype_bytes=2)
    nothing = not any(search.questions) or not all(search.target_tokens)
    if nothing or not size.kv_width or gpu.rows_in_flight(size, search) < 1:
        return ""
    ours, plain = joint_s(work, size, search, gpu), plain_s(size, search, gpu, PLAIN_BATCH)
    return (
        f"about {lasting(ours)} in bfloat16 on an {gpu.name}, by its data sheet; "
        f"{lasting(plain)} by a load and `generate` at batch {PLAIN_BATCH} for each candidate"
    )


def lasting(seconds: float) -> str:
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def plain_s(size: ModelSize, search: SearchSize, gpu: Gpu, batch: int) -> float:
    """Load, then for each batch a prefill and as many steps as its longest text has; for every candidate."""
    lengths = search.target_tokens
    steps = sum(max(lengths[start : start + batch]) for start in range(0, len(lengths), batch))
    seconds = 0.0
    for removed in (removed for sets in search.questions for removed in sets):
        kept = size.layers - len(removed)
        read = 2 * kept * size.layer_params * sum(search.prompt_tokens)
        weights = kept * size.layer_params + size.embedding_params
        step = max(gpu.layer_s * kept, weights * size.dtype_bytes / gpu.bytes_per_s)
        seconds += size.weight_bytes / gpu.load_bytes_per_s
        seconds += read / (gpu.reached * gpu.operations_per_s) + steps * step
    return seconds


def joint_s(work: Tokens, size: ModelSize, search: SearchSize, gpu: Gpu) -> float:
    """Products at the reached speed; keys and values are read once per new token; steps that are short of rows."""
    kept = sum(size.layers - len(removed) for sets in search.questions for removed in sets)
    pairs = zip(search.prompt_tokens, search.target_tokens, strict=True)
    looked_at = sum(target * (prompt + target / 2) for prompt, target in pairs)
    read_bytes = kept * looked_at * size.kv_width * size.dtype_bytes
    rows, segments = gpu.rows_in_flight(size, search), len(search.target_tokens)
    flights = sum(-(-len(sets) * segments // rows) for sets in search.questions)
    tail = max(search.target_tokens) - sum(search.target_tokens) / segments
    return (
        size.weight_bytes / gpu.load_bytes_per_s
        + work.operations(size) / (gpu.reached * gpu.operations_per_s)
        + read_bytes / gpu.bytes_per_s
        + flights * tail * gpu.layer_s * size.layers
    )


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
