"""Remove the layers that the recipe lists: a published order, or a user's own."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Score, check_depths


class Explicit:
    """`use: explicit`; an api.PruningPolicy that asks nothing."""

    def __init__(self, *, layers: Sequence[int | str], keep_at: Sequence[int]) -> None:
        self._listed = [Layer.parse(name) for name in layers]
        self._keep_at = keep_at

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """Raises ValueError on a layer that the model lacks or that is listed twice, or where none would stay."""
        self._check(layers)
        yield from ()
        return self._listed

    def _check(self, layers: Sequence[Layer]) -> None:
        for position, layer in enumerate(self._listed):
            if layer not in layers:
                raise ValueError(f"layers: the model has no {layer}; its last is {max(layers)}")
            if layer in self._listed[:position]:
                raise ValueError(f"layers: {layer} is listed twice")
        staying = {layer.stack for layer in set(layers) - set(self._listed)}
        if emptied := {layer.stack for layer in layers} - staying:
            raise ValueError(f"layers: no {min(emptied)} layer would stay")
        check_depths(self._keep_at, len(self._listed))
