"""Where there is nothing left to remove for policies that stop by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from lp_runner.api import Layer


def most_of(candidates: Sequence[Layer], layers: Sequence[Layer]) -> int:
    """How many of a stack's candidates may go: where none is protected, one stays."""
    stack = [layer for layer in layers if layer.stack == candidates[0].stack]
    return min(len(candidates), len(stack) - 1)
