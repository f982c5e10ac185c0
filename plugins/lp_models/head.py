"""Final hidden states → the likeliest next ids, without every logit in full precision.

In float32 most logits are only looked at in bfloat16, where a processor has units for it that are several times as
fast: a word whose bfloat16 logit, with all that rounding can have done to it, stays below another's can't be the
likeliest. The words that are left, few of the vocabulary, are decided in float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lp_models.products import product

WORDS_AT_ONCE = 16384
GROUP = 16
"""Words that are first looked at by their greatest logit."""
BLOCK_ROWS = 512
BLOCK_BYTES = {"cpu": 2**21, "cuda": 2**28}
"""Of one block's logits: with the block's weights they share a processor's last cache."""
LEAST_BLOCK = 1024
"""Words, whole groups of them; fewer make slow matrix products."""
ROUNDING = 2.0**-8
"""The most, relative, by which a number changes in bfloat16."""
SINGLE_ROUNDING = 2.0**-24
"""The same in float32."""
WORTHWHILE = 2
"""How many times as fast bfloat16 products must be."""

Likeliest = Callable[[Tensor], Tensor]
"""(rows, width) → the likeliest ids, (rows,); of equal logits the lowest id."""


def likeliest_by(head: nn.Linear) -> Likeliest:
    """Whatever rises with the logits (a positive scale, a soft cap) changes no choice and is left out."""
    if head.bias is None and head.weight.dtype == torch.float32 and _bfloat16_is_fast(head.weight):
        return Screened(head.weight)
    return Blocks(head)


class Blocks:
    """By blocks of the vocabulary whose logits stay in the cache."""

    def __init__(self, head: nn.Linear) -> None:
        self._weight, self._bias = head.weight, head.bias

    def __call__(self, hidden: Tensor) -> Tensor:
        return torch.cat([self._likeliest(rows) for rows in torch.split(hidden, BLOCK_ROWS)])

    def _likeliest(self, hidden: Tensor) -> Tensor:
        block = _words_at_once(hidden)
        best, ids = self._block(hidden, 0, block)
        for begin in range(block, len(self._weight), block):
            value, at = self._block(hidden, begin, begin + block)
            better = value > best
            best, ids = torch.where(better, value, best), torch.where(better, at + begin, ids)
        return ids

    def _block(self, hidden: Tensor, begin: int, end: int) -> tuple[Tensor, Tensor]:
        bias = None if self._bias is None else self._bias[begin:end]
        found = product(hidden, self._weight[begin:end], bias).max(-1)
        return found.values, found.indices


class Screened:
    """All words in bfloat16, and those that can be the likeliest in float32.

    By Cauchy and Schwarz a logit h·w differs from that of the rounded h' and w' by ‖h‖‖w − w'‖ + ‖h − h'‖‖w'‖ at
    most; sums of float32 add their own rounding (Higham 2002, section 3.1), and so does the result in bfloat16.
    """

    def __init__(self, weight: Tensor) -> None:
        self._weight = weight.detach()
        rounded = self._weight.bfloat16()
        parts = zip(
            torch.split(self._weight, WORDS_AT_ONCE), torch.split(rounded, WORDS_AT_ONCE), strict=True
        )
        lost = torch.cat([(part - short.float()).norm(dim=-1) for part, short in parts])
        self._rounded = torch.cat([rounded, rounded[:1].expand(-len(rounded) % GROUP, -1)])
        """The first word again and again behind the last, up to whole groups."""
        self._most_lost = float(lost.max())
        self._longest = float(self._weight.norm(dim=-1).max()) + self._most_lost
        self._sums = 4 * weight.shape[1] * SINGLE_ROUNDING

    def __call__(self, hidden: Tensor) -> Tensor:
        return torch.cat([self._likeliest(rows) for rows in torch.split(hidden, BLOCK_ROWS)])

    def _likeliest(self, hidden: Tensor) -> Tensor:
        words = self._candidates(hidden)
        return words[(hidden @ self._weight[words].T).argmax(-1)]

    def _candidates(self, hidden: Tensor) -> Tensor:
        """Words that can be the likeliest of any row, rising, (words,)."""
        rounded = hidden.bfloat16()
        blocks = torch.split(self._rounded, _words_at_once(rounded))
        greatest = torch.cat([_by_group(block, rounded).amax(1) for block in blocks])  # (groups, rows)
        least = self._least(greatest.amax(0).float(), hidden, rounded.float())
        groups = (~(greatest < least)).any(-1).nonzero().flatten()  # what is no number is not screened out
        words = self._rounded.view(-1, GROUP, hidden.shape[1])[groups].flatten(0, 1)
        within = (~(_by_group(words, rounded) < least)).any(-1).nonzero()
        found: Tensor = groups[within[:, 0]] * GROUP + within[:, 1]
        return found[found < len(self._weight)]

    def _least(self, top: Tensor, hidden: Tensor, rounded: Tensor) -> Tensor:
        """The bfloat16 logit below which a word has no chance, (rows,)."""
        length, lost = hidden.norm(dim=-1), (hidden - rounded).norm(dim=-1)
        error = length * self._most_lost + lost * self._longest + self._sums * length * self._longest
        certain = top - error - ROUNDING * top.abs()
        least: Tensor = certain - error
        return (least - 3 * ROUNDING * least.abs()).bfloat16()


def _by_group(words: Tensor, hidden: Tensor) -> Tensor:
    """Logits, (groups, words of each, rows)."""
    return (words @ hidden.T).view(-1, GROUP, len(hidden))


def _words_at_once(hidden: Tensor) -> int:
    """Of one block, whole groups of them."""
    fitting = BLOCK_BYTES[hidden.device.type] // (len(hidden) * hidden.element_size())
    return max(LEAST_BLOCK, fitting // GROUP * GROUP)


def _bfloat16_is_fast(weight: Tensor) -> bool:
    """Timed on a part of the weights; what it decides changes no result."""
    part = weight[: 4 * LEAST_BLOCK]
    rounded = part.bfloat16()
    return _seconds(part) > WORTHWHILE * _seconds(rounded)


def _seconds(words: Tensor) -> float:
    """The faster of two products with the most rows that go at once; the first only warms up."""
    hidden = words[:1].expand(BLOCK_ROWS, -1).contiguous()
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        (words @ hidden.T)[0, 0].item()
        taken.append(time.perf_counter() - started)
    return min(taken[1:])
