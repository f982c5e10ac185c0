"""A folder's files → their hashes, sizes and times, in a MANIFEST.json that says the folder is complete."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lp_runner.api import Json
from lp_runner.errors import RunFailed
from lp_runner.files import write_durably

NAME = "MANIFEST.json"
SCHEMA = "lp_runner/manifest/1"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file as it was published."""

    sha256: str
    size: int
    """Bytes."""
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a published folder consists of, and what it is."""

    key: str
    about: Mapping[str, Json]
    """Whatever its publisher wants to know of it later."""
    files: Mapping[str, FileRecord]
    """By path in the folder, with slashes; in alphabetical order."""

    @property
    def size_bytes(self) -> int:
        return sum(record.size for record in self.files.values())


def measure(folder: Path, key: str, about: Mapping[str, Json], hashes: Mapping[str, str]) -> Manifest:
    """Of the folder as it is now; files with a known hash (sha256, by path) aren't read again.

    Raises RunFailed on a symbolic link, ValueError on a hash of a file that isn't there.
    """
    names = sorted(_names(folder))
    if strange := sorted(set(hashes) - set(names)):
        raise ValueError(f"{folder}: hashes of files that aren't there: {', '.join(strange)}")
    return Manifest(key, about, {name: _record(folder / name, hashes.get(name)) for name in names})


def write(folder: Path, manifest: Manifest) -> None:
    """Durably."""
    files = {name: asdict(record) for name, record in manifest.files.items()}
    content = {"schema": SCHEMA, "key": manifest.key, "about": manifest.about, "files": files}
    write_durably(folder / NAME, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def read(folder: Path) -> Manifest | None:
    """None where it is missing or unreadable. Raises RunFailed on one of a later lp_runner."""
    try:
        content = json.loads((folder / NAME).read_bytes())
        schema, files = content["schema"], content["files"]
        if schema != SCHEMA:
            raise RunFailed(
                f"{folder / NAME}: its schema is {schema}, this lp_runner reads {SCHEMA}",
                "another lp_runner made it; use that one",
            )
        records = {name: FileRecord(**record) for name, record in files.items()}
        return Manifest(content["key"], content["about"], records)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def whole(folder: Path) -> bool:
    """Every file has the size and time that it was published with. Reads no file but the manifest."""
    manifest = read(folder)
    return manifest is not None and _looks_whole(folder, manifest)


def verify(folder: Path) -> list[str]:
    """What is wrong, by hashes, one line a file; empty where all is well. Other times are no problem."""
    manifest = read(folder)
    if manifest is None:
        return [f"{NAME}: missing or unreadable"]
    checked = (_problem(folder, name, record) for name, record in manifest.files.items())
    return [problem for problem in checked if problem]


def sound(folder: Path) -> Manifest | None:
    """Its manifest if it is whole; where sizes or times differ the hashes decide."""
    manifest = read(folder)
    if manifest is None or _looks_whole(folder, manifest) or not verify(folder):
        return manifest
    return None


def sha256_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _names(folder: Path) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        inside = Path(here).relative_to(folder)
        for name in (*folders, *names):
            if Path(here, name).is_symlink():
                raise RunFailed(f"{inside / name}: a symbolic link can't be published; copy what it names")
        yield from (relative for name in names if (relative := (inside / name).as_posix()) != NAME)


def _record(path: Path, known_hash: str | None) -> FileRecord:
    status = path.stat()
    return FileRecord(known_hash or sha256_of(path), status.st_size, status.st_mtime_ns)


def _looks_whole(folder: Path, manifest: Manifest) -> bool:
    return all(_as_published(folder / name, record) for name, record in manifest.files.items())


def _as_published(path: Path, record: FileRecord) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (record.size, record.mtime_ns)


def _problem(folder: Path, name: str, record: FileRecord) -> str:
    path = folder / name
    if not path.is_file():
        return f"{name}: missing"
    size = path.stat().st_size
    if size != record.size:
        return f"{name}: {size} bytes, published with {record.size}"
    return (
        "" if sha256_of(path) == record.sha256 else f"{name}: its content has changed since it was published"
    )
