"""Keys → artefacts: where everything that a run makes lives once, for all runs that share it."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lp_runner.api import Json
from lp_runner.files import locked, locked_together, rename_into_place
from lp_runner.store import manifest as manifests
from lp_runner.store.checkpoints import CheckpointShelf
from lp_runner.store.disk import demand_room, explained_when_full
from lp_runner.store.journal import Journal
from lp_runner.store.manifest import Manifest
from lp_runner.store.publish import publish

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_WHOLE, _REMOVALS = ".store", ".removals"
"""Locks that are no key's: of the store as a whole, and of whoever takes something away."""


@dataclass(frozen=True, slots=True)
class Store:
    """`<key>/` are artefacts; names with a dot are the store's own: .locks, .staging, .work, .journals, .caches, .damaged."""

    root: Path

    def path(self, key: str) -> Path:
        """Where the artefact is, or will be."""
        return self.root / _checked(key)

    def artefacts(self) -> set[str]:
        """Keys of all that are there, damaged ones too."""
        return {path.name for path in self.root.glob("*") if _KEY.fullmatch(path.name)}

    def manifest(self, key: str) -> Manifest | None:
        """The artefact's manifest if it is done and whole. Changes nothing, needs no lock."""
        manifest = manifests.sound(self.path(key))
        return manifest if manifest is not None and manifest.key == key else None

    def verify(self, key: str) -> list[str]:
        """Check every hash; one line per damaged file. New times of sound files are noted in the manifest."""
        problems = manifests.verify(self.path(key))
        if not problems and not manifests.whole(self.path(key)):
            self._note_times(key)
        return problems

    @contextmanager
    def lock(
        self, key: str, *, wait: bool = True, on_wait: Callable[[int, float], None] | None = None
    ) -> Iterator[None]:
        """Whoever makes the artefact holds this. As `files.locked`."""
        folder = _made(self.root / ".locks")
        with locked(folder / _checked(key), wait=wait, on_wait=on_wait):
            yield

    @contextmanager
    def in_use(self, on_wait: Callable[[int, float], None] | None = None) -> Iterator[None]:
        """For as long as a run looks for artefacts and links them; nothing is pruned meanwhile."""
        with locked_together(_made(self.root / ".locks") / _WHOLE, wait=True, on_wait=on_wait):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While something is pruned. Raises Held where a run is at work."""
        with locked(_made(self.root / ".locks") / _WHOLE, wait=False):
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """Runs and artefacts are taken away by one process at a time; the next waits."""
        with locked(_made(self.root / ".locks") / _REMOVALS, wait=True):
            yield

    @contextmanager
    def staging(self, key: str, needs_bytes: int = 0) -> Iterator[Path]:
        """An empty folder to be published; what isn't is deleted. The caller holds the key's lock.

        A damaged artefact under the key is moved to `.damaged` first.
        Raises EnvironmentFailed if the disk is full, or has less than `needs_bytes` free.
        """
        self._set_damaged_aside(key)
        folder = self.root / ".staging" / _checked(key)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            with explained_when_full(self.root, needs_bytes):
                _made(folder)
                demand_room(self.root, needs_bytes)
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(
        self, key: str, staged: Path, about: Mapping[str, Json], hashes: Mapping[str, str] | None = None
    ) -> Manifest:
        """The staged folder becomes the artefact, whole or not at all. The caller holds the key's lock.

        Args:
            about: what to know of it later: kind, name, lock of the environment, …
            hashes: sha256 by path in the folder, of files that need not be read again.
        """
        return publish(staged, self.path(key), key, about, hashes or {})

    def journal(self, name: str) -> Journal:
        return Journal(self.root / ".journals" / f"{_checked(name)}.jsonl")

    def checkpoints(self, key: str) -> CheckpointShelf:
        return CheckpointShelf(self._work(key), key)

    def scratch(self, key: str) -> Path:
        """An empty folder on the store's file system; what was in it is gone. The caller holds the key's lock."""
        folder = self._work(key) / "scratch"
        shutil.rmtree(folder, ignore_errors=True)
        return _made(folder)

    def cache(self, strategy: str) -> Path:
        """Of one strategy, for all runs; made when it is first used."""
        return self.root / ".caches" / _checked(strategy)

    def work_bytes(self, key: str) -> int:
        """Taken already by checkpoints and scratch."""
        return sum(path.stat().st_size for path in self._work(key).rglob("*") if path.is_file())

    def clear_work(self, key: str) -> None:
        """Checkpoints and scratch of a piece of work that is published."""
        shutil.rmtree(self._work(key), ignore_errors=True)

    def _work(self, key: str) -> Path:
        return self.root / ".work" / _checked(key)

    def _set_damaged_aside(self, key: str) -> None:
        path = self.path(key)
        if not path.exists():
            return
        if self.manifest(key) is not None:
            raise ValueError(f"{path}: is published already")
        aside = _made(self.root / ".damaged")
        free = (aside / f"{key}.{number}" for number in itertools.count())
        rename_into_place(path, next(candidate for candidate in free if not candidate.exists()))

    def _note_times(self, key: str) -> None:
        path = self.path(key)
        with self.lock(key):
            if (published := manifests.read(path)) is not None:
                hashes = {name: record.sha256 for name, record in published.files.items()}
                now = manifests.measure(path, key, published.about, hashes)
                files = {name: now.files[name] for name in published.files}
                manifests.write(path, Manifest(key, published.about, files))


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} can't name anything in the store")
    return key


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
