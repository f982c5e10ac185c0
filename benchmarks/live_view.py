"""A finished run's events → pictures of the live view, as it stood at some moments, for docs/images.

    python -m benchmarks.live_view runs/gemma3-270m-ces-deu --into docs/images

The events of one start of the run are told again to the code that draws for `lp-run`, with their own moments for a clock;
nothing is made up: counts that weren't kept (progress between events) aren't shown.
"""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from lp_runner.cli.live import moment
from lp_runner.cli.paper import Paper
from lp_runner.cli.picture import drawn
from lp_runner.cli.view import View, after, begun
from lp_runner.store import Run

WIDTHS = (80, 140)
HEIGHT = 32
FONT = re.compile(r"\s*@font-face \{[^}]*\}")
"""Fetched from elsewhere; without it, the reader's own monospaced one."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--into", type=Path, default=Path("docs/images"))
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    run = Run.open(arguments.run)
    for name, view in moments(run).items():
        for width in WIDTHS:
            picture = arguments.into / f"live-{name}-{width}.svg"
            picture.write_text(svg(view, width), encoding="utf-8")
            print(picture)


def moments(run: Run) -> dict[str, View]:
    """The view in a round of a search that has tried much, in the middle of the trainings, and at the end."""
    seen = list(views(run))
    training = [view for view in seen if view.training and view.training.losses]
    chosen = {"training": training[len(training) // 2]} if training else {}
    searching = [(len(search.gone) * len(search.tried), view) for view in seen if (search := view.search)]
    fullest = max(searching, key=lambda one: one[0], default=None)
    return chosen | ({"search": fullest[1]} if fullest else {}) | {"end": seen[-1]}


def views(run: Run) -> Iterator[View]:
    """After each event of every start of the run, each start from the beginning."""
    view = View(str(run.plan["name"]))
    for event in run.events():
        at = moment(event)
        if event["event"] == "run-started":
            view = begun(view.run, run.plan, at)
        else:
            view = after(view, event["event"], event, at)
        yield view


def svg(view: View, width: int) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, record=True, color_system="truecolor"
    )
    console.print(drawn([view], view.now, 0, Paper(width, HEIGHT)))
    return FONT.sub("", console.export_svg(title=f"lp-run at {width} columns"))


if __name__ == "__main__":
    main()
