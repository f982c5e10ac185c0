"""What `--output` names: runs, a matrix's cells one level down, and the store that they share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lp_runner.errors import LpError, UsageError
from lp_runner.store.folder import Store
from lp_runner.store.runfolder import Run, is_run

Inodes = Mapping[tuple[int, int], int]
"""Bytes of files by device and inode, so that a file with several names counts once."""


@dataclass(frozen=True)
class Output:
    """The reader's side of all runs together."""

    path: Path

    @property
    def store(self) -> Store:
        return Store(self.path / ".store")

    def runs(self) -> dict[str, Path]:
        """Folders by name ("quickstart", "study/seed-1"), in alphabetical order; a symbolic link is no run of ours."""
        return {name: folder for name, folder in self.folders().items() if is_run(folder)}

    def folders(self) -> dict[str, Path]:
        """As `runs`, and where a run could be or was."""
        both = (found for folder in _folders(self.path) for found in (folder, *_folders(folder)))
        return {found.relative_to(self.path).as_posix(): found for found in both}

    def unreadable(self) -> list[str]:
        """What is wrong with runs of which it isn't known what they use."""
        return [problem for problem in (_problem(folder) for folder in self.runs().values()) if problem]

    def keys_used(self, but: str = "") -> set[str]:
        """Of artefacts and unfinished work that runs have, without those of the run `but`."""
        return {key for name, keys in self._keys_of_runs.items() if name != but for key in keys}

    def own_bytes(self, name: str) -> int:
        """What the run takes alone: its folder, and artefacts that no other run has."""
        shared = self._artefacts(self.keys_used(but=name))
        own = {**inodes(self.path / name), **self._artefacts(self._keys_of_runs[name])}
        return sum(size for inode, size in own.items() if inode not in shared)

    def store_bytes(self) -> int:
        return sum(inodes(self.store.root).values())

    @cached_property
    def _keys_of_runs(self) -> dict[str, set[str]]:
        there = self.store.artefacts()
        work = {path.name for path in self.store.root.glob(".work/*")}
        return {name: _keys(folder) & (there | work) for name, folder in self.runs().items()}

    @cached_property
    def _inodes_of_artefacts(self) -> dict[str, Inodes]:
        return {key: inodes(self.store.path(key)) for key in self.store.artefacts()}

    def _artefacts(self, keys: set[str]) -> dict[tuple[int, int], int]:
        found: dict[tuple[int, int], int] = {}
        for key in keys & set(self._inodes_of_artefacts):
            found |= self._inodes_of_artefacts[key]
        return found


def inodes(folder: Path) -> dict[tuple[int, int], int]:
    """Of everything below, links not followed; nothing where there is no folder."""
    found = {}
    for here, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(os.path.join(here, name))
            found[(status.st_dev, status.st_ino)] = status.st_size
    return found


def _keys(folder: Path) -> set[str]:
    """As far as they are known."""
    try:
        return Run.open(folder).keys
    except LpError:
        return {link.resolve().name for link in folder.glob("steps/*")}


def _problem(folder: Path) -> str:
    if not (folder / "plan.json").exists():  # not even planned, so nothing was made for it
        return ""
    try:
        _ = Run.open(folder).keys
    except LpError as error:
        return error.message
    return ""


def _folders(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise UsageError(f"{folder}: a file, where the folder of runs is meant") from None
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield Path(entry.path)
