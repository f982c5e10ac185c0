"""What tests of the whole program share: a tiny translation task, made once, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lp_runner.cli.settings import own_interpreters
from lp_runner.envs import Environments, Interpreter
from lp_runner.registry import Registry

LP_RUN = str(Path(sys.executable).with_name("lp-run"))
MAKER = Path(__file__).parent / "end_to_end" / "tiny.py"

Started = subprocess.Popen[str]
Finished = subprocess.CompletedProcess[str]


def quiet_environment() -> dict[str, str]:
    """One thread: tiny models are fastest so, and two at once don't disturb each other."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


@pytest.fixture(scope="session")
def tiny_task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `model/`, `train.tsv`, `dev.tsv` and `test.tsv`: 240, 24 and 40 pairs that share nothing."""
    folder = tmp_path_factory.mktemp("task")
    subprocess.run(
        [sys.executable, str(MAKER), str(folder)], check=True, env=quiet_environment(), timeout=300
    )
    return folder


@pytest.fixture(scope="session")
def interpreter_of() -> Callable[[str, str], Interpreter]:
    """`interpreter_of("evaluate", "comet")`: the plugin's own environment, built for real where it isn't yet."""

    def find(kind: str, name: str) -> Interpreter:
        declaration = Registry.installed().find(kind, name).declaration
        package = declaration.implementation.partition(":")[0].partition(".")[0]
        environments = Environments.standard(own_interpreters())
        return environments.interpreter(declaration.environment, "cpu", [package], print, lambda: None)

    return find


@pytest.fixture(scope="session")
def lp_run() -> Callable[..., Finished]:
    """`lp_run("check", recipe, cwd=…)`: the command to its end, with what it printed."""

    def run(*words: str | Path, cwd: Path | None = None, timeout: float = 500) -> Finished:
        command = [LP_RUN, *map(str, words)]
        environment = quiet_environment()
        return subprocess.run(
            command, check=False, cwd=cwd, env=environment, timeout=timeout, capture_output=True, text=True
        )

    return run


@pytest.fixture(scope="session")
def lp_start() -> Callable[..., Started]:
    """The command started in a process group of its own, to be disturbed."""

    def start(*words: str | Path, cwd: Path | None = None) -> Started:
        return subprocess.Popen(
            [LP_RUN, *map(str, words)],
            cwd=cwd,
            env=quiet_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start
