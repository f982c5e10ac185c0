"""Views of runs → lines for a terminal of any width and height. Pure: the same view is the same picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rich.console import Group
from rich.text import Text

from lp_runner.cli.console import human_bytes, printable
from lp_runner.cli.view import Pace, Search, State, Step, Training, Tried, View

DECODER = "decoder"
BAR = 24
MOST_SCORE_LINES = 4
FEW = 3
"""Steps that were there already are counted where they are as many as this, or more."""
STYLES = {
    State.TO_COME: "dim",
    State.AT_WORK: "bold",
    State.DONE: "",
    State.THERE: "",
    State.FAILED: "bold red",
    State.STOPPED: "yellow",
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What is drawn with. Each says the same without colour."""

    marks: dict[State, str]
    full: str
    empty: str
    kept: str
    removed: str
    tried: str
    best: str
    heights: str
    """From low to high."""
    dash: str


UNICODE = Glyphs(
    {
        State.TO_COME: "·",
        State.AT_WORK: "▶",
        State.DONE: "✓",
        State.THERE: "✓",
        State.FAILED: "✗",
        State.STOPPED: "■",
    },
    full="━",
    empty="─",
    kept="█",
    removed="·",
    tried="▒",
    best="◆",
    heights="▁▂▃▄▅▆▇█",
    dash="–",
)
ASCII = Glyphs(
    {
        State.TO_COME: "-",
        State.AT_WORK: ">",
        State.DONE: "+",
        State.THERE: "+",
        State.FAILED: "x",
        State.STOPPED: "!",
    },
    full="=",
    empty="-",
    kept="#",
    removed=".",
    tried="o",
    best="*",
    heights="_.-:=+*#",
    dash="-",
)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a picture has to fit."""

    width: int
    height: int | None
    """None: as many lines as it takes."""
    glyphs: Glyphs = UNICODE


def drawn(views: Sequence[View], now: float, memory_bytes: int, paper: Paper) -> Group:
    """One run with all that it does; of several, a line each.

    Args:
        now: seconds since 1970.
        memory_bytes: of the workers together; 0 where it isn't known.
    """
    if len(views) == 1:
        return Group(*_whole(views[0], now, memory_bytes, paper))
    lines = [_line(view, now, paper) for view in views]
    if memory_bytes:
        lines.append(Text(f"workers' memory: {human_bytes(memory_bytes)}", style="dim"))
    return Group(*_cropped(lines, paper.height))


def duration(seconds: float) -> str:
    """As a clock has it: 7 s, 3:07 min, 2:03 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


def _whole(view: View, now: float, memory_bytes: int, paper: Paper) -> list[Text]:
    head = _head(view, now, memory_bytes, paper.width)
    work = [*_search(view, paper), *_training(view.training, paper)]
    scores = _scores(view, paper.width)
    if paper.height is None:
        return [*head, *_steps(view, now, paper, None), *work, *scores]
    room = paper.height - 1 - len(head) - len(work)
    scores = scores if room - len(scores) >= 6 else []
    steps = _steps(view, now, paper, max(1, room - len(scores)))
    return _cropped([*head, *steps, *work, *scores], paper.height - 1)


def _cropped(lines: list[Text], height: int | None) -> list[Text]:
    if height is None or len(lines) <= height:
        return lines
    return [*lines[: max(0, height - 1)], Text(f"({len(lines) - height + 1} more lines)", style="dim")]


def _head(view: View, now: float, memory_bytes: int, width: int) -> list[Text]:
    facts = [f"{view.done} of {len(view.steps)} steps"] if view.steps else []
    if view.started is not None:
        facts.append(duration((view.now if view.ended else now) - view.started))
    facts += [human_bytes(memory_bytes)] if memory_bytes and not view.ended else []
    facts += [_inline(view.machine)] if view.machine else []
    facts += [view.ended] if view.ended else []
    lines = _ends(Text(_inline(view.run), style="bold cyan"), Text("  ".join(facts)), width)
    if view.waits:
        lines += _wrapped(Text(f"waits for {_inline(view.waits)}", style="yellow"), width)
    return lines


