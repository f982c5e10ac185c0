"""Models → marks on a plot's axes: how they look, their intervals, their names, and the best of them joined."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from lp_runner.report.points import Point
from lp_runner.report.svg import ACCENT, PAPER, SOFT
from lp_runner.visible import visible

WIDE, HIGH = 400, 300
"""Of a plot, in CSS pixels, which are matplotlib's points here."""
NAME_SIZE, NAME_WIDE, NAME_LETTERS = 10, 5.6, 32
"""Of a name beside a mark: pixels up, about as many across for a letter, and how many letters it has at most."""
NEAR, ROW = 7, 13
"""Pixels from a mark to its name, and from name to name."""


@dataclass(frozen=True, slots=True)
class Look:
    """Of the models that belong together. A mark is told by its form, never by its colour alone."""

    colour: str
    form: str
    full: bool
    legend: str
    """Empty for none."""
    named: bool
    """Names stand beside the marks."""

    @property
    def line(self) -> dict[str, Any]:
        return {
            "color": self.colour,
            "linewidth": 1.2,
            "linestyle": "-" if self.full else (0, (3, 2)),
        }


Series = tuple[Look, Sequence[Point]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model is across a plot."""

    point: Point
    x: float
    spread: tuple[float, float] | None = None
    """The least and the most, where they are known."""


def sheet(left: int, top: int, wide: int, high: int, right: int, bottom: int) -> tuple[Figure, Axes]:
    """A figure with its margins, all in CSS pixels."""
    across, down = left + wide + right, top + high + bottom
    figure = Figure(figsize=(across / 72, down / 72))
    return figure, figure.add_axes((left / across, bottom / down, wide / across, high / down))


def plot(across: str, up: str, below: int = 0) -> tuple[Figure, Axes]:
    """Args: below, pixels that something under it takes."""
    figure, axes = sheet(40, 30, WIDE - 60, HIGH - 70, 20, 40 + below)
    axes.set_xlabel(visible(across, keep=""))
    axes.set_title(visible(up, keep=""), loc="left", color=SOFT, fontsize=11)
    axes.margins(0.09)
    return figure, axes


def models(series: Sequence[Series]) -> list[Point]:
    return [point for _, points in series for point in points]


def scatter(axes: Axes, series: Sequence[Series], places: Sequence[Place], named: bool = True) -> None:
    """Each model at its places. Args: named, with its name where its look has names."""
    told = []
    for look, points in series:
        mine = [place for place in places if any(place.point is point for point in points)]
        marks(axes, look, mine)
        told += [(look, place) for place in mine if named and look.named]
    names(axes, told, places)


def marks(axes: Axes, look: Look, places: Sequence[Place]) -> None:
    """With the intervals of both."""
    qualities = [place.point.quality for place in places]
    down = [max(0.0, one.value - one.low) for one in qualities]
    up = [max(0.0, one.high - one.value) for one in qualities]
    spread = [(one.x - one.spread[0], one.spread[1] - one.x) for one in places if one.spread]
    axes.errorbar(
        [place.x for place in places],
        [one.value for one in qualities],
        yerr=[down, up],
        xerr=list(zip(*spread, strict=True)) if spread and len(spread) == len(places) else None,
        linestyle="none",
        marker=look.form,
        markersize=6,
        color=look.colour,
        markerfacecolor=look.colour if look.full else PAPER,
        elinewidth=1,
        label=visible(look.legend, keep=""),
    )


def names(axes: Axes, named: Sequence[tuple[Look, Place]], places: Sequence[Place]) -> None:
    """One for marks of one model at one height; each as near as it covers no other and is at no mark elsewhere."""
    once = {_once(place): (look, place) for look, place in sorted(named, key=_across)}
    axes.autoscale_view()
    at_marks = {place: _around(*_pixels(axes, place)) for place in places}
    taken: list[Bbox] = []
    for look, place in once.values():
        text = _shortened(visible(place.point.label, keep=""))
        others = [box for box in at_marks.values() if box.bounds != at_marks[place].bounds]
        along, up, box = _free(_pixels(axes, place), _width(text), [*taken, *others], axes)
        taken.append(box)
        axes.annotate(
            text,
            (place.x, place.point.quality.value),
            (along, up),
            textcoords="offset points",
            ha="left" if along > 0 else "right",
            va="center",
            fontsize=NAME_SIZE,
            color=look.colour,
            arrowprops=_leader(along) if abs(up) > ROW else None,
        )


def front(axes: Axes, places: Sequence[Place], across: int) -> None:
    """Joins the models that none betters. Args: across, 1 where more of what is across is better, -1 where less is."""
    up = 1 if all(place.point.more_is_better for place in places) else -1
    gains = {(across * place.x, up * place.point.quality.value) for place in places}
    best = [
        one for one in sorted(gains) if not any(one != other and _no_worse(other, one) for other in gains)
    ]
    for (a, b), (c, d) in pairwise(best):
        axes.plot(
            [across * a, across * c], [up * b, up * d], color=ACCENT, linewidth=1, linestyle=(0, (1, 2))
        )


def _no_worse(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] >= other[0] and one[1] >= other[1]


def _leader(along: float) -> dict[str, Any]:
    ends = {"shrinkA": 0, "shrinkB": 4, "relpos": (0 if along > 0 else 1, 0.5)}
    return {"arrowstyle": "-", "color": SOFT, "linewidth": 0.6, **ends}


def _once(place: Place) -> tuple[str, float]:
    return place.point.label, round(place.point.quality.value, 2)


def _across(named: tuple[Look, Place]) -> float:
    return named[1].x


def _pixels(axes: Axes, place: Place) -> tuple[float, float]:
    x, y = axes.transData.transform((place.x, place.point.quality.value))
    return float(x), float(y)


def _around(x: float, y: float) -> Bbox:
    return Bbox.from_extents(x - NEAR - 2, y - 4, x + NEAR + 2, y + 4)


def _free(
    at: tuple[float, float], wide: float, taken: Sequence[Bbox], axes: Axes
) -> tuple[float, float, Bbox]:
    """How far along and up a name goes, and what it covers; the nearest where nothing is free."""
    left, low, right = axes.bbox.x0, axes.bbox.y0, axes.get_figure(root=True).bbox.x1  # type: ignore[union-attr]
    top = axes.bbox.y1 + ROW / 2
    offers = [(along, up, _covered(at, wide, along, up)) for along, up in _offsets()]
    for along, up, box in offers:
        inside = left <= box.x0 and box.x1 <= right and low <= box.y0 and box.y1 <= top
        if inside and not any(box.overlaps(other) for other in taken):
            return along, up, box
    return offers[0]


def _offsets() -> Iterator[tuple[float, float]]:
    """From near to far: above and below, to the right and to the left."""
    for row in range(9):
        for up in (NEAR + row * ROW, -NEAR - row * ROW):
            yield NEAR, up
            yield -NEAR, up


def _covered(at: tuple[float, float], wide: float, along: float, up: float) -> Bbox:
    x, y = at[0] + along, at[1] + up
    return Bbox.from_extents(min(x, x + wide * _sign(along)), y - 6, max(x, x + wide * _sign(along)), y + 6)


def _sign(along: float) -> int:
    return 1 if along > 0 else -1


def _width(text: str) -> float:
    """About: the font is the reader's."""
    return sum(2 * NAME_WIDE if unicodedata.east_asian_width(one) in "WF" else NAME_WIDE for one in text)


def _shortened(text: str) -> str:
    """In its middle, since names differ at their ends."""
    half = NAME_LETTERS // 2
    return text if len(text) <= NAME_LETTERS else f"{text[: half - 1]}…{text[-half:]}"
