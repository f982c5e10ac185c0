"""Find a removal set by mutation and selection: what matters is the set, not the way to it."""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence

from lp_runner.api import Ask, Layer, Need, Removal, Score, candidates_for, least_important

Asking = Generator[Ask, Sequence[Score], list[Removal]]


class Evolutionary:
    """`use: evolutionary`; an api.PruningPolicy, decided by options and answers alone: all chance is the seed's.

    Source: Sieberling et al. 2024 (EvoPress), arXiv 2410.14649: a mutation puts as many layers back as it removes,
    and the fittest of parents and offspring survive. Every set here is judged on all segments, where EvoPress judges
    the hopeless ones on fewer; a metric that answers the losers with bounds saves the same.
    """

    def __init__(
        self,
        *,
        remove: int,
        generations: int,
        offspring: int,
        survivors: int,
        exchanges: int,
        seed: int,
        keep_at: Sequence[int],
        protect: Sequence[str | int],
        stack: str,
    ) -> None:
        self._remove = remove
        self._generations = generations
        self._offspring = offspring
        self._survivors = survivors
        self._exchanges = exchanges
        self._seed = seed
        self._keep_at = keep_at
        self._protect = protect
        self._stack = stack

    def search(self, layers: Sequence[Layer]) -> Generator[Ask, Sequence[Score], Sequence[Layer]]:
        """A question about the first sets, one a generation, and one about each layer of the best set alone."""
        candidates = candidates_for(layers, self._stack, self._protect, self._remove, self._keep_at)
        draw = Draw(self._seed)
        first = [frozenset(draw.some(candidates, self._remove)) for _ in range(self._offspring)]
        living = yield from self._selected(first)
        for _ in range(self._generations):
            parents = [living[draw.below(len(living))] for _ in range(self._offspring)]
            born = [self._mutated(parent, candidates, draw) for parent in parents]
            living = yield from self._selected([*living, *born])
        alone = yield Ask(tuple(frozenset([layer]) for layer in sorted(living[0])))
        return [layer for removed in least_important(alone, self._remove) for layer in removed]

    def _selected(self, sets: Sequence[Removal]) -> Asking:
        """The survivors, best first."""
        need: Need = "winner" if self._survivors == 1 else "scores"
        scores = yield Ask(tuple(dict.fromkeys(sets)), need=need)
        return least_important(scores, self._survivors)

    def _mutated(self, parent: Removal, candidates: Sequence[Layer], draw: Draw) -> Removal:
        """The smaller of two draws is how many layers are exchanged."""
        kept = [candidate for candidate in candidates if candidate not in parent]
        most = min(self._exchanges, len(parent), len(kept))
        if not most:
            return parent
        count = 1 + min(draw.below(most), draw.below(most))
        return parent.difference(draw.some(sorted(parent), count)).union(draw.some(kept, count))


class Draw:
    """Chance from a seed: of the library's methods only random() is the same in every Python."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311

    def below(self, count: int) -> int:
        return int(self._random() * count)

    def some(self, layers: Sequence[Layer], count: int) -> list[Layer]:
        return sorted(layers, key=lambda layer: self._random())[:count]
