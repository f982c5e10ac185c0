"""The option `max_new_tokens` → how many new ids a translation may have. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lp_runner.api import EncodedSegment


def limit(option: int | str, segments: Sequence[EncodedSegment], expected: Sequence[Sequence[int]]) -> int:
    """One limit for all segments.

    Args:
        option: a number; "auto"; or "paper", which counts words of the source (Moslem et al. 2025,
            arXiv 2510.22763: three times their mean, rounded down).
        expected: the ids that good translations would have.
    """
    if option == "auto":
        return roomy(expected)
    if option == "paper":
        return max(1, int(3 * sum(len(segment.source.split()) for segment in segments) / len(segments)))
    return int(option)


def roomy(expected: Sequence[Sequence[int]]) -> int:
    """Half again as long as the longest, and 8: a candidate that loops must not take for ever."""
    return math.ceil(1.5 * max(len(ids) for ids in expected)) + 8
