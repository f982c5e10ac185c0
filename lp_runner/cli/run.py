"""`lp-run recipe.yaml ...`: recipe text → Recipe → Plan → Run → Report, for every recipe and cell that is named."""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from lp_runner import plan, recipe, report, run
from lp_runner.cli.console import Plain, Quiet, show
from lp_runner.cli.inputs import check_inputs
from lp_runner.cli.live import Live, Screen, terminal
from lp_runner.cli.logs import following
from lp_runner.cli.main import add_recipes, complain, unexpected, verdict
from lp_runner.cli.memory import workers_bytes
from lp_runner.cli.runs import alone
from lp_runner.cli.settings import own_interpreters
from lp_runner.cli.signals import Stop, to_stderr
from lp_runner.envs import Environments
from lp_runner.errors import DONE, Interrupted, LpError, UsageError
from lp_runner.machine import Device, devices, fitting
from lp_runner.plan.inputs import Fingerprints
from lp_runner.recipe import Recipe
from lp_runner.recipe.publishers import refuse_unknown
from lp_runner.registry import Registry
from lp_runner.run.devices import lock_folder, reserved
from lp_runner.store import Output, Run, RunFolder, Store
from lp_runner.store.disk import explained_when_full

Listening = Callable[[str, RunFolder], Live | Plain | Quiet]
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_recipes(parser)
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--quiet", action="store_true", help="print errors and results, no progress")
    told.add_argument("-v", "--verbose", action="store_true", help="show what the workers print, too")
    parser.add_argument(
        "--offline",
        action="store_true",
        help="never download a model or a data set, never build an environment",
    )

    parser.add_argument(
        "--time-limit",
        type=duration_s,
        metavar="TIME",
        help="end a strategy that takes longer than this for one request, e.g. 90min or 12h",
    )


def duration_s(text: str) -> float:
    """From "12h", "90min" or "30s". Raises argparse's own error otherwise."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|h)", text.strip())
    if not match or not float(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it like 90min or 12h")
    return float(match[1]) * {"s": 1, "min": 60, "h": 3600}[match[2]]


@dataclass(frozen=True, slots=True)
class Command:
    """What all runs of one command share."""

    output: Path
    download: bool
    registry: Registry
    environments: Environments
    found: list[Device]
    stop: Stop
    listener: Listening
    verbose: bool
    limit_s: float | None
    """Of any one request to a strategy."""

    @property
    def store(self) -> Store:
        return Output(self.output).store


def main(arguments: argparse.Namespace) -> int:
    if arguments.offline:
        os.environ |= OFFLINE
    registry = Registry.installed()
    cells, codes = _load(arguments, registry)
    _refuse_twice(cells)
    with _listeners(arguments.quiet) as (listener, say), Stop(say) as stop:
        output = arguments.output.absolute()
        environments = Environments.standard(own_interpreters(), arguments.offline)
        command = Command(
            output,
            not arguments.offline,
            registry,
            environments,
            devices(),
            stop,
            listener,
            arguments.verbose,
            arguments.time_limit,
        )
        codes += _run_all(cells, command)
    return verdict(codes)


def run_folder(output: Path, cell: Recipe) -> RunFolder:
    return RunFolder(output / cell.name / cell.cell if cell.cell else output / cell.name)


def _load(arguments: argparse.Namespace, registry: Registry) -> tuple[list[Recipe], list[int]]:
    """Every cell of the recipes that are right, and the exit codes of those that aren't."""
    cells: list[Recipe] = []
    codes: list[int] = []
    for path in arguments.recipes:
        try:
            found = recipe.load(path, arguments.overrides, registry)
            for cell in found:
                refuse_unknown(cell, registry, arguments.trusted)
                check_inputs(cell, registry)
            cells += found
        except LpError as error:
            codes.append(complain(error))
    return cells, codes


def _refuse_twice(cells: list[Recipe]) -> None:
    """Two recipes of one name would write into one folder."""
    seen: dict[tuple[str, str], Path] = {}
    for cell in cells:
        other = seen.setdefault((cell.name, cell.cell), cell.path)
        if other is not cell.path:
            told = f"{cell.path}: name: {cell.name} is the name of {other} too"
            raise UsageError(told, "both would be written into one folder; give one of them another name")


def _run_all(cells: list[Recipe], command: Command) -> list[int]:
    """As many at a time as there are devices; each run has its own."""
    with ThreadPoolExecutor(max(1, min(len(cells), len(command.found)))) as pool:
        futures = [pool.submit(_run_one, cell, command) for cell in cells]
        pending = set(futures)
        while pending:  # short waits, so that signals reach this thread
            _, pending = wait(pending, timeout=0.2)
        return [future.result() for future in futures]


def _run_one(cell: Recipe, command: Command) -> int:
    name = f"{cell.name}/{cell.cell}" if cell.cell else cell.name
    try:
        command.stop.check()
        start = time.monotonic()
        folder = run_folder(command.output, cell)
        with _listening(name, folder, command) as listener:
            outcome, made = _execute(cell, folder, command, listener)
        show(f"{name}: {outcome.headline}")
        show(f"{name}: {made} steps done in {time.monotonic() - start:.1f} s; report: {folder.report}")
        return complain(outcome.gate, name) if outcome.gate else DONE
    except Interrupted as error:
        return error.exit_code
    except LpError as error:
        return complain(error, name)
    except Exception as error:  # noqa: BLE001  the other runs go on
        return complain(unexpected(error), name)


def _execute(
    cell: Recipe, folder: RunFolder, command: Command, listener: Live | Plain | Quiet
) -> tuple[report.Outcome, int]:
    """What came of it, and how many steps were made for it now."""
    command.store.root.mkdir(parents=True, exist_ok=True)
    fingerprints = Fingerprints(command.store.root / ".fingerprints")

    def waits(what: str) -> None:
        listener.event("run-waits", {"for": what})

    def waits_for_room(pid: int, seconds: float) -> None:
        if not seconds:
            waits(f"process {pid}, which prunes the store")
        command.stop.check()

    with (
        reserved(fitting(cell.device, command.found), lock_folder(), command.stop.check, waits) as device,
        alone(folder),
        command.store.in_use(waits_for_room),
    ):
        planned = plan.build(cell, [device], fingerprints, download=command.download)
        prints = cache(fingerprints.of)  # of the inputs as they are now; a run doesn't see later edits
        finished, made = run.execute(
            planned,
            command.registry,
            command.environments,
            prints,
            command.store,
            folder,
            listener,
            command.stop.check,
            command.stop.check_in_a_unit,
            command.limit_s,
        )
        with explained_when_full(folder.path):
            return report.renew(finished, folder), made


@contextmanager
def _listeners(quiet: bool) -> Iterator[tuple[Listening, Callable[[str], None]]]:
    """What listens to each run, and what says something of all of them from a signal handler."""
    console = terminal()
    if quiet:
        yield lambda name, folder: Quiet(), to_stderr
    elif console is None:
        yield lambda name, folder: Plain(name), to_stderr
    else:
        with Screen(console, partial(workers_bytes, os.getpid())) as shared:
            yield lambda name, folder: Live(name, shared, lambda: Run.open(folder.path).plan), shared.notice


@contextmanager
def _listening(name: str, folder: RunFolder, command: Command) -> Iterator[Live | Plain | Quiet]:
    listener = command.listener(name, folder)
    try:
        with following(folder.path / "logs", listener.line) if command.verbose else nullcontext():
            yield listener
    finally:
        listener.close()
