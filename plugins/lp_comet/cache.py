"""Segment scores that outlive a run, in one sqlite3 database. Processes may share it; to lose it costs only time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")

TABLE = "CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID"
MOST_KEYS_AT_ONCE = 500
"""sqlite takes 999 parameters in old versions."""
PATIENCE_S = 60.0
"""With another process that is writing."""


def key_of(judge: Mapping[str, str], sample: Mapping[str, str]) -> bytes:
    """Of one score: all that decides it, who judges what."""
    content = json.dumps([judge, sample], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).digest()


class ScoreCache:
    """A broken database is set aside and begun anew; one that can't be used is done without, and said so."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "scores.sqlite3"

    def get(self, keys: Sequence[bytes]) -> dict[bytes, float]:
        """Those that are known."""
        return self._attempt(lambda database: dict(_found(database, keys)), {})

    def put(self, scores: Mapping[bytes, float]) -> None:
        """The first score of a key stays."""
        rows = list(scores.items())
        insert = "INSERT OR IGNORE INTO scores VALUES (?, ?)"
        self._attempt(lambda database: database.executemany(insert, rows), None)

    def _attempt(self, work: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        for _ in range(2):
            try:
                with self._opened() as database:
                    return work(database)
            except sqlite3.OperationalError as error:  # locked for too long, a full disk, read-only, …
                print(f"{self._path}: going on without this cache: {error}", file=sys.stderr)
                break
            except sqlite3.DatabaseError:
                self._set_aside()
        return otherwise

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """For one transaction. No write-ahead log, which network file systems can't share."""
        with closing(sqlite3.connect(self._path, timeout=PATIENCE_S)) as database, database:
            database.execute(TABLE)
            yield database

    def _set_aside(self) -> None:
        """One process at a time, and only what is still broken then."""
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                with self._opened() as database:
                    database.execute("SELECT sum(value) FROM scores").fetchone()
            except sqlite3.OperationalError:
                return
            except sqlite3.DatabaseError as error:
                print(f"{self._path}: begun anew: {error}", file=sys.stderr)
                # Its journal first, which sqlite would else take for the new one's.
                self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
                os.replace(self._path, self._path.with_suffix(".broken"))


def _found(database: sqlite3.Connection, keys: Sequence[bytes]) -> Iterator[tuple[bytes, float]]:
    rest = iter(keys)
    while some := list(islice(rest, MOST_KEYS_AT_ONCE)):
        marks = ", ".join("?" * len(some))
        yield from database.execute(f"SELECT key, value FROM scores WHERE key IN ({marks})", some)  # noqa: S608  only marks
