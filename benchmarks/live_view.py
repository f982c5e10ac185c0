"""A run at work → pictures of the live view, as it stood at some moments, for docs/images.

    lp-run recipes/quickstart.yaml & python -m benchmarks.live_view runs/quickstart

Follows the run from its start to its end as `lp-run watch` does, and draws with the code that draws for `lp-run`; nothing is
made up. Of a run that is over the events tell the same, but for the counts of the step at work and the memory, which nobody
keeps.
"""

from __future__ import annotations

import argparse
import io
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from lp_runner.cli.live import Live
from lp_runner.cli.memory import workers_bytes
from lp_runner.cli.paper import Paper
from lp_runner.cli.picture import drawn
from lp_runner.cli.view import View
from lp_runner.cli.watch import EVERY_S, watched
from lp_runner.store import Run

WIDTHS = (80, 140)
HEIGHT = 32
MOST_WAIT_S = 60
FONT = re.compile(r"\s*@font-face \{[^}]*\}")
"""Fetched from elsewhere; without it, the reader's own monospaced one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What there was to see."""

    view: View
    memory_bytes: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--into", type=Path, default=Path("docs/images"))
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    run = begun_run(arguments.run)
    album: Any = Album(run)
    watched(run, Live(run.name, album, lambda: Run.open(run.folder).plan))
    for name, chosen in worth_showing(album.moments).items():
        for width in WIDTHS:
            picture = arguments.into / f"live-{name}-{width}.svg"
            picture.write_text(svg(chosen, width), encoding="utf-8")
            print(picture)


def begun_run(folder: Path) -> Run:
    """Once there is one. Ends the process where none begins."""
    deadline = time.monotonic() + MOST_WAIT_S
    while not (folder / "events.jsonl").is_file():
        if time.monotonic() > deadline:
            raise SystemExit(f"{folder}: no run begins there")
        time.sleep(EVERY_S)
    return Run.open(folder)


class Album:
    """Takes the place of a screen, and keeps what one would have shown."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.moments: list[Moment] = []

    def show(self, view: View) -> None:
        holder = self._run.holder
        self.moments.append(Moment(view, workers_bytes(holder) if holder and view.pace else 0))

    def leave(self, view: View) -> None: ...

    def line(self, text: str) -> None: ...


def worth_showing(seen: list[Moment]) -> dict[str, Moment]:
    """A round of a search that has tried much, and the middle of the trainings."""
    counted = [one for one in seen if one.memory_bytes] or seen
    training = [one for one in counted if one.view.training and one.view.training.losses]
    searching = [one for one in counted if one.view.search]
    chosen = {"training": training[len(training) // 2]} if training else {}
    fullest = max(searching, key=tried, default=None)
    return chosen | ({"search": fullest} if fullest else {})


def tried(one: Moment) -> int:
    search = one.view.search
    return len(search.gone) * len(search.tried) if search and not search.over else 0


def svg(shown: Moment, width: int) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, record=True, color_system="truecolor"
    )
    console.print(drawn([shown.view], shown.view.now, shown.memory_bytes, Paper(width, HEIGHT)))
    return FONT.sub("", console.export_svg(title=f"lp-run at {width} columns"))


if __name__ == "__main__":
    main()
