"""What a strategy is given besides its options: seed, device, scratch, checkpoints, progress, other strategies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from lp_runner.api.values import Evaluation, Hypotheses, Resamples


class Checkpoints(Protocol):
    """States of unfinished work that outlive a kill: each is published whole or not at all."""

    def save(self, step: int, write: Callable[[Path], None]) -> None:
        """Publish what `write` puts into the empty folder it is given; older ones may be deleted."""

    def latest(self) -> tuple[int, Path] | None:
        """The newest whole checkpoint of this very piece of work, or None."""


class NestedEvaluator(Protocol):
    """An evaluator named in an option of another strategy; runs wherever its environment is."""

    def score(self, system: Hypotheses, resamples: Resamples | None = None) -> Sequence[Evaluation]:
        """With replicates where resamples are given. Raises RuntimeError when the evaluator fails."""

    def reach(self, system: Hypotheses, room: Sequence[int]) -> tuple[float, float] | None:
        """As a BoundingEvaluator answers; None where the evaluator isn't one. Raises RuntimeError when it fails."""


class Context(Protocol):
    """One piece of work's surroundings. Valid until the call it was given to returns."""

    @property
    def seed(self) -> int:
        """Of this piece of work, derived from the recipe's; 0 ≤ seed < 2**31."""

    @property
    def device(self) -> str:
        """ "cpu" or "cuda:0"."""

    @property
    def dtype(self) -> str:
        """ "float32", "bfloat16" or "float16": the model's, resolved."""

    @property
    def scratch(self) -> Path:
        """A folder that is deleted afterwards."""

    @property
    def cache(self) -> Path:
        """A folder that outlives runs, for what this strategy would otherwise compute again.

        Processes may share it, and it may be deleted whenever no run is at work.
        """

    @property
    def checkpoints(self) -> Checkpoints: ...

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Units done of all; shown, not kept. `total` 0 where it isn't known."""

    def record(self, **facts: float | str) -> None:
        """A fact of the run, kept in its events and shown by observers: loss, learning rate, …"""

    def evaluator(self, option: str) -> NestedEvaluator:
        """The evaluator that the recipe names in this option (marked `x-lp-kind: evaluate`)."""
