"""`lp-run watch RUN`: what a run that another process is doing would show, from its folder alone."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

from lp_runner.api import Json
from lp_runner.cli.console import Plain, show
from lp_runner.cli.live import Live, Screen, moment, terminal
from lp_runner.cli.logs import following
from lp_runner.cli.main import add_output
from lp_runner.cli.memory import workers_bytes
from lp_runner.cli.runs import add_run, found
from lp_runner.errors import DONE, INTERRUPTED, RUN_FAILED
from lp_runner.store import Run

EVERY_S = 0.5
_ENDS = {"run-finished": "complete", "step-failed": "failed", "step-interrupted": "stopped"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    add_output(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="show what the workers print, too")


def main(arguments: argparse.Namespace) -> int:
    """0 for a run that is complete, 1 for one that isn't and that nobody works on."""
    run = Run.open(found(arguments.run, arguments.output))
    with ExitStack() as stack:
        listener = _listener(run, stack)
        stack.callback(listener.close)
        if arguments.verbose:
            stack.enter_context(following(run.folder / "logs", listener.line))
        try:
            ended = watched(run, listener)
        except KeyboardInterrupt:  # the run isn't ours to stop
            return INTERRUPTED
    show(f"{arguments.run}: {ended}")
    return DONE if ended == "complete" else RUN_FAILED


def _listener(run: Run, stack: ExitStack) -> Live | Plain:
    console = terminal()
    if console is None:
        return Plain(run.name)
    screen = stack.enter_context(Screen(console, lambda: workers_bytes(run.holder or 0)))
    return Live(run.name, screen, lambda: Run.open(run.folder).plan)


def watched(run: Run, listener: Live | Plain) -> str:
    """Until it ends; how it ended."""
    events = Events(run)
    ended = ""
    while True:
        at_work = run.holder is not None  # asked before reading: what it told before it went is then read
        for event in events.new():
            ended = _ENDS.get(event["event"], "")
            listener.event(event["event"], event)
        if not at_work:
            return ended or "left unfinished; the same command continues it"
        if (told := run.progress) and told["time"] >= events.step_since and told["step"] == events.step:
            listener.progress(told["step"], told["done"], told["total"], told["note"])
        time.sleep(EVERY_S)


class Events:
    """Of a run, from the last time it was started."""

    def __init__(self, run: Run) -> None:
        self._run = run
        told = list(run.events())
        starts = [number for number, event in enumerate(told) if event["event"] == "run-started"]
        self._seen = starts[-1] if starts else 0
        self._size = -1
        self.step, self.step_since = "", 0.0
        """The step that began last, and when."""

    def new(self) -> list[dict[str, Json]]:
        """Those that have come since."""
        size = self._run.events_bytes
        if size == self._size:
            return []
        self._size = size
        told = list(self._run.events())[self._seen :]
        self._seen += len(told)
        for event in told:
            if event["event"] == "step-started":
                self.step, self.step_since = event["step"], moment(event)
        return told
