"""A matplotlib figure → an inline SVG: its ids its own, its colours and its font the page's, the same bytes each time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib.style
from markupsafe import Markup
from matplotlib.figure import Figure

from lp_runner.report.heat import LEVELS
from lp_runner.visible import visible

INK, SOFT, LINE, ACCENT, PAPER, OTHER, LESS, MORE = (f"#00000{number}" for number in range(1, 9))
HEAT = tuple(f"#00001{level}" for level in range(LEVELS))
_NAMES = ("ink", "soft", "line", "accent", "paper", "other", "less", "more")
_PAGE_COLOURS = dict(zip((INK, SOFT, LINE, ACCENT, PAPER, OTHER, LESS, MORE), _NAMES, strict=True)) | {
    colour: f"heat{level}" for level, colour in enumerate(HEAT)
}
"""Colours that matplotlib can write, in place of the page's, which follow the reader's light or dark."""
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lp_runner",
    "text.parse_math": False,
    "text.color": INK,
    "font.size": 11,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "legend.frameon": False,
    "figure.dpi": 72,
    "savefig.transparent": True,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What a page shows: an SVG, and what it says to someone who can't see it."""

    svg: Markup
    title: str
    description: str


@contextmanager
def drawing() -> Iterator[None]:
    """Figures made in this look the same whatever the user's own settings are."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def picture(name: str, figure: Figure, title: str, description: str) -> Picture:
    """Args: name, of its own on the page: its ids begin with it."""
    title, description = visible(title), visible(description)
    written = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the reader's browser has others
        figure.savefig(
            written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    drawn = re.sub("<[^>]*>", lambda tag: _of_the_page(tag[0], name), _without_frame(written.getvalue()))
    width, height = (round(72 * inches) for inches in figure.get_size_inches())
    head = (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc">'
    )
    told = Markup('<title id="{0}-title">{1}</title><desc id="{0}-desc">{2}</desc>').format(
        name, title, description
    )
    return Picture(Markup(head) + told + Markup(drawn) + Markup("</svg>"), title, description)  # noqa: S704  matplotlib escapes


def _without_frame(svg: str) -> str:
    """What stands in the root, but for the sheet of styles, which would be the whole page's, and the metadata."""
    inner = svg.partition("<svg")[2].partition(">")[2].rpartition("</svg>")[0]
    inner = re.sub(r"<metadata>.*?</metadata>", "", inner, flags=re.DOTALL)
    inner = re.sub(r'<defs>\s*<style type="text/css">.*?</style>\s*</defs>', "", inner, flags=re.DOTALL)
    return re.sub(r"\n\s*", "\n", inner)


def _of_the_page(tag: str, name: str) -> str:
    """Tags alone, not the texts between them, which are other people's."""
    tag = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", tag)
    tag = re.sub(r"#0000[01]\d", lambda found: f"var(--{_PAGE_COLOURS[found[0]]})", tag)
    tag = re.sub(r"font-family: [^;\"]*;? ?", "", tag)
    return re.sub(r"font: (?:(\d+) )?([\d.]+px)[^;\"]*", _font, tag)


def _font(found: re.Match[str]) -> str:
    weight, size = found.groups()
    return f"font-size: {size}" + (f"; font-weight: {weight}" if weight else "")
