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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from lp_runner.api import Json
from lp_runner.cli.live import moment
from lp_runner.cli.memory import workers_bytes
from lp_runner.cli.paper import Paper
from lp_runner.cli.picture import drawn
from lp_runner.cli.view import View, after, begun, progressed
from lp_runner.cli.watch import EVERY_S, Events
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
    for name, chosen in worth_showing(list(followed(begun_run(arguments.run)))).items():
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


def followed(run: Run) -> Iterator[Moment]:
    """From its last start to its end: after each event, and twice a second between them."""
    events, view = Events(run), View(run.name)
    while True:
        holder = run.holder
        for event in events.new():
            view = told(view, event, run)
            yield Moment(view)
        if holder is None:
            return
        if (count := run.progress) and count["time"] >= events.step_since and count["step"] == events.step:
            view = progressed(view, count["step"], count["done"], count["total"], count["note"], time.time())
            yield Moment(view, workers_bytes(holder))
        time.sleep(EVERY_S)


def told(view: View, event: Mapping[str, Json], run: Run) -> View:
    if event["event"] == "run-started":
        return begun(view.run, Run.open(run.folder).plan, moment(event))
    return after(view, event["event"], event, moment(event))


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
