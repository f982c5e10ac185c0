"""What a picture is drawn on and with: a width, a height, and marks that say the same without colour."""

from __future__ import annotations

from dataclasses import dataclass

from lp_runner.cli.view import State


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
