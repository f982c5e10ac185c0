"""Results → the report's figures: quality against layers, size and speed, searches as heat maps, losses.

matplotlib is imported with this file, which takes a second: only when a report is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from lp_runner.api import Json
from lp_runner.report.heat import HeatMap
from lp_runner.report.points import BASELINE, SEARCH, Point, Speed
from lp_runner.report.svg import ACCENT, HEAT, INK, LINE, OTHER, PAPER, SOFT, Picture, drawing, picture
from lp_runner.visible import visible

WIDE, HIGH, LEGEND_HIGH = 400, 300, 48
"""Of a plot, in CSS pixels, which are matplotlib's points here."""
CELL_WIDE, CELL_HIGH = 25, 21
MARKS = "sD^vPX"
"""Of the controls, in their order; a mark is told by its form, never by its colour alone."""


def quality_by_layers(points: Sequence[Point], metric: str) -> Picture:
    """Every model of the run; full marks are recovered ones."""
    with drawing():
        figure, axes = _plot("layers kept", metric, LEGEND_HIGH)
        for look, run in _series(points):
            order = sorted(run, key=lambda point: -point.layers)
            whole = [
                point
                for point in points
                if point.series == BASELINE and point.recovered == order[0].recovered
            ]
            path = (whole if order[0].series == SEARCH else []) + order
            axes.plot([p.layers for p in path], [p.quality.value for p in path], **_line(look))
            _marks(axes, look, [(float(p.layers), 0.0, 0.0, p) for p in order])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.invert_xaxis()
        _legend(axes, loc="upper left", bbox_to_anchor=(-0.1, -44 / (HIGH - 70)), ncols=3, **_LEGEND)
        return picture("layers", figure, f"{metric} against layers kept", _told(points, metric))


def quality_by_size(points: Sequence[Point], metric: str) -> Picture:
    """With the models that no smaller one betters, joined."""
    with drawing():
        figure, axes = _plot("size of the weights, MB", metric)
        places = [(point.bytes / 1e6, 0.0, 0.0, point) for point in points]
        _front(axes, [(-x, point.quality.value) for x, _, _, point in places], -1)
        _scatter(axes, places)
        axes.invert_xaxis()
        return picture("size", figure, f"{metric} against size", _told(points, metric))


def quality_by_speed(speeds: Sequence[Speed], metric: str) -> Picture:
    """Of the models that were timed; with those that no faster one betters, joined."""
    with drawing():
        figure, axes = _plot("speed, times the unpruned model's", metric)
        places = [_at(speed) for speed in speeds]
        _front(axes, [(x, point.quality.value) for x, _, _, point in places], 1)
        _scatter(axes, places)
        told = "; ".join(
            f"{visible(one.point.name)} by {visible(one.backend)}: {one.speedup.value:.2f} times"
            for one in speeds
        )
        return picture("speed", figure, f"{metric} against speed", f"{told}.")


def heat_map(name: str, heat: HeatMap, title: str) -> Picture:
    """Steps down, layers across; the darker a cell, the more the model needs that layer; the numbered one goes."""
    wide, high = CELL_WIDE * len(heat.columns), CELL_HIGH * len(heat.rows)
    with drawing():
        figure, axes = _sheet(44, 40, wide, high, 12, 8)
        axes.set(xlim=(0, len(heat.columns)), ylim=(len(heat.rows), 0))
        axes.grid(visible=False)
        for level, colour in enumerate(HEAT):
            _cells(axes, heat.cells_at(level), facecolor=colour, edgecolor=PAPER, linewidth=1.5)
        _cells(axes, heat.gone, facecolor="none", edgecolor=LINE, linewidth=0.6)
        _cells(axes, sorted(heat.went), facecolor=ACCENT, edgecolor=PAPER, linewidth=1.5)
        for row, column, order in heat.taken:
            axes.text(column + 0.5, row + 0.5, str(order), color=PAPER, weight="bold", **_MIDDLE)
        for column, layer in enumerate(heat.columns):
            axes.text(column + 0.5, -0.35, visible(layer, keep=""), color=SOFT, ha="center", va="bottom")
        for row in range(len(heat.rows)):
            axes.text(-0.3, row + 0.5, str(row + 1), color=SOFT, ha="right", va="center")
        axes.text(-0.3, -0.35, "step", color=SOFT, ha="right", va="bottom")
        axes.text(0.1, -1.15, "layer", color=SOFT, ha="left", va="bottom")
        axes.axis("off")
        return picture(name, figure, title, heat.told)


