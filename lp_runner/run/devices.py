"""Devices are never shared by two runs: one lock for each, which the kernel frees when its holder dies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lp_runner.errors import EnvironmentFailed
from lp_runner.files import Held, locked
from lp_runner.machine import Device

POLL_S = 0.2


def lock_folder() -> Path:
    """One for each user of this machine, the same in every kind of session.

    Raises EnvironmentFailed where someone else has taken its name.
    """
    folder = Path("/tmp") / f"lp_runner-{os.getuid()}"  # noqa: S108  its owner is checked
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise EnvironmentFailed(
            f"{folder}: belongs to someone else, and device locks must be there",
            "its owner or root can remove it",
        )
    return folder


@contextmanager
def reserved(
    fitting: Sequence[Device], locks: Path, should_stop: Callable[[], None], on_wait: Callable[[str], None]
) -> Iterator[Device]:
    """The first of the fitting devices that is free, waited for where none is.

    A whole CPU ("cpu") is not a thing to queue for; "cpu:0" is.

    Args:
        should_stop: raises where the wait is to end.
        on_wait: told once what is waited for.
    """
    if any(device.name == "cpu" for device in fitting):
        yield fitting[0]
        return
    locks.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        yield _first_free(fitting, locks, stack, should_stop, on_wait)


def _first_free(
    fitting: Sequence[Device],
    locks: Path,
    stack: ExitStack,
    should_stop: Callable[[], None],
    on_wait: Callable[[str], None],
) -> Device:
    told = False
    while True:
        for device in fitting:
            try:
                stack.enter_context(locked(locks / device.name.replace(":", "-"), wait=False))
            except Held:
                continue
            return device
        if not told:
            on_wait(" or ".join(device.name for device in fitting))
            told = True
        should_stop()
        time.sleep(POLL_S)
