"""Hostile texts on a terminal and in a pipe: nothing of them is obeyed, and nothing is lost."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from lp_runner.cli.console import Plain, json_text, named, put, show, table
from lp_runner.cli.main import complain
from lp_runner.errors import LpError
from lp_runner.visible import visible
from tests.hostile import each_hostile_text

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def words(text: str) -> str:
    """As one reads them: a wide space is one, a tab too."""
    assert not OBEYED.search(text)
    return " ".join(text.split())


@each_hostile_text
def test_a_table_shows_the_text_in_its_cells_and_its_head(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(table([text], [[text]]))
    shown = visible(text, keep="")
    assert words(capsys.readouterr().out) == words(f"{shown} {shown}")


@each_hostile_text
def test_a_line_of_a_run_and_a_complaint_show_the_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(text)
    Plain("tiny").line(text)
    complain(LpError(text), "tiny")
    told = capsys.readouterr()
    shown = visible(text)
    assert words(told.out) == words(f"{shown} {named('tiny', shown)}")
    assert words(told.err) == words(f"tiny: {shown}")


@each_hostile_text
def test_json_gives_the_text_back(text: str) -> None:
    told = json_text({text: [text]})
    assert not OBEYED.search(told)
    assert json.loads(told) == {text: [text]}


@each_hostile_text
def test_what_scripts_read_is_as_it_is_in_a_pipe_and_harmless_on_a_terminal(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stream, told in ((io.StringIO(), text), (Terminal(), visible(text))):
        monkeypatch.setattr(sys, "stdout", stream)
        put(text)
        assert stream.getvalue() == told
