"""What differs between two texts, word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lp_runner.report.words import marked


def test_what_was_replaced_stands_before_what_came_instead() -> None:
    assert marked("der alte Hund bellt", "der junge Hund") == [
        ("same", "der "),
        ("less", "alte"),
        ("more", "junge"),
        ("same", " "),
        ("same", "Hund"),
        ("less", "bellt"),
    ]


def test_equal_texts_have_no_marks() -> None:
    assert marked("ein Hund", "ein Hund") == [("same", "ein Hund")]


@pytest.mark.parametrize("text", ["我喜歡狗", "犬が好き"])
def test_languages_without_spaces_are_compared_letter_by_letter(text: str) -> None:
    assert [mark for mark, _ in marked(text, text[:-1] + "猫")] == ["same", "less", "more"]


@given(st.text(), st.text())
def test_no_letter_of_the_second_text_is_lost(before: str, after: str) -> None:
    assert "".join(text for mark, text in marked(before, after) if mark != "less") == after
