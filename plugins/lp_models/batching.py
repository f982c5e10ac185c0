"""Rows → results, in batches that become half as large whenever memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")
Halved = Callable[[int], None]
"""Told the new number of rows."""


class Recorder(Protocol):
    """The part of a context that keeps facts."""

    def record(self, **facts: float | str) -> None: ...


class Batches:
    """How many rows go at once. Once halved, it stays so: the memory won't come back."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def map(self, items: Sequence[T], work: Callable[[Sequence[T]], Sequence[R]], halved: Halved) -> list[R]:
        """The results of `work` on consecutive batches, one per item.

        Raises MemoryError when a single row doesn't fit.
        """
        results: list[R] = []
        while len(results) < len(items):
            batch = items[len(results) : len(results) + self.rows]
            answers = _unless_out_of_memory(work, batch)
            if answers is None:
                self.rows = half_of(len(batch))
                halved(self.rows)
            else:
                results += answers
        return results


def half_of(tried: int) -> int:
    """Rows to try next, once memory has run out. Raises MemoryError where one was too much."""
    if tried == 1:
        raise MemoryError("the device has no memory left for a single segment")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return tried // 2


def recorded_by(context: Recorder) -> Halved:
    return lambda rows: context.record(out_of_memory="batch halved", batch_size=rows)


def _unless_out_of_memory(
    work: Callable[[Sequence[T]], Sequence[R]], batch: Sequence[T]
) -> Sequence[R] | None:
    try:
        return work(batch)
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            return None  # and not retried in here: the exception's frames would keep the tensors alive
        raise


def is_out_of_memory(error: Exception) -> bool:
    """Python's own, a GPU's, and what torch's CPU allocator raises."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error)
