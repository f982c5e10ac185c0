"""`--help`: a screen that begins with what a newcomer needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lp_runner.cli.main import COMMANDS, HELP, parsed, parser_of

from .conftest import LpRun


def test_it_fits_a_screen_of_80_by_24_with_the_prompt() -> None:
    lines = HELP.splitlines()
    assert len(lines) <= 23
    assert max(len(line) for line in lines) < 80


def test_every_command_is_in_it() -> None:
    assert [name for name in COMMANDS if name != "run" and not re.search(rf"\b{name}\b", HELP)] == []


def test_the_first_commands_are_the_newcomer_s_three(tmp_path: Path, lp_run: LpRun) -> None:
    text = lp_run("--help", folder=tmp_path).stdout
    first = [line.split("  ")[1] for line in text.splitlines() if line.startswith("  lp-run")]
    assert first == ["lp-run init quickstart", "lp-run check quickstart.yaml", "lp-run quickstart.yaml"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser_of([command]).parse_args([command, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: lp-run {command} ")


@pytest.mark.parametrize("words", [["list", "--all\x1b[31m\u202e"], ["r.yaml", "--all\x1b[31m\u202e"]])
def test_a_wrong_word_is_shown_and_not_obeyed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(words)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert r"--all\x1b[31m\u202e" in told
    assert "\x1b" not in told
    assert "\u202e" not in told
