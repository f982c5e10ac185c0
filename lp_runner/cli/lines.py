"""Text → lines that fit a width, and nothing is lost. Pure."""

from __future__ import annotations

from rich.text import Text

from lp_runner.visible import visible


def duration(seconds: float) -> str:
    """As a clock has it: 7 s, 3:07 min, 2:03 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


def ends(left: Text, right: Text, width: int) -> list[Text]:
    """One at each end of a line; under each other where they don't fit."""
    gap = width - left.cell_len - right.cell_len
    if not right.plain:
        return wrapped(left, width)
    if gap >= 2:
        return [Text.assemble(left, " " * gap, right)]
    return [*wrapped(left, width), *wrapped(Text("    ").append_text(right), width)]


def wrapped(text: Text, width: int) -> list[Text]:
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


def inline(text: str) -> str:
    """Text of others on one line."""
    return visible(text, keep="")
