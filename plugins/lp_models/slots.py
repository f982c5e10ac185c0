"""Keys and values of the rows in flight, layer by layer, and attention over them.

A stock layer is run as it is; only its attention is ours: Transformers lets an attention function be registered,
and hands it untouched what the layer got as its mask. Here that is an `Attend`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

NAME = "lp_models"


class Attend(Protocol):
    """One layer's attention in one pass."""

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
        """(rows, heads, tokens, width) and the new tokens' (rows, kv_heads, tokens, width) → as the query."""


@contextmanager
def attending(model: PreTrainedModel) -> Iterator[None]:
    """Inside, the layers of a model take an `Attend` for their attention mask."""
    config: Any = model.config
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Attend,
    scaling: float,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """In the form of Transformers' attention functions: out come (rows, tokens, heads, width)."""
    return attention_mask(query, key, value, scaling, sliding_window).transpose(1, 2), None


AttentionInterface.register(NAME, _attention)


class Prompts:
    """Attends causally within prompts padded at the right, which so never see their padding; keeps what it was given."""

    def __init__(self) -> None:
        self.key: Tensor
        self.value: Tensor

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
        self.key, self.value = key, value
        groups = query.shape[1] // key.shape[1]
        keys, values = (states.repeat_interleave(groups, 1) for states in (self.key, self.value))
        seen = _band(query.shape[2], keys.shape[2], window, query.device)
        return F.scaled_dot_product_attention(query, keys, values, attn_mask=seen, scale=scale)


class Continued(Prompts):
    """The same for prompts behind ids that were read once for many of them; keeps both one after the other."""

    def __init__(self, begun: Prompts, rows: int) -> None:
        """`rows` prompts go on from each row of `begun`."""
        super().__init__()
        self._begun, self._rows = begun, rows

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
        before = (states.repeat_interleave(self._rows, 0) for states in (self._begun.key, self._begun.value))
        keys, values = (torch.cat(both, 2) for both in zip(before, (key, value), strict=True))
        return super().__call__(query, keys, values, scale, window)


class Encoded:
    """Attends in both directions within sources of these lengths, (rows,), padded at the right."""

    def __init__(self, lengths: Tensor) -> None:
        self._lengths = lengths

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
        seen = _within(self._lengths, key.shape[2])
        return F.scaled_dot_product_attention(query, key, value, attn_mask=seen, scale=scale)


class Sources(Encoded):
    """Attends from a decoder to sources; keeps their keys and values."""

    def __init__(self, lengths: Tensor) -> None:
        super().__init__(lengths)
        self.key: Tensor
        self.value: Tensor

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
        self.key, self.value = key, value
        return super().__call__(query, key, value, scale, window)


class Slots:
    """One layer's keys and values: slot by slot a row that keeps the layer, those in use at the front.

    Shape: (slots, kv_heads, tokens, width). `rows` says whose each slot in use is.
    """

    def __init__(self, slots: int, tokens: int, device: torch.device) -> None:
        self._slots = slots
        self._widths = [tokens, tokens]
        """Most tokens of each of the states."""
        self._states: list[Tensor] = []
        """Keys and values, once it is known what they look like."""
        self.rows = torch.empty(0, dtype=torch.long, device=device)

    def admit(self, rows: Tensor, states: Sequence[Tensor]) -> None:
        """Rows with the keys and values of their prompts, (rows, kv_heads, tokens, width)."""
        if not self._states:
            self._states = [self._room(new, width) for new, width in zip(states, self._widths, strict=True)]
        begin, end = len(self.rows), len(self.rows) + len(rows)
        for room, new in zip(self._states, states, strict=True):
            room[begin:end, :, : new.shape[2]] = new
        self.rows = torch.cat([self.rows, rows])

    def release(self, ended: Tensor) -> None:
        """Rows by number, True where one has ended; the last rows take the slots that become free."""
        gone = ended[self.rows]
        left = len(gone) - int(gone.sum())
        holes, movers = gone[:left].nonzero().flatten(), (~gone[left:]).nonzero().flatten() + left
        for states in (*self._states, self.rows):
            states[holes] = states[movers]
        self.rows = self.rows[:left]

    def attends(self, positions: Tensor, until: int) -> list[Attend]:
        """For one new token of each row in use, in the order of `rows`, at its position, which is before `until`."""
        slots = torch.arange(len(positions), device=positions.device)

        def attend(query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
            for room, new in zip(self._states, (key, value), strict=False):
                room[slots, :, positions] = new[:, :, 0]
            keys, values = (room[: len(slots), :, :until] for room in self._states[:2])
            # Heads that share keys become queries of one head: nothing is repeated.
            grouped = query.reshape(len(slots), key.shape[1], -1, query.shape[-1])
            seen = _seen(positions, until, window)
            found = F.scaled_dot_product_attention(grouped, keys, values, attn_mask=seen, scale=scale)
            return found.reshape(query.shape)

        return [attend]

    def _room(self, like: Tensor, tokens: int) -> Tensor:
        return like.new_zeros(self._slots, like.shape[1], tokens, like.shape[3])


class CrossSlots(Slots):
    """One layer's keys and values in a decoder that also attends to sources of at most `source_tokens`."""

    def __init__(self, slots: int, tokens: int, source_tokens: int, device: torch.device) -> None:
        super().__init__(slots, tokens, device)
        self._widths += [source_tokens, source_tokens, 1]

    def attends(self, positions: Tensor, until: int) -> list[Attend]:
        """As without sources; the second is for the sources, whose lengths are the last of what was admitted."""
        lengths = self._states[4][: len(positions), 0, 0, 0]
        longest = int(lengths.max())

        def cross(query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
            keys, values = (room[: len(lengths), :, :longest] for room in self._states[2:4])
            seen = _within(lengths, longest)
            return F.scaled_dot_product_attention(query, keys, values, attn_mask=seen, scale=scale)

        return [*super().attends(positions, until), cross]


def _band(queries: int, keys: int, window: int | None, device: torch.device) -> Tensor:
    """True where a token may look: at itself and the window − 1 before it, (queries, keys); the last are the same."""
    at = torch.arange(keys, device=device)
    return _looks_back(at[keys - queries :, None] - at[None], window)


def _seen(positions: Tensor, until: int, window: int | None) -> Tensor:
    """The same for one token per row, (rows, 1, 1, until)."""
    behind = positions[:, None] - torch.arange(until, device=positions.device)[None]
    return _looks_back(behind, window)[:, None, None]


def _looks_back(behind: Tensor, window: int | None) -> Tensor:
    return behind >= 0 if window is None else (behind >= 0) & (behind < window)


def _within(lengths: Tensor, longest: int) -> Tensor:
    """True at real tokens, (rows, 1, 1, longest)."""
    return (torch.arange(longest, device=lengths.device) < lengths[:, None])[:, None, None]