def losses(name: str, system: str, history: Sequence[Mapping[str, Json]]) -> Picture:
    """Of one recovery: each recorded loss of training, and those of dev as dots."""
    train = [(entry["step"], entry["loss"]) for entry in history if _number(entry.get("loss"))]
    dev = [(entry["step"], entry["dev_loss"]) for entry in history if _number(entry.get("dev_loss"))]
    with drawing():
        figure, axes = _sheet(40, 28, 240, 130, 12, 36)
        axes.set_xlabel("step")
        axes.set_title(visible(system, keep=""), loc="left", fontsize=12)
        if train:
            axes.plot(*zip(*train, strict=True), color=OTHER, linewidth=1, label="train")
        if dev:
            axes.plot(
                *zip(*dev, strict=True), color=ACCENT, linewidth=1.4, marker="o", markersize=4, label="dev"
            )
            step, least = min(dev, key=lambda entry: entry[1])
            side = "right" if 2 * step > dev[-1][0] else "left"
            axes.annotate(
                f"{least:.3f}", (step, least), (0, 7), textcoords="offset points", color=INK, ha=side
            )
        if min((loss for _, loss in train + dev), default=0) > 0:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.yaxis.set_minor_locator(NullLocator())
        axes.margins(y=0.15)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        told = [f"train from {train[0][1]:.3f} to {train[-1][1]:.3f}"] if train else []
        told += [f"dev from {dev[0][1]:.3f} to {dev[-1][1]:.3f}"] if dev else []
        return picture(
            name, figure, f"Loss of {visible(system)}", f"{'; '.join(told) or 'nothing recorded'}."
        )


_MIDDLE: dict[str, Any] = {"ha": "center", "va": "center"}


def _number(value: Json) -> bool:
    """A loss that isn't finite stands in JSON as a text."""
    return isinstance(value, int | float)


def _sheet(left: int, top: int, wide: int, high: int, right: int, bottom: int) -> tuple[Figure, Axes]:
    """A figure with its margins, all in CSS pixels."""
    across, down = left + wide + right, top + high + bottom
    figure = Figure(figsize=(across / 72, down / 72))
    return figure, figure.add_axes((left / across, bottom / down, wide / across, high / down))


def _plot(across: str, up: str, below: int = 0) -> tuple[Figure, Axes]:
    """Args: below, pixels that something under it takes."""
    figure, axes = _sheet(40, 30, WIDE - 60, HIGH - 70, 20, 40 + below)
    axes.set_xlabel(across)
    axes.set_title(visible(up, keep=""), loc="left", color=SOFT, fontsize=11)
    axes.margins(0.09)
    return figure, axes


def _series(points: Sequence[Point]) -> list[tuple[dict[str, Any], list[Point]]]:
    """Models that belong together, with how they look."""
    controls = [name for name in dict.fromkeys(p.series for p in points) if name not in (BASELINE, SEARCH)]
    ordered = sorted(points, key=lambda point: (point.series, point.recovered))
    groups = groupby(ordered, key=lambda point: (point.series, point.recovered))
    return [(_look(series, recovered, controls), list(run)) for (series, recovered), run in groups]


def _look(series: str, recovered: bool, controls: Sequence[str]) -> dict[str, Any]:
    """Form by series, filled where recovered."""
    colour = {BASELINE: INK, SEARCH: ACCENT}.get(series, OTHER)
    form = MARKS[controls.index(series) % len(MARKS)] if series in controls else "o"
    return {
        "color": colour,
        "form": form,
        "fill": colour if recovered else PAPER,
        "told": visible(series, keep=""),
    }


