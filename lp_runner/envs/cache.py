"""The folder of built environments: which are there and whole, and what they hold."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lp_runner.files import locked, rename_into_place, sync_all, write_durably

MANIFEST = "ENVIRONMENT.json"
SCHEMA = "lp_runner/environment/1"


@dataclass(frozen=True, slots=True)
class Built:
    """One environment on this disk."""

    folder: Path
    name: str
    python: str
    """"3.11.7"."""
    requirements: tuple[str, ...]
    installed: Mapping[str, str]
    """Every distribution's version, by its name as PEP 503 compares it."""
    bytes: int
    built_at: str
    """ISO 8601, UTC."""
    build_s: float
    files: Mapping[str, int]
    """Size in bytes by path; byte code isn't counted."""

    @property
    def interpreter(self) -> Path:
        return self.folder / "bin" / "python"


class Cache:
    """`<name>-<key>/` are environments; names with a dot are the cache's own: .locks, .staging, .links, .logs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        return self.root / name

    def find(self, name: str) -> Built | None:
        """The environment of this folder name, if it is there and whole."""
        built = _read(self.folder(name))
        return built if built and is_whole(built) else None

    def all(self) -> Iterator[tuple[Path, Built | None]]:
        """Every folder, and None with those that are broken."""
        for folder in sorted(self.root.glob("[!.]*")) if self.root.is_dir() else ():
            yield folder, self.find(folder.name)

    @contextmanager
    def lock(self, name: str, on_wait: Callable[[int, float], None] | None = None) -> Iterator[None]:
        """Whoever builds or removes an environment holds this."""
        folder = self.root / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / name, wait=True, on_wait=on_wait):
            yield

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """An empty folder to build in, another one each time: an installer whose lp-run was killed may still write.

        What dead builders have left goes first. The caller holds the lock.
        """
        folder = self.root / ".staging"
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            if not _owner_lives(left.name):
                shutil.rmtree(left, ignore_errors=True)
        staged = folder / f"{name}.{os.getpid()}-{os.urandom(4).hex()}"
        staged.mkdir()
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def publish(self, staged: Path, built: Built) -> None:
        """Everything to the disk, the manifest last, then the name. The caller holds the lock."""
        content = {"schema": SCHEMA, **asdict(built)}
        del content["folder"]
        sync_all()
        write_durably(staged / MANIFEST, json.dumps(content, indent=1) + "\n")
        self._set_aside(built.folder)
        rename_into_place(staged, built.folder)

    def remove(self, name: str) -> None:
        """Gone at once by name, then file by file."""
        with self.lock(name):
            self._set_aside(self.folder(name))

    def log(self, name: str) -> Path:
        folder = self.root / ".logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def _set_aside(self, folder: Path) -> None:
        if not folder.exists():
            return
        aside = self.root / ".staging" / f"{folder.name}.{os.getpid()}-{os.urandom(4).hex()}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        os.replace(folder, aside)
        shutil.rmtree(aside, ignore_errors=True)


def is_whole(built: Built) -> bool:
    """Every file is there in its size, and the interpreter that it was built with is still on this machine."""
    return built.interpreter.exists() and all(
        _size(built.folder, name) == size for name, size in built.files.items()
    )


def measured(folder: Path) -> dict[str, int]:
    """Size by path of every file that belongs to an environment; byte code comes and goes."""
    files: dict[str, int] = {}
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = os.path.join(here, name)
            files[os.path.relpath(path, folder)] = os.lstat(path).st_size
    return files


def _owner_lives(staged: str) -> bool:
    """Of a folder in .staging, by the process number in its name."""
    number = staged.rpartition(".")[2].partition("-")[0]
    return number.isdigit() and Path("/proc", number).exists()


def _size(folder: Path, name: str) -> int | None:
    try:
        return os.lstat(os.path.join(folder, name)).st_size
    except OSError:
        return None


def _read(folder: Path) -> Built | None:
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if told.pop("schema") != SCHEMA:
            return None
        return Built(folder, **{**told, "requirements": tuple(told["requirements"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
