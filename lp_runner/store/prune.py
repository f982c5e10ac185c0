"""What no run uses, and its going. Nothing outside the output folder is touched, and links are never followed.

What goes is first renamed, at once and whole, to a folder of its own; so a kill leaves a store that works, and a
`.removed-…` folder that the next pruning takes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lp_runner.errors import UsageError
from lp_runner.files import Held, holder
from lp_runner.store import manifest as manifests
from lp_runner.store.output import Output, inodes
from lp_runner.store.remove import REMOVED, busy, finish
from lp_runner.store.runfolder import Run


@dataclass(frozen=True, slots=True)
class Unused:
    """One thing that no run has."""

    path: Path
    kind: str
    """artefact, unfinished work, journal, damaged, unpublished, or left of a removal."""
    title: str
    bytes: int
    beside: Path
    """A folder of the same file system, where its going can begin."""


def unused(output: Output) -> list[Unused]:
    """Everything in the store that no run under the output folder has.

    Raises UsageError where that can't be known: a run is unreadable, or the store is somewhere else.
    """
    root = output.store.root
    if root.is_symlink():
        raise UsageError(f"{root}: a symbolic link, and nothing outside {output.path} is pruned")
    if problems := output.unreadable():
        raise UsageError(
            f"{problems[0]}; so what this run uses isn't known", "remove the run, or run its recipe again"
        )
    return list(_unused(output))


def prune(output: Output, things: Sequence[Unused]) -> None:
    """They go. Raises LpError where anything here is locked."""
    with output.store.removing(), _nobody_else(output):
        finish(output)
        still = {thing.path for thing in unused(output)}  # a run may have begun since they were shown
        for thing in things:
            if thing.path in still:
                _discard(thing.path, thing.beside)


def _unused(output: Output) -> Iterator[Unused]:
    root, used, journals = output.store.root, output.keys_used(), _journals(output)
    for key in sorted(output.store.artefacts() - used):
        yield _thing(root / key, "artefact", root)
    for path in _entries(root / ".work"):
        if path.name not in used:
            yield _thing(path, "unfinished work", root)
    for path in _entries(root / ".journals"):
        if journals is not None and path.stem not in journals:
            yield _thing(path, "journal", root)
    for folder, kind in ((".damaged", "damaged"), (".staging", "unpublished")):
        for path in _entries(root / folder):
            yield _thing(path, kind, root)
    for place in (output.path, root):
        for path in _entries(place):
            if path.name.startswith((REMOVED, f".{REMOVED}")):
                yield _thing(path, "left of a removal", place)


def _journals(output: Output) -> set[str] | None:
    found: set[str] = set()
    for folder in output.runs().values():
        if (folder / "plan.json").exists():
            journals = Run.open(folder).journals
            if journals is None:
                return None
            found |= journals
    return found


def _entries(folder: Path) -> list[Path]:
    return [] if folder.is_symlink() or not folder.is_dir() else sorted(folder.iterdir())


def _thing(path: Path, kind: str, beside: Path) -> Unused:
    folder = path.is_dir() and not path.is_symlink()
    size = sum(inodes(path).values()) if folder else path.lstat().st_size
    return Unused(path, kind, _title(path) if folder else "", size, beside)


def _title(folder: Path) -> str:
    manifest = manifests.read(folder)
    return str(manifest.about.get("title", "")) if manifest else ""


@contextmanager
def _nobody_else(output: Output) -> Iterator[None]:
    """No run is at work here, and none begins."""
    try:
        with output.store.alone():
            for folder in output.runs().values():
                if (pid := holder(folder / ".lock")) is not None:
                    raise busy(folder, pid)
            for lock in _entries(output.store.root / ".locks"):
                if not lock.name.startswith(".") and (pid := holder(lock)) is not None:
                    raise busy(output.store.path(lock.name), pid)
            yield
    except Held as held:
        raise busy(output.path, held.pid) from held


def _discard(path: Path, beside: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=REMOVED, dir=beside))
    os.rename(path, aside / path.name)
    shutil.rmtree(aside)