def _line(look: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "color": look["color"],
        "linewidth": 1.2,
        "linestyle": "-" if look["fill"] != PAPER else (0, (3, 2)),
    }


Place = tuple[float, float, float, Point]
"""Where a model is, the least and the most of it (0, 0 where nothing is known), and the model."""


def _at(speed: Speed) -> Place:
    return speed.speedup.value, speed.speedup.low, speed.speedup.high, speed.point


def _scatter(axes: Axes, places: Sequence[Place]) -> None:
    for look, run in _series([point for *_, point in places]):
        mine = {id(point) for point in run}
        _marks(axes, look, [place for place in places if id(place[3]) in mine])
    _labels(axes, places)


def _marks(axes: Axes, look: Mapping[str, Any], places: Sequence[Place]) -> None:
    """With the intervals of both."""
    xs, ys = [x for x, *_ in places], [point.quality.value for *_, point in places]
    down = [point.quality.value - point.quality.low for *_, point in places]
    up = [point.quality.high - point.quality.value for *_, point in places]
    spread = [(x - low, high - x) for x, low, high, _ in places if high]
    axes.errorbar(
        xs,
        ys,
        yerr=[[max(0.0, one) for one in down], [max(0.0, one) for one in up]],
        xerr=list(zip(*spread, strict=True)) if len(spread) == len(places) else None,
        linestyle="none",
        marker=look["form"],
        markersize=6,
        color=look["color"],
        markerfacecolor=look["fill"],
        elinewidth=1,
        label=look["told"],
    )


def _labels(axes: Axes, places: Sequence[Place]) -> None:
    """Of the baselines and the search, one for marks of one model at one height; controls are told by their form."""
    named = {
        (point.label, round(point.quality.value, 2)): (x, point)
        for x, _, _, point in sorted(places, key=_across)
    }
    for x, point in named.values():
        if point.series not in (BASELINE, SEARCH):
            continue
        axes.annotate(
            visible(point.label, keep=""),
            (x, point.quality.value),
            (7, 7),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=INK,
        )


def _across(place: Place) -> float:
    return place[0]


def _front(axes: Axes, places: Sequence[tuple[float, float]], sign: int) -> None:
    """Args: places, where more is better in both; sign, which turns the first back to what is drawn."""
    front = [
        one
        for one in sorted(set(places))
        if not any(other != one and other[0] >= one[0] and other[1] >= one[1] for other in places)
    ]
    for (a, b), (c, d) in pairwise(front):
        axes.plot([sign * a, sign * c], [b, d], color=ACCENT, linewidth=1, linestyle=(0, (1, 2)))


_LEGEND: dict[str, Any] = {
    "fontsize": 11,
    "labelcolor": INK,
    "handletextpad": 0.2,
    "borderpad": 0,
    "columnspacing": 1.2,
}


def _legend(axes: Axes, **look: Any) -> None:
    """Each series once, by its full marks where it has any."""
    marks = {str(one.get_label()): one for one in axes.containers}
    names = sorted(marks, key=lambda name: (name not in (BASELINE, SEARCH), name == SEARCH))
    legend = axes.legend([marks[name] for name in names], ["…"] * len(names), **look)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)  # given as a label, one that begins with _ would be left out


def _cells(axes: Axes, cells: Sequence[tuple[int, int]], **look: Any) -> None:
    """As one shape, which keeps a large map small."""
    if cells:
        corners = [[(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1), (c, r)] for r, c in cells]
        axes.add_patch(
            PathPatch(Path.make_compound_path(*(Path(one, closed=True) for one in corners)), **look)
        )


def _told(points: Sequence[Point], metric: str) -> str:
    models = "; ".join(
        f"{visible(point.name)}: {point.layers} layers, {point.quality.value:.2f}" for point in points
    )
    return f"{visible(metric)} of each model. {models}."
