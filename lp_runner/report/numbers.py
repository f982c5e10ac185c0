"""Numbers of a report → text, the same in the page, cards, tables and on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lp_runner.api import Json


def decimals(value: float) -> int:
    """Two for a score of a metric that goes to 100, four for one that goes to 1, as COMET does: no translator has 1.5 of
    100.
    """
    return 2 if abs(value) >= 1.5 else 4


def digits_of(systems: Sequence[Mapping[str, Json]]) -> dict[str, int]:
    """Of each metric, by what the first system has of it, the unpruned one as a rule."""
    scores = (one for system in reversed(systems) for one in system["evaluations"])
    return {one["metric"]: decimals(one["value"]) for one in scores}


def with_interval(score: Mapping[str, Json], digits: int) -> str:
    """A score: 47.69 [46.21, 49.20]; without the interval where it has none."""
    value = f"{score['value']:.{digits}f}"
    return (
        value if score["low"] is None else f"{value} [{score['low']:.{digits}f}, {score['high']:.{digits}f}]"
    )


def share(kept: Mapping[str, Json]) -> str:
    """In percent: 98.4 % [97.9, 98.8]."""
    return f"{kept['value']:.1f} % [{kept['low']:.1f}, {kept['high']:.1f}]"


def chance(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
