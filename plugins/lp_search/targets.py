"""Remove layers one by one until the model is small or fast enough, and no further."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from lp_runner.api import Layer, Measure, Measured, Quantity, Question, candidates_for, next_to_go
from lp_search.greedy import most_of

Searching = Generator[Question, Any, Sequence[Layer]]


class SizeTarget:
    """Of a quantity that falls with every layer; a target is a number, or a share of the unpruned model's: "70%"."""

    quantity: Quantity
    unit: str

    def __init__(
        self, *, target: float | str, keep_at: Sequence[int], protect: Sequence[str | int], stack: str
    ) -> None:
        """Args: keep_at, for the core, which keeps the models."""
        self._target = target
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Searching:
        """Raises ValueError where the model is small enough already, or can't become so."""
        candidates = candidates_for(layers, self._stack, self._protect)
        whole = (yield from _measured(frozenset(), self.quantity)).value
        limit = self._limit(whole)
        if whole <= limit:
            raise ValueError(
                f"target: the unpruned model has {whole:,.0f} {self.unit}, no more than {limit:,.0f}"
            )
        wanted = f"{limit:,.0f} {self.unit}"
        most = most_of(candidates, layers)
        return (yield from _until(self.quantity, lambda found: found <= limit, wanted, candidates, most))

    def _limit(self, whole: float) -> float:
        return whole * float(self._target[:-1]) / 100 if isinstance(self._target, str) else self._target


class ParamsTarget(SizeTarget):
    """`use: params-target`; an api.PruningPolicy."""

    quantity = "params"
    unit = "parameters"


class BytesTarget(SizeTarget):
    """`use: bytes-target`; an api.PruningPolicy."""

    quantity = "bytes"
    unit = "bytes"


class SpeedTarget:
    """`use: speed-target`; an api.PruningPolicy. What a speed is measured with is the core's to read."""

    def __init__(
        self,
        *,
        target: float,
        backend: Mapping[str, Any],
        segments: int,
        new_tokens: int,
        batch_size: int,
        warmup: int,
        rounds: int,
        keep_at: Sequence[int],
        protect: Sequence[str | int],
        stack: str,
    ) -> None:
        """Args: backend to rounds, how the core measures; keep_at, for the core, which keeps the models."""
        self._target = target
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Searching:
        """Raises ValueError where even the model without any unprotected layer is too slow."""
        candidates = candidates_for(layers, self._stack, self._protect)
        wanted = f"{self._target:g} times the unpruned model's speed"
        most = most_of(candidates, layers)
        return (yield from _until("speed", lambda speed: speed >= self._target, wanted, candidates, most))


def _until(
    quantity: Quantity,
    reached: Callable[[float], bool],
    wanted: str,
    candidates: Sequence[Layer],
    most: int,
) -> Generator[Question, Any, list[Layer]]:
    """Greedily; a look at the end comes first, lest a night is spent on the way to what can't be."""
    end = yield from _measured(frozenset(candidates[:most]), quantity)
    removed: list[Layer] = []
    while reached(end.value) and len(removed) < most:
        removed.append((yield from next_to_go(removed, candidates)))
        if reached((yield from _measured(frozenset(removed), quantity)).value):
            return removed
    found = f"without the {most} layers that may go it is {end.value:,.10g}"
    raise ValueError(f"target: {wanted} can't be reached: {found}")


def _measured(removed: frozenset[Layer], quantity: Quantity) -> Generator[Question, Any, Measured]:
    answer: Mapping[Quantity, Measured] = yield Measure(removed, (quantity,))
    return answer[quantity]
