"""A child process and its two pipes: bytes of messages out and in, without ever blocking what must be stoppable."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from lp_runner.errors import EnvironmentFailed
from lp_runner.worker.protocol import Lines, Message, decode, encode

_CHUNK_BYTES = 1 << 16
_POLL_S = 0.1
_GRACE_S = 5.0
MOST_LOG_BYTES = 2**30
"""That one worker may print; a library in a loop would fill the disk."""

_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**28), "MALLOC_TRIM_THRESHOLD_": str(2**30)}
"""glibc's allocator keeps the memory of tensors for the next ones; by default it fetches it anew from the kernel, page by page."""


def default_environment() -> dict[str, str]:
    """This process's variables, tokens included; a log that is complete after a crash; no chance in set orders."""
    python = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", "PYTHONUTF8": "1", "PYTHONHASHSEED": "0"}
    return {**python, **_KEPT_MEMORY, **os.environ}


class Ended(Exception):
    """The process is no more."""


class Overdue(Exception):
    """Nothing came in time."""


class Flooded(Exception):
    """Its log has grown beyond all sense."""


class Process:
    """The core's end. One thread at a time."""

    def __init__(
        self,
        python: str,
        log: Path,
        environment: Mapping[str, str],
        should_stop: Callable[[], None],
        folder: Path | None = None,
    ) -> None:
        """Raises EnvironmentFailed if there is no such interpreter."""
        self._should_stop = should_stop
        self._log = log
        self._log_limit = (log.stat().st_size if log.exists() else 0) + MOST_LOG_BYTES
        self._lines = Lines()
        self._arrived: deque[bytes] = deque()
        requests, self._to = os.pipe()
        self._from, replies = os.pipe()
        os.set_blocking(self._to, False)
        try:
            self._process = _spawn(python, log, environment, folder, requests, replies)
        except BaseException:
            self._close()
            raise
        finally:
            os.close(requests)
            os.close(replies)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def closed(self) -> bool:
        """Whether `kill` was called."""
        return self._to < 0

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def return_code(self) -> int:
        """Waits for the end."""
        return self._process.wait()

    def send(self, message: Message) -> None:
        """Raises Ended, and what `should_stop` raises before the worker takes it."""
        rest = memoryview(encode(message))
        while rest:
            self._wait(self._to, select.POLLOUT, None)
            try:
                rest = rest[os.write(self._to, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise Ended from None

    def receive(self, deadline: float | None) -> Message:
        """Raises Ended, Overdue (deadline in time.monotonic), ProtocolError, and what `should_stop` raises."""
        while not self._arrived:
            self._wait(self._from, select.POLLIN, deadline)
            chunk = os.read(self._from, _CHUNK_BYTES)
            if not chunk:
                raise Ended
            self._arrived.extend(self._lines.feed(chunk))
        return decode(self._arrived.popleft())

    def check(self, deadline: float | None) -> None:
        """Raises what `should_stop` raises, Overdue or Flooded where it is time to end."""
        self._should_stop()
        if deadline is not None and time.monotonic() > deadline:
            raise Overdue
        if self._log.stat().st_size > self._log_limit:
            raise Flooded

    def wait(self) -> bool:
        """Give it a few seconds to end by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        return not self.alive

    def kill(self) -> None:
        """It and whatever it has started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def _wait(self, descriptor: int, event: int, deadline: float | None) -> None:
        """Until the pipe is ready."""
        poller = select.poll()
        poller.register(descriptor, event)
        while not poller.poll(_POLL_S * 1000):
            self.check(deadline)
            if not self.alive and not poller.poll(0):  # its own children may still hold the pipe open
                raise Ended

    def _close(self) -> None:
        for descriptor in {self._to, self._from} - {-1}:
            os.close(descriptor)
        self._to = self._from = -1


def _spawn(
    python: str,
    log: Path,
    environment: Mapping[str, str],
    folder: Path | None,
    requests: int,
    replies: int,
) -> subprocess.Popen[bytes]:
    # The kernel's signal comes at the end of the starting thread, so only the main one may ask for it.
    parent = os.getpid() if threading.current_thread() is threading.main_thread() else 0
    command = [python, "-P", "-m", "lp_runner.worker", str(requests), str(replies), str(parent)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            return subprocess.Popen(  # noqa: S603  the interpreter is the user's own choice
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environment),
                cwd=folder,
                pass_fds=(requests, replies),
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentFailed(
                f"{python}: this interpreter can't be started: {error.strerror}"
            ) from error
