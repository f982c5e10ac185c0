"""Every recipe of tests/broken_recipes gets exactly the lines that stand beside it, quickly, and exit code 2.

A .txt holds the command, as one would type it in that folder, and what it answers.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lp_runner.errors import USAGE, RecipeErrors
from lp_runner.recipe import load
from lp_runner.registry import Registry

FOLDER = Path(__file__).parents[2] / "broken_recipes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
LP_RUN = "import sys; from lp_runner.cli import main; sys.exit(main())"


@pytest.fixture(autouse=True)
def in_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


def expected(name: str) -> tuple[list[str], list[str]]:
    """The command's arguments, and the lines it answers."""
    command, *lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return shlex.split(command)[2:], lines


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_recipe_is_answered_with_every_line_and_column(name: str) -> None:
    (_, file, *options), lines = expected(name)
    registry = Registry.installed()
    start = time.process_time()
    with pytest.raises(RecipeErrors) as caught:
        load(Path(file), options[1::2], registry)
    assert caught.value.problems == lines
    assert caught.value.exit_code == USAGE
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("name", ["05-override", "08-tab", "28-python-tag"])
def test_the_command_says_so_on_stderr_and_ends_with_2(name: str) -> None:
    arguments, lines = expected(name)
    done = subprocess.run(
        [sys.executable, "-c", LP_RUN, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == lines


def test_there_are_at_least_twenty_of_them() -> None:
    assert len(NAMES) >= 20
    assert {path.stem for path in FOLDER.glob("*.yaml")} - {"base"} == set(NAMES)


def test_what_they_are_made_from_is_good() -> None:
    assert len(load(Path("base.yaml"), [], Registry.installed())) == 1
