"""Which removal sets can still be the least important of one question, and what the others are worth at least."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lp_models.flight import Draft
from lp_models.joint import Partial

Reach = Callable[[int, Sequence[Draft]], tuple[float, float] | None]
"""From a set and its translations so far to the lowest and highest score that it can come to; None: not known."""


class Contest:
    """Scores where higher is better: the least important set is the one without which the model scores highest."""

    def __init__(self, reach: Reach, rounded: Callable[[float], float]) -> None:
        self._reach, self._rounded = reach, rounded
        self._best = float("-inf")
        self._told: set[int] = set()
        self._known = True
        """Until the evaluator says that it knows no bounds."""
        self.lost: dict[int, float] = {}
        """The sets that can't win, and the highest scores that they could have come to."""

    def newly_lost(self) -> list[tuple[int, float]]:
        """Those of `lost` that were not told before."""
        new = [(number, high) for number, high in self.lost.items() if number not in self._told]
        self._told |= {number for number, _ in new}
        return new

    def finished(self, score: float) -> None:
        """A set was scored to its end."""
        self._best = max(self._best, self._rounded(score))

    def hopeless(self, partial: Partial) -> set[int]:
        """The sets that stay strictly below another whatever they still write: ties are for the policy to break."""
        reaches = self._reaches(partial)
        best = max([self._best, *(self._rounded(low) for low, _ in reaches.values())])
        lost = {number: high for number, (_, high) in reaches.items() if self._rounded(high) < best}
        self.lost |= lost
        return set(lost)

    def _reaches(self, partial: Partial) -> Mapping[int, tuple[float, float]]:
        found = {}
        for number, drafts in partial.items():
            reach = self._reach(number, drafts) if self._known else None
            if reach is None:
                self._known = False
                return {}
            found[number] = reach
        return found


def steady(text: str) -> str:
    """What no later token changes of a text that goes on: all but its last word."""
    words = text.rsplit(maxsplit=1)
    return words[0] if len(words) > 1 else ""
