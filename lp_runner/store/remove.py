"""Runs go, and a kill in the middle leaves each of them whole or no run at all. Links are never followed.

Which runs go is written down first; then one rename ends each of them; what they had is deleted last. So the same
removal again, another one, or a pruning knows what a kill left, and ends it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lp_runner.errors import LpError
from lp_runner.files import Held, locked, write_durably
from lp_runner.store.output import Output
from lp_runner.store.runfolder import is_run

REMOVED = ".removed-"
_NAMES, _TAKEN = f"{REMOVED}runs.json", f"{REMOVED}runs"
_FIRST = (".lock", "plan.json")
"""What makes a folder a run. The plan goes last of it, so a run that still has one lacks nothing."""


def remove(output: Output, names: Collection[str]) -> None:
    """Their folders go; cells of a matrix that are in them stay. Raises LpError where one is locked; then all stay."""
    with output.store.removing(), ExitStack() as held:
        finish(output)
        folders = {name: folder for name, folder in output.runs().items() if name in names}
        for folder in folders.values():
            held.enter_context(_locked(folder))
        write_durably(output.path / _NAMES, json.dumps(list(folders)))
        for name, folder in folders.items():
            _take(folder, output.path / _TAKEN / name)
        finish(output)


def half_removed(output: Output) -> dict[str, Path]:
    """Runs that a killed removal has begun with, by name: where what it took of them lies."""
    return {name: output.path / _TAKEN / name for name in _begun(output) - set(output.runs())}


def finish(output: Output) -> None:
    """What a killed removal left to do. A run that is whole, or was begun again, stays. The caller has `removing`."""
    names = _begun(output)
    touched = names | {name.partition("/")[0] for name in names}
    for name, folder in reversed(output.folders().items()):  # a cell before what it is in
        if name in touched and not is_run(folder):
            if name in names:
                _take(folder, output.path / _TAKEN / name)
            with suppress(OSError):  # cells are in it, or it has gone
                folder.rmdir()
    if (taken := output.path / _TAKEN).is_dir():
        shutil.rmtree(taken)
    (output.path / _NAMES).unlink(missing_ok=True)


def busy(path: Path, pid: int) -> LpError:
    return LpError(f"{path} is in use by process {pid}; nothing is removed", "wait for it, or stop it")


def _take(folder: Path, to: Path) -> None:
    """All of a folder but the cells in it."""
    there = list(folder.iterdir())
    own = [entry for entry in there if not _is_cell(entry)]
    if own == there and not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        os.rename(folder, to)
        return
    to.mkdir(parents=True, exist_ok=True)
    for entry in sorted(own, key=_order):
        os.rename(entry, to / entry.name)


def _is_cell(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink() and is_run(entry)


def _order(entry: Path) -> int:
    return _FIRST.index(entry.name) if entry.name in _FIRST else len(_FIRST)


def _begun(output: Output) -> set[str]:
    """Names of runs that a removal began with and didn't end."""
    try:
        return set(json.loads((output.path / _NAMES).read_bytes()))
    except FileNotFoundError:
        return set()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        with locked(folder / ".lock", wait=False):
            yield
    except Held as held:
        raise busy(folder, held.pid) from held
