"""A process that dies at a system call of one's choice, and a disk that is quick enough for hundreds of them."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CALLS = ("open", "write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "symlink", "ftruncate")
KILLED = 137


def in_child(act: Callable[[], None]) -> int:
    """Exit code of a forked process that does it."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def dying_at(number: int, act: Callable[[], None]) -> Callable[[], None]:
    """The process ends at the n-th call; one that writes gets half of it done."""
    count = 0

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                if name == "write":
                    call(args[0], args[1][: len(args[1]) // 2])
                os._exit(KILLED)
            return call(*args, **kwargs)

        return wrapped

    def patched() -> None:
        for name in CALLS:
            setattr(os, name, counted(name, getattr(os, name)))
        io.open = counted("io.open", io.open)
        act()

    return patched


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a file system: a kill, unlike a power cut, loses nothing that was written."""
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)
