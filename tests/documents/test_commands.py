"""Every command in README and docs/ works, or would where there is what it needs."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from lp_runner.cli.main import COMMANDS, parsed
from lp_runner.cli.plugins import named
from lp_runner.errors import UsageError
from lp_runner.registry import Registry

NEEDS = {"gpu", "hub", "time"}
MARKS = {"needs", "file", "exit", "tested"}
BUILT_IN = {"cd", "source", "export"}
INSTALLED_BY_A_READER = {"git", "hf"}


def test_a_command_that_can_be_run_does_what_its_page_says(run_block: Any, reader: Any) -> None:
    told = reader.types(run_block.script)
    assert told.returncode == int(run_block.marks.get("exit", 0)), told.stdout + told.stderr
    printed = " ".join((told.stdout + told.stderr).split())
    for line in run_block.shown:
        parts = [re.escape(" ".join(part.split())) for part in line.split("…")]
        assert re.search(" ?.*? ?".join(parts), printed), f"{line!r} is not in {printed!r}"


def test_a_command_that_needs_more_is_one_that_there_is(unrun_block: Any, clone: Any) -> None:
    assert unrun_block.marks["needs"] in NEEDS
    for words in unrun_block.commands():
        check(words, clone.folder)


def test_a_command_within_a_sentence_is_one_that_there_is(
    spoken: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    command, *rest = re.sub(r"[\[\]]|\.\.\.", "", spoken[1]).split()[1:]
    if command in COMMANDS:
        with pytest.raises(SystemExit):
            parsed([command, "--help"])
        help_text = capsys.readouterr().out
        assert [word for word in rest if word.startswith("-") and word not in help_text] == []
    else:
        assert command in {"COMMAND", "--help"} or command.endswith(".yaml")
    if command == "plugins" and rest and rest[0] != "NAME":
        assert named(rest[0], Registry.installed())


def test_python_on_a_page_is_python_whose_imports_are_there(python_block: Any) -> None:
    parsed_block = ast.parse(python_block.text)
    for node in ast.walk(parsed_block):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("lp_runner"):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_marks_are_known_and_name_what_is_there(any_block: Any) -> None:
    assert any_block.marks.keys() <= MARKS
    elsewhere = any_block.marks.get("tested")
    root = Path(__file__).parents[2]
    assert elsewhere is None or Path(any_block.page).name in (root / elsewhere).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line", ["lp-run chek recipe.yaml", "make quikstart", "python benchmarks/no.py", "lp-rum x"]
)
def test_a_slip_in_a_command_that_is_not_run_is_found(line: str, clone: Any) -> None:
    with pytest.raises((AssertionError, SystemExit, UsageError)):
        check(line.split(), clone.folder)


def check(words: list[str], folder: Path) -> None:
    program, *rest = words
    match program:
        case "lp-run":
            arguments = parsed(rest)
            assert [path for path in getattr(arguments, "recipes", []) if not (folder / path).is_file()] == []
        case "make":
            targets = re.findall(
                r"^([\w-]+):", (folder / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
            )
            assert [word for word in rest if "=" not in word and word not in targets] == []
        case "python" if rest[0] == "-m":
            assert importlib.util.find_spec(rest[1])
        case "python":
            assert (folder / rest[0]).is_file()
        case "pytest":
            assert (folder / rest[0]).exists()
        case _:
            assert program in BUILT_IN | INSTALLED_BY_A_READER or shutil.which(program), program
