"""Views of runs → lines for a terminal of any width and height. Pure: the same view is the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group
from rich.text import Text

from lp_runner.cli.console import human_bytes
from lp_runner.cli.lines import duration, ends, inline, wrapped
from lp_runner.cli.paper import Paper
from lp_runner.cli.strip import search_lines, training_lines
from lp_runner.cli.view import Pace, State, Step, View

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


def _whole(view: View, now: float, memory_bytes: int, paper: Paper) -> list[Text]:
    head = _head(view, now, memory_bytes, paper.width)
    work = [*search_lines(view, paper), *training_lines(view.training, paper)]
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
    facts += [inline(view.machine)] if view.machine else []
    facts += [view.ended] if view.ended else []
    lines = ends(Text(inline(view.run), style="bold cyan"), Text("  ".join(facts)), width)
    if view.waits:
        lines += wrapped(Text(f"waits for {inline(view.waits)}", style="yellow"), width)
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
        said = f"{paper.glyphs.marks[State.THERE]} {len(steps)} steps up to: {inline(steps[-1].title)}"
        return [_Block(ends(Text(said), Text(str(State.THERE)), paper.width), len(steps), True)]
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
    title = Text(f"{paper.glyphs.marks[step.state]} {inline(step.title)}", style=style)
    lines = ends(title, Text(_time(step, now), style=style), paper.width)
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
    note = Text(inline(pace.note), style="dim")
    lines = ends(line, note, paper.width) if line.plain.strip() else []
    return lines or wrapped(Text("  ").append_text(note), paper.width)


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


def _scores(view: View, width: int) -> list[Text]:
    """By the first metric that is told; as many of the last systems as fit a few lines."""
    if not view.scores:
        return []
    metric = view.scores[0].metric
    words = [f"{inline(one.system)} {one.value:.2f}" for one in view.scores if one.metric == metric]
    lines = [f"  {inline(metric)}: {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + 2 + len(word) <= width - 1:
            lines[-1] += f", {word}"
        else:
            lines[-1] += ","
            lines.append(f"    {word}")
    shown = lines[:1] + lines[1:][-(MOST_SCORE_LINES - 1) :]
    return [line for text in shown for line in wrapped(Text(text, style="green"), width)]


def _line(view: View, now: float, paper: Paper) -> Text:
    """The title gives way first; the numbers stay."""
    step, start = view.at_work, Text(inline(view.run), style="bold cyan")
    if view.waits:
        said, numbers = f"waits for {inline(view.waits)}", ""
    elif view.ended or step is None:
        said, numbers = view.ended, ""
    else:
        said, numbers = inline(step.title), _counted(view.pace, now) if view.pace else ""
    start.append(f"  {view.done}/{len(view.steps)} ", style="not bold default")
    start.truncate(max(8, paper.width // 2), overflow="ellipsis")
    title = Text(said)
    title.truncate(max(0, paper.width - start.cell_len - len(numbers) - 2), overflow="ellipsis")
    line = start.append_text(title).append(f"  {numbers}" if numbers else "")
    line.truncate(paper.width, overflow="ellipsis")
    return line
