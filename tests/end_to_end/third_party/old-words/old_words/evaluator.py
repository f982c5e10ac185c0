"""Texts → the share of reference words in the translation, and what this environment is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec

import packaging

from lp_runner.api import Context, Evaluation, Hypotheses, Resamples

ELSEWHERE = ("torch", "yaml", "lp_models", "my_package")
"""Packages of lp_runner's own environment."""


class OldWords:
    def score(
        self, context: Context, system: Hypotheses, resamples: Resamples | None
    ) -> Sequence[Evaluation]:
        pairs = zip(system.hypotheses, system.references, strict=True)
        shares = tuple(share(ours, theirs) for ours, theirs in pairs)
        seen = [name for name in ELSEWHERE if find_spec(name)]
        signature = f"packaging:{packaging.__version__}|seen:{seen}|token:{os.environ.get('HF_TOKEN')}"
        return [Evaluation("old-words", sum(shares) / len(shares), signature, shares)]


def share(ours: str, theirs: str) -> float:
    words = theirs.split()
    return 100 * sum(word in ours.split() for word in words) / max(len(words), 1)
