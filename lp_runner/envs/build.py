"""A Spec → a virtual environment in the cache: built aside, checked, renamed into place."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread

from lp_runner.envs.cache import Built, Cache, measured
from lp_runner.envs.installers import Installer, installed, installer
from lp_runner.envs.links import apart
from lp_runner.envs.spec import Spec, name_of, normal
from lp_runner.errors import EnvironmentFailed

TORCH_ARGUMENTS = "TORCH_PIP_ARGS"
"""An environment variable: more arguments for installing torch, such as the package index of its CPU builds."""
TAIL_LINES = 12
_POLL_S = 0.2

Tell = Callable[[str], None]
"""Told each line that an installer says."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a build needs of the world."""

    tell: Tell
    should_stop: Callable[[], object]
    """Raises where the user or the system wants an end."""


def build(spec: Spec, python: str, version: str, cache: Cache, around: Surroundings) -> Built:
    """The environment, built if nobody has yet; whoever builds the same elsewhere is waited for.

    Args:
        python: the interpreter to build with; version: its "3.11".
    Raises EnvironmentFailed, with the installer's last lines, where it can't be built.
    """
    name = spec.folder_name(version)
    with cache.lock(name, on_wait=partial(_waiting, spec, around)):
        if built := cache.find(name):
            return built
        with cache.staging(name) as staged, _log(cache.log(name)) as log:
            started = time.monotonic()
            _fill(installer(staged, partial(_do, spec, log, around)), spec, python)
            _rename_scripts(staged, cache.folder(name))
            built = _described(spec, staged, cache.folder(name), time.monotonic() - started)
            _check(built, spec)
            cache.publish(staged, built)
    return built


def _fill(into: Installer, spec: Spec, python: str) -> None:
    """torch first and alone: another package that asks for it would take the build for CUDA, several GB."""
    into.create(python)
    torch = [one for one in spec.requirements if name_of(one) == "torch"]
    if torch:
        into.add(torch, shlex.split(os.environ.get(TORCH_ARGUMENTS, "")))
    unwanted = {normal(name) for name in spec.leave_out}
    pins = [pin for pin in into.resolve(spec.requirements) if name_of(pin) not in unwanted]
    if pins:
        into.add_exactly(pins)


def _described(spec: Spec, staged: Path, target: Path, seconds: float) -> Built:
    python = next((staged / "lib").glob("python*")).name.removeprefix("python")
    return Built(
        folder=target,
        name=spec.name,
        python=python,
        requirements=spec.requirements,
        installed=installed(staged),
        bytes=sum(path.lstat().st_size for path in staged.rglob("*")),
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        build_s=round(seconds, 1),
        files=measured(staged),
    )


def _check(built: Built, spec: Spec) -> None:
    missing = [one for one in spec.requirements if name_of(one) not in built.installed]
    there = [name for name in spec.leave_out if normal(name) in built.installed]
    if missing or there:
        what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(there)}, which it must not have"
        raise EnvironmentFailed(f"environment {spec.name}: the installer was content, but it {what}")


def _rename_scripts(staged: Path, target: Path) -> None:
    """A virtual environment's scripts name the folder that they were made in."""
    before, after = os.fsencode(staged), os.fsencode(target)
    scripts = [path for path in (staged / "bin").iterdir() if path.is_file() and not path.is_symlink()]
    for script in [*scripts, staged / "pyvenv.cfg"]:
        content = script.read_bytes()
        if before in content:
            script.write_bytes(content.replace(before, after))


def _do(spec: Spec, log: Callable[[str], None], around: Surroundings, command: Sequence[str]) -> None:
    """Run an installer's command; its lines go to the log and are told."""
    last: deque[str] = deque(maxlen=TAIL_LINES)

    def hear(line: str) -> None:
        last.append(line)
        log(line)
        around.tell(line)

    code = _run(command, hear, around.should_stop)
    if code:
        tail = "\n".join(f"  {line}" for line in last)
        raise EnvironmentFailed(
            f"environment {spec.name}: {Path(command[0]).name} failed with exit code {code}",
            f"its last lines were\n{tail}",
        )


def _run(command: Sequence[str], hear: Callable[[str], None], should_stop: Callable[[], object]) -> int:
    try:
        process = subprocess.Popen(  # noqa: S603  an installer, with a plugin's own requirements as arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=apart(os.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise EnvironmentFailed(f"{command[0]}: can't be started: {error.strerror}") from error
    lines = Thread(target=_read, args=(process, hear), daemon=True)
    lines.start()
    try:
        while process.poll() is None:
            should_stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        lines.join(timeout=5)
    return process.returncode


def _read(process: subprocess.Popen[str], hear: Callable[[str], None]) -> None:
    for line in process.stdout or ():
        if line.strip():
            hear(line.rstrip())


@contextmanager
def _log(path: Path) -> Iterator[Callable[[str], None]]:
    with path.open("w", encoding="utf-8") as file:
        yield lambda line: print(line, file=file, flush=True)


def _waiting(spec: Spec, around: Surroundings, pid: int, seconds: float) -> None:
    if not seconds:
        around.tell(f"process {pid} builds environment {spec.name}; waiting for it")
    around.should_stop()
