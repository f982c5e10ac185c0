"""A word of the command line → the run that it means, and what commands say of runs in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lp_runner.errors import LpError, UsageError
from lp_runner.files import Held
from lp_runner.store import Output, RunFolder
from lp_runner.store.runfolder import is_run

_UNITS = (("d", 86400), ("h", 3600), ("min", 60))


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's folder, or its name in --output: quickstart")


def add_runs(parser: argparse.ArgumentParser, least: str = "+") -> None:
    parser.add_argument(
        "runs", nargs=least, metavar="RUN", help="folders, or names in --output: study/seed-1"
    )


def found(word: str, output: Path) -> Path:
    """The folder. Raises UsageError with the nearest name."""
    named = Output(output).runs()
    if is_run(Path(word)):
        return Path(word)
    if word in named:
        return named[word]
    if Path(word).is_dir() and not any(name.startswith(f"{word}/") for name in named):
        raise UsageError(f"{word}: not a run folder (no plan.json)")
    raise UsageError(unknown(word, output, list(named)))


def unknown(word: str, output: Path, names: list[str]) -> str:
    """That there is no such run, and what was perhaps meant."""
    from lp_runner.recipe.complaints import nearest

    cells = [name for name in names if name.startswith(f"{word}/")]
    if cells:
        return f"{word}: a matrix of {len(cells)} runs; name one of them, as {cells[0]}"
    near = nearest(word, names) if names else f"; {output} has no runs"
    return f"no run is named {word}{near}"


@contextmanager
def alone(folder: RunFolder) -> Iterator[None]:
    """Raises LpError where another process works on the run."""
    try:
        with folder.lock(wait=False):
            yield
    except Held as held:
        raise LpError(f"{folder.path} is in use by process {held.pid}", "wait for it, or stop it") from held


def age(seconds: float) -> str:
    """In the largest whole unit: 3 h."""
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"
