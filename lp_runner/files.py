"""Durable writes and locks: the one place that fsyncs, renames and flocks. Knows paths and bytes, nothing of runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_POLL_S = 0.2
_BLOCK_BYTES = 1 << 16


class Held(Exception):
    """Another process (or another part of this one) holds the lock."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"{path} is held by process {pid}")
        self.path = path
        self.pid = pid
        """0 where the holder didn't say."""


def write_durably(path: Path, content: str | bytes) -> None:
    """Replace a file's content at once: after a crash it is the old or the new, never a mixture.

    One writer at a time: the new content waits beside it as `.NAME.new`.
    """
    aside = path.with_name(f".{path.name}.new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        _write_all(descriptor, content.encode() if isinstance(content, str) else content)
        os.fsync(descriptor)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    rename_into_place(aside, path)


def replace_at_once(path: Path, content: str) -> None:
    """As `write_durably` for readers, and fast: after a power cut it may be the old, empty or gone."""
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(content, encoding="utf-8")
    os.replace(aside, path)


def fsync_file(path: Path) -> None:
    """Its content is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folder(path: Path) -> None:
    """The names in it (not what they name) are on the disk when this returns."""
    fsync_file(path)


def fsync_tree(folder: Path) -> None:
    """Everything below the folder, then its own names."""
    for here, _, names in os.walk(folder, topdown=False):
        for name in names:
            fsync_file(Path(here, name))
        fsync_folder(Path(here))


def sync_all() -> None:
    """All that was written on this machine is on its disks: faster than file by file where files are many."""
    os.sync()


def rename_into_place(staged: Path, target: Path) -> None:
    """Atomic and durable, within one file system. A folder in the target's place must be empty."""
    os.replace(staged, target)
    fsync_folder(target.parent)


def link_into_place(target: Path, link: Path) -> None:
    """Make `link` a relative symbolic link to `target`, replacing a link that is there."""
    wanted = os.path.relpath(target, link.parent)
    if link.is_symlink() and os.readlink(link) == wanted:
        return
    aside = link.with_name(f".{link.name}.new")
    aside.unlink(missing_ok=True)
    os.symlink(wanted, aside)
    rename_into_place(aside, link)


def link_or_copy(source: str, target: str) -> None:
    """A second name for a file that nobody changes; a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def append_line(path: Path, line: str) -> None:
    """One line more, whole or not at all; a torn last line of an earlier crash is cut off first.

    Survives a kill of the process. Appending processes take turns.
    """
    with _opened_to_append(path) as descriptor:
        _append(descriptor, line)


def append_durably(path: Path, line: str) -> None:
    """As `append_line`; survives a power cut too."""
    new = not path.exists()
    with _opened_to_append(path) as descriptor:
        _append(descriptor, line)
        os.fsync(descriptor)
    if new:
        fsync_folder(path.parent)


def whole_lines(path: Path) -> Iterator[bytes]:
    """The file's lines without their ends; nothing where there is no file; a torn last line is left out."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield line[:-1]


@contextlib.contextmanager
def locked(path: Path, *, wait: bool, on_wait: Callable[[int, float], None] | None = None) -> Iterator[None]:
    """Hold a lock that the kernel frees when its holder dies, however it dies.

    Args:
        wait: until it is free; otherwise raise Held at once.
        on_wait: told (holder's pid, seconds waited) five times a second, first at 0.0; may raise to give up.
    """
    with _held(path, fcntl.LOCK_EX, wait, on_wait):
        yield


@contextlib.contextmanager
def locked_together(
    path: Path, *, wait: bool, on_wait: Callable[[int, float], None] | None = None
) -> Iterator[None]:
    """As `locked`, beside others that hold it together, and never beside one that has it alone."""
    with _held(path, fcntl.LOCK_SH, wait, on_wait):
        yield


def holder(path: Path) -> int | None:
    """The process that holds a lock now: its pid, 0 where it didn't say; None where nobody does. Changes nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _signature(descriptor)
    finally:
        os.close(descriptor)
    return None


@contextlib.contextmanager
def _held(path: Path, kind: int, wait: bool, on_wait: Callable[[int, float], None] | None) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        _acquire(descriptor, path, kind, wait, on_wait)
        _sign(descriptor)
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _acquire(
    descriptor: int, path: Path, kind: int, wait: bool, on_wait: Callable[[int, float], None] | None
) -> None:
    started: float | None = None
    while True:
        try:
            return fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _signature(descriptor)
            if not wait:
                raise Held(path, pid) from None
        now = time.monotonic()
        started = now if started is None else started
        if on_wait is not None:
            on_wait(pid, now - started)
        time.sleep(_POLL_S)


def _sign(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # a full disk: the lock holds, only the message lacks a number
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)


def _signature(descriptor: int) -> int:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else 0


@contextlib.contextmanager
def _opened_to_append(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _append(descriptor: int, line: str) -> None:
    end = _end_of_whole_lines(descriptor)
    os.ftruncate(descriptor, end)
    try:
        _write_all(descriptor, line.encode() + b"\n")
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def _end_of_whole_lines(descriptor: int) -> int:
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - _BLOCK_BYTES)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