def _steps(view: View, now: float, paper: Paper, room: int | None) -> list[Text]:
    """The step at work with what it says of itself; around it as many as there is room for, the rest counted."""
    blocks = [
        block
        for there, steps in groupby(view.steps, lambda step: step.state is State.THERE)
        for block in _blocks(list(steps), there, view, now, paper)
    ]
    heights = [len(block.lines) for block in blocks]
    if room is None or sum(heights) <= room:
        return [line for block in blocks for line in block.lines]
    centre = next((n for n, block in enumerate(blocks) if not block.behind), len(blocks) - 1)
    first, last = _window(heights, centre, room - 2)
    lines = [line for block in blocks[first : last + 1] for line in block.lines]
    before, after = (sum(block.steps for block in some) for some in (blocks[:first], blocks[last + 1 :]))
    above = _folded(before, "before", paper.glyphs.marks[State.DONE])
    return [*above, *lines, *_folded(after, "to come", paper.glyphs.marks[State.TO_COME])]


def _folded(steps: int, where: str, mark: str) -> list[Text]:
    return [Text(f"{mark} {steps} {'step' if steps == 1 else 'steps'} {where}", style="dim")] if steps else []


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that are shown together or not at all."""

    lines: list[Text]
    steps: int
    behind: bool


def _blocks(steps: Sequence[Step], there: bool, view: View, now: float, paper: Paper) -> list[_Block]:
    if there and len(steps) >= FEW:
        said = f"{paper.glyphs.marks[State.THERE]} {len(steps)} steps up to: {_inline(steps[-1].title)}"
        return [_Block(_ends(Text(said), Text(str(State.THERE)), paper.width), len(steps), True)]
    behind = (State.DONE, State.THERE)
    return [_Block(_step(step, view, now, paper), 1, step.state in behind) for step in steps]


def _window(heights: Sequence[int], centre: int, room: int) -> tuple[int, int]:
    """The first and last block to show: the centre, then in turn one that follows and one that went before."""
    first = last = centre
    taken = heights[centre]
    while True:
        grown = False
        if last + 1 < len(heights) and taken + heights[last + 1] <= room:
            last, taken, grown = last + 1, taken + heights[last + 1], True
        if first > 0 and taken + heights[first - 1] <= room:
            first, taken, grown = first - 1, taken + heights[first - 1], True
        if not grown:
            return first, last


def _step(step: Step, view: View, now: float, paper: Paper) -> list[Text]:
    style = STYLES[step.state]
    title = Text(f"{paper.glyphs.marks[step.state]} {_inline(step.title)}", style=style)
    lines = _ends(title, Text(_time(step, now), style=style), paper.width)
    if step.state is State.AT_WORK and view.pace:
        lines += _pace(view.pace, now, paper)
    return lines


def _time(step: Step, now: float) -> str:
    match step.state:
        case State.DONE:
            return duration(step.seconds)
        case State.AT_WORK:
            return duration(max(0.0, now - step.started))
        case State.TO_COME:
            return ""
    return str(step.state)


def _pace(pace: Pace, now: float, paper: Paper) -> list[Text]:
    said = _counted(pace, now)
    if pace.total:
        full = min(BAR, BAR * pace.done // pace.total)
        bar = Text(paper.glyphs.full * full, style="cyan")
        bar.append(paper.glyphs.empty * (BAR - full), style="dim")
        line = Text("  ").append_text(bar).append(f"  {said}")
    else:
        line = Text(f"  {said}" if said else "")
    note = Text(_inline(pace.note), style="dim")
    lines = _ends(line, note, paper.width) if line.plain.strip() else []
    return lines or _wrapped(Text("  ").append_text(note), paper.width)


def _counted(pace: Pace, now: float) -> str:
    """How far, how fast, how long yet."""
    if not pace.total:
        return str(pace.done) if pace.done else ""
    said = [f"{pace.done} of {pace.total}"]
    if (rate := pace.per_second) is not None:
        said.append(f"{rate:.3g}/s" if rate >= 1 else f"{duration(1 / rate)} each")
    if (left := pace.left_s(now)) is not None and pace.done < pace.total:
        said.append(f"{duration(left)} left")
    return ", ".join(said)


def _search(view: View, paper: Paper) -> list[Text]:
    search = view.search
    if search is None:
        return []
    stacks = sorted({_place(layer)[0] for layer in _named(search)} or {DECODER})
    strips = [_strip(search, stack, _length(search, stack, view.layers), paper) for stack in stacks]
    title = next((step.title for step in view.steps if step.id == search.step), search.step)
    named = _wrapped(Text(f"  {_inline(title)}", style="dim"), paper.width) if len(view.searches) > 1 else []
    return [*named, *(line for strip in strips for line in strip), *_told(search, paper)]


def _strip(search: Search, stack: str, length: int, paper: Paper) -> list[Text]:
    """Layers as a row, under it how much each is needed; broken into rows that fit."""
    label = f"  {_inline(stack)} "
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
            *_wrapped(Text(legend, style="dim"), paper.width),
            *_wrapped(Text(f"  removed in this order: {_inline(order)}"), paper.width),
        ]
    legend += f"  {glyphs.tried} tried  {glyphs.best} least needed so far"
    lines = _wrapped(Text(legend, style="dim"), paper.width)
    if order:
        lines += _wrapped(Text(f"  removed so far: {_inline(order)}"), paper.width)
    if search.best:
        best, last = _candidate(search.best), _candidate(search.tried[-1])
        said = f"  {len(search.tried)} tried; best so far: {best}; last: {last}"
        lines += _wrapped(Text(said), paper.width)
    return lines


def _candidate(tried: Tried) -> str:
    """With the score that is left; where there is none, with how much it is needed."""
    name = _inline("+".join(_short(layer) for layer in tried.layers))
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


def _training(training: Training | None, paper: Paper) -> list[Text]:
    if training is None or not (training.losses or training.dev_losses):
        return []
    line = Text("  loss ")
    said = f" {training.losses[-1]:.3f}" if training.losses else ""
    if training.dev_losses:
        said += f"  dev {training.dev_losses[0]:.3f}"
    if len(training.dev_losses) > 1:
        said += f", best {min(training.dev_losses):.3f}, now {training.dev_losses[-1]:.3f}"
    room = max(8, min(60, paper.width - len(line) - len(said)))
    return _wrapped(
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


def _scores(view: View, width: int) -> list[Text]:
    """By the first metric that is told; as many of the last systems as fit a few lines."""
    if not view.scores:
        return []
    metric = view.scores[0].metric
    words = [f"{_inline(one.system)} {one.value:.2f}" for one in view.scores if one.metric == metric]
    lines = [f"  {_inline(metric)}: {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + 2 + len(word) <= width - 1:
            lines[-1] += f", {word}"
        else:
            lines[-1] += ","
            lines.append(f"    {word}")
    shown = lines[:1] + lines[1:][-(MOST_SCORE_LINES - 1) :]
    return [line for text in shown for line in _wrapped(Text(text, style="green"), width)]


def _line(view: View, now: float, paper: Paper) -> Text:
    """The title gives way first; the numbers stay."""
    step, start = view.at_work, Text(_inline(view.run), style="bold cyan")
    if view.waits:
        said, numbers = f"waits for {_inline(view.waits)}", ""
    elif view.ended or step is None:
        said, numbers = view.ended, ""
    else:
        said, numbers = _inline(step.title), _counted(view.pace, now) if view.pace else ""
    start.append(f"  {view.done}/{len(view.steps)} ", style="not bold default")
    start.truncate(max(8, paper.width // 2), overflow="ellipsis")
    title = Text(said)
    title.truncate(max(0, paper.width - start.cell_len - len(numbers) - 2), overflow="ellipsis")
    line = start.append_text(title).append(f"  {numbers}" if numbers else "")
    line.truncate(paper.width, overflow="ellipsis")
    return line


def _ends(left: Text, right: Text, width: int) -> list[Text]:
    """One at each end of a line; under each other where they don't fit."""
    gap = width - left.cell_len - right.cell_len
    if not right.plain:
        return _wrapped(left, width)
    if gap >= 2:
        return [Text.assemble(left, " " * gap, right)]
    return [*_wrapped(left, width), *_wrapped(Text("    ").append_text(right), width)]


def _wrapped(text: Text, width: int) -> list[Text]:
    """Nothing is lost."""
    lines: list[Text] = []
    rest = text
    while rest.cell_len > width:
        at = _break(rest, width)
        head, rest = rest.divide([at])
        head.rstrip()
        lines.append(head)
        rest = Text("    ").append_text(rest) if width > 8 else rest
    return [*lines, rest]


def _break(text: Text, width: int) -> int:
    """Letters that fit, up to the last space among them where there is one."""
    fits = 0
    cells = 0
    for letter in text.plain:
        cells += Text(letter).cell_len
        if cells > width:
            break
        fits += 1
    space = text.plain.rfind(" ", width // 2, fits)
    return space + 1 if space > 0 else max(1, fits)


def _inline(text: str) -> str:
    """Text of others on one line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")
