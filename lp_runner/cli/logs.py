"""What the workers of a run print, line by line as they print it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY_S = 0.5
MOST_BYTES = 1 << 16
"""Of one log that are shown at once; what a library prints in a loop is in the log itself."""


class Tail:
    """New whole lines of all logs in a folder, from now on. A log that is deleted meanwhile says nothing more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = {path: path.stat().st_size for path in folder.glob("*.log")}

    def new(self) -> Iterator[str]:
        """Each with the name of its worker."""
        for path in sorted(self._folder.glob("*.log")):
            with suppress(FileNotFoundError):
                yield from (f"{path.stem}: {line}" for line in self._lines(path))

    def rest(self) -> Iterator[str]:
        """As `new`, and a last line without an end: of a worker that is gone."""
        yield from self.new()
        for path in sorted(self._folder.glob("*.log")):
            with suppress(FileNotFoundError), path.open("rb") as log:
                log.seek(self._read.get(path, 0))
                if torn := log.read(MOST_BYTES).decode("utf-8", "replace"):
                    lines = torn.removesuffix("\n").split("\n")
                    yield from (f"{path.stem}: {_last_state(line)}" for line in lines)

    def _lines(self, path: Path) -> list[str]:
        start = min(self._read.get(path, 0), path.stat().st_size)
        with path.open("rb") as log:
            log.seek(start)
            whole, newline, _ = log.read(MOST_BYTES).rpartition(b"\n")
            left_out = path.stat().st_size - start > MOST_BYTES
        if left_out:
            self._read[path] = path.stat().st_size
        elif newline:
            self._read[path] = start + len(whole) + 1
        lines = (
            [_last_state(line) for line in whole.decode("utf-8", "replace").split("\n")] if newline else []
        )
        return [*lines, f"(more is in {path})"] if left_out else lines


@contextmanager
def following(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Every line is said while the block lasts; those of one moment together, since a picture is drawn anew below each."""
    tail, over = Tail(folder), threading.Event()

    def tell(lines: Iterable[str]) -> None:
        if text := "\n".join(lines):
            say(text)

    def follow() -> None:
        while not over.wait(EVERY_S):
            tell(tail.new())

    thread = threading.Thread(target=follow, name="logs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        tell(tail.rest())


def _last_state(line: str) -> str:
    """Of a progress bar that wrote over itself."""
    return line.rstrip("\r").rpartition("\r")[2]
