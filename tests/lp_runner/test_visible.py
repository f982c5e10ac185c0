"""Characters that nobody sees, or that steer, are shown by their code; what people write stays."""

from __future__ import annotations

import unicodedata

import pytest

from lp_runner.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a\\x00b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\rb\x7f\x85", "a\\rb\\x7f\\x85"),
        ("abc\u202efed", "abc\\u202efed"),
        ("pay\u200dpal\u200d\u200d", "pay\u200dpal\u200d\\u200d"),
        ("abc\u200f", "abc\\u200f"),
        ("\ufe0f \ufe0f", "\\ufe0f \\ufe0f"),
        ("in\u200bvisible", "in\\u200bvisible"),
        ("\ud800", "\\ud800"),
        ("\ufeffa", "\\ufeffa"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_a_character_that_steers_is_shown_by_its_code(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("žluťoučký kůň", "a\tb\nc", "a\u200db", "犬 🐕", "<b> & \"'", "l\u2019été\u00a0!", "日\u3000本"),
        *(
            "مرحبا\u200f!",
            "می\u200cخواهم",
            "क्\u200dष",
            "ភាសា\u200bខ្មែរ",
            "👩\u200d❤\ufe0f\u200d👨",
            "1\ufe0f\u20e3",
        ),
    ],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_on_one_line_breaks_and_tabs_are_codes_too() -> None:
    assert visible("a\tb\nc", keep="") == "a\\tb\\nc"


def test_no_control_format_or_private_character_of_unicode_stands_alone() -> None:
    unseen = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    left = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in unseen]
    shown = {letter for letter in left if visible(letter, keep="") == letter}
    assert shown == {
        *"\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    }  # seen
