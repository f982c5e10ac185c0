"""Results → the report's figures: quality against layers, size and speed, searches as heat maps, losses.

matplotlib is imported with this file, which takes a second: only when a report is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from lp_runner.api import Json
from lp_runner.report.heat import HeatMap
from lp_runner.report.marks import HIGH, Place, Series, front, models, plot, scatter, sheet
from lp_runner.report.points import BASELINE, SEARCH, told
from lp_runner.report.svg import ACCENT, HEAT, INK, LINE, OTHER, PAPER, SOFT, Picture, drawing, picture
from lp_runner.visible import visible

LEGEND_COLUMNS, LEGEND_ROW, LEGEND_EDGE = 3, 17, 6
"""Of a plot's legend; in CSS pixels a row, and what is under the last."""
CELL_WIDE, CELL_HIGH = 25, 21


def quality_by_layers(series: Sequence[Series], lines: Sequence[Series], metric: str) -> Picture:
    """Every model, by its legend or its name; full marks are recovered ones."""
    legend = {look.legend for look, _ in series if look.legend}
    places = [Place(point, point.layers) for point in models(series)]
    with drawing():
        figure, axes = plot("layers kept", metric, _high(len(legend)))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.invert_xaxis()
        for look, path in lines:
            axes.plot([p.layers for p in path], [p.quality.value for p in path], **look.line)
        scatter(axes, series, places, named=not legend)
        if legend:
            below = (-0.1, -44 / (HIGH - 70))
            _legend(axes, loc="upper left", bbox_to_anchor=below, ncols=LEGEND_COLUMNS, **_LEGEND)
        return picture("layers", figure, f"{metric} against layers kept", told(models(series), metric))


def quality_by_size(series: Sequence[Series], metric: str) -> Picture:
    """With the models that no smaller one betters, joined."""
    places = [Place(point, point.bytes / 1e6) for point in models(series)]
    with drawing():
        figure, axes = plot("size of the weights, MB", metric)
        axes.invert_xaxis()
        front(axes, places, -1)
        scatter(axes, series, places)
        return picture("size", figure, f"{metric} against size", told(models(series), metric))


def quality_by_speed(
    name: str, series: Sequence[Series], places: Sequence[Place], axis: str, metric: str, description: str
) -> Picture:
    """Of the models that were timed; with those that no faster one betters, joined.

    Args:
        name: of its own on the page.
        axis: which speed, in which unit.
    """
    with drawing():
        figure, axes = plot(axis, metric)
        front(axes, places, 1)
        scatter(axes, series, places)
        return picture(name, figure, f"{metric} against {axis}", description)


def heat_map(name: str, heat: HeatMap, title: str) -> Picture:
    """Steps down, layers across; the darker a cell, the more the model needs that layer; the numbered one goes."""
    wide, high = CELL_WIDE * len(heat.columns), CELL_HIGH * len(heat.rows)
    with drawing():
        figure, axes = sheet(44, 40, wide, high, 12, 8)
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
        figure, axes = sheet(40, 28, 240, 130, 12, 36)
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
        ends = [f"train from {train[0][1]:.3f} to {train[-1][1]:.3f}"] if train else []
        ends += [f"dev from {dev[0][1]:.3f} to {dev[-1][1]:.3f}"] if dev else []
        return picture(
            name, figure, f"Loss of {visible(system)}", f"{'; '.join(ends) or 'nothing recorded'}."
        )


_MIDDLE: dict[str, Any] = {"ha": "center", "va": "center"}


def _number(value: Json) -> bool:
    """A loss that isn't finite stands in JSON as a text."""
    return isinstance(value, int | float)


_LEGEND: dict[str, Any] = {
    "fontsize": 11,
    "labelcolor": INK,
    "handletextpad": 0.2,
    "borderpad": 0,
    "columnspacing": 1.2,
}


def _high(names: int) -> int:
    """Of a legend of so many."""
    return LEGEND_ROW * ceil(names / LEGEND_COLUMNS) + LEGEND_EDGE if names else 0


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
