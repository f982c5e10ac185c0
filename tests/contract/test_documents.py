"""What exists is documented: every hook, command and mark, in the README or in docs/."""

from __future__ import annotations

from pathlib import Path

import pytest

from lp_runner.cli.main import COMMANDS
from lp_runner.registry import HOOKS
from lp_runner.testing.options import MARKS

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def documented() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


@pytest.mark.parametrize("hook", HOOKS.values())
def test_every_hook_is_documented(hook: str) -> None:
    assert f"`{hook}`" in documented()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "run"])
def test_every_command_is_documented(command: str) -> None:
    assert f"lp-run {command}" in documented()


def test_the_command_without_a_name_is_documented() -> None:
    assert "lp-run recipe" in documented()


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_of_an_option_is_documented(mark: str) -> None:
    assert f'"{mark}"' in documented()
