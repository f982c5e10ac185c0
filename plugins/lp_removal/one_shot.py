"""Ask once how important every layer is, alone, and remove the least important ones."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Score, candidates_for, least_important


class OneShot:
    """`use: one-shot`; an api.PruningPolicy.

    Source: Men et al. 2024 (ShortGPT), arXiv 2403.03853, section 3.3.
    """

    def __init__(
        self, *, remove: int, keep_at: Sequence[int], protect: Sequence[str | int], stack: str
    ) -> None:
        self._remove = remove
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """One question."""
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        scores = yield Ask(tuple(frozenset([candidate]) for candidate in candidates))
        return [layer for removed in least_important(scores, self._remove) for layer in removed]
