"""A search as a strip of layers, a training as a line of heights: lines of a picture. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from rich.text import Text

from lp_runner.cli.lines import inline, wrapped
from lp_runner.cli.paper import Glyphs, Paper
from lp_runner.cli.view import Search, Training, Tried, View

DECODER = "decoder"


def search_lines(view: View, paper: Paper) -> list[Text]:
    search = view.search
    if search is None:
        return []
    stacks = sorted({_place(layer)[0] for layer in _named(search)} or {DECODER})
    strips = [_strip(search, stack, _length(search, stack, view.layers), paper) for stack in stacks]
    title = next((step.title for step in view.steps if step.id == search.step), search.step)
    named = wrapped(Text(f"  {inline(title)}", style="dim"), paper.width) if len(view.searches) > 1 else []
    return [*named, *(line for strip in strips for line in strip), *_told(search, paper)]


def _strip(search: Search, stack: str, length: int, paper: Paper) -> list[Text]:
    """Layers as a row, under it how much each is needed; broken into rows that fit."""
    label = f"  {inline(stack)} "
    room = max(1, paper.width - len(label) - 8)
    values = {one.layers[0]: one.value for one in search.tried if len(one.layers) == 1}
    heights = dict(zip(values, _heights(list(values.values()), paper.glyphs.heights), strict=True))
    lines: list[Text] = []
    for start in range(0, length, room):
        names = [f"{stack}.{index}" for index in range(start, min(length, start + room))]
        row = Text(label).append_text(Text.assemble(*(_cell(name, search, paper.glyphs) for name in names)))
        lines.append(row.append(f" {start}{paper.glyphs.dash}{start + len(names) - 1}", style="dim"))
        if any(name in heights for name in names):
            lines.append(Text(" " * len(label) + "".join(heights.get(name, " ") for name in names)))
    return lines


def _cell(layer: str, search: Search, glyphs: Glyphs) -> tuple[str, str]:
    if layer in search.gone:
        return glyphs.removed, "red"
    if search.best and layer in search.best.layers:
        return glyphs.best, "bold yellow"
    if any(layer in one.layers for one in search.tried):
        return glyphs.tried, "yellow"
    return glyphs.kept, "green"


def _told(search: Search, paper: Paper) -> list[Text]:
    glyphs = paper.glyphs
    legend = f"  {glyphs.kept} kept  {glyphs.removed} removed"
    order = ", ".join(_short(layer) for layer in search.gone)
    if search.over:
        return [
            *wrapped(Text(legend, style="dim"), paper.width),
            *wrapped(Text(f"  removed in this order: {inline(order)}"), paper.width),
        ]
    legend += f"  {glyphs.tried} tried  {glyphs.best} least needed so far"
    lines = wrapped(Text(legend, style="dim"), paper.width)
    if order:
        lines += wrapped(Text(f"  removed so far: {inline(order)}"), paper.width)
    if search.best:
        best, last = _candidate(search.best), _candidate(search.tried[-1])
        said = f"  {len(search.tried)} tried; best so far: {best}; last: {last}"
        lines += wrapped(Text(said), paper.width)
    return lines


def _candidate(tried: Tried) -> str:
    """With the score that is left; where there is none, with how much it is needed."""
    name = inline("+".join(_short(layer) for layer in tried.layers))
    return f"{name} is needed {tried.value:.4g}" if tried.raw is None else f"{tried.raw:.2f} without {name}"


def _named(search: Search) -> Iterable[str]:
    yield from search.gone
    for one in search.tried:
        yield from one.layers


def _length(search: Search, stack: str, layers: int) -> int:
    """The decoder's is known; another stack goes up to the last layer that the search has named."""
    named = [index + 1 for name, index in map(_place, _named(search)) if name == stack]
    return max([*named, layers if stack == DECODER else 0])


def _place(layer: str) -> tuple[str, int]:
    stack, _, index = layer.rpartition(".")
    return stack, int(index) if index.isdecimal() else 0


def _short(layer: str) -> str:
    """A decoder's layer is its number."""
    return layer.removeprefix(f"{DECODER}.")


def training_lines(training: Training | None, paper: Paper) -> list[Text]:
    if training is None or not (training.losses or training.dev_losses):
        return []
    line = Text("  loss ")
    said = f" {training.losses[-1]:.3f}" if training.losses else ""
    if training.dev_losses:
        said += f"  dev {training.dev_losses[0]:.3f}"
    if len(training.dev_losses) > 1:
        said += f", best {min(training.dev_losses):.3f}, now {training.dev_losses[-1]:.3f}"
    room = max(8, min(60, paper.width - len(line) - len(said)))
    return wrapped(
        line.append(_spark(training.losses, room, paper.glyphs.heights), style="magenta").append(said),
        paper.width,
    )


def _spark(values: Sequence[float], width: int, heights: str) -> str:
    """One mark for each value, or for the mean of as many as must share one."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) > width:
        edges = [len(finite) * n // width for n in range(width + 1)]
        finite = [sum(finite[low:high]) / (high - low) for low, high in pairwise(edges)]
    return "".join(_heights(finite, heights))


def _heights(values: Sequence[float], heights: str) -> list[str]:
    """Between the lowest and the highest value; a space for what isn't finite."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    span, top = (high - low) or 1.0, len(heights) - 1
    return [heights[round(top * (value - low) / span)] if math.isfinite(value) else " " for value in values]
