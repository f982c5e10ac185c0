"""Characters that nobody sees, or that steer, are shown by their code."""

from __future__ import annotations

import pytest

from lp_runner.report.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a⟨U+0000⟩b"),
        ("\x1b[31m", "⟨U+001B⟩[31m"),
        ("abc\u202efed", "abc⟨U+202E⟩fed"),
        ("\ud800", "⟨U+D800⟩"),
        ("\ufeffa", "⟨U+FEFF⟩a"),
    ],
)
def test_a_character_that_steers_is_shown_by_its_code(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["žluťoučký kůň", "a\tb\nc", "مرحبا\u200f!", "a\u200db", "犬 🐕", "<b> & \"'"]
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert visible(text) == text
