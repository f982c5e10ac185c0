"""The licence of a base model, by its own card."""

from __future__ import annotations

from pathlib import Path

import pytest

from lp_runner.plan.licence import licence


def test_a_card_s_licence_is_taken_with_name_and_link(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        "---\nlicense: other\nlicense_name: own\nlicense_link: LICENSE\ntags: [a]\n---\n\n# A model\n",
        "utf-8",
    )
    assert licence(tmp_path) == {"license": "other", "license_name": "own", "license_link": "LICENSE"}


def test_a_folder_without_a_card_has_none(tmp_path: Path) -> None:
    assert licence(tmp_path) is None


@pytest.mark.parametrize(
    "card",
    [
        "# A model\n\nlicense: mit\n",
        "---\ntags: [a]\n---\n",
        "---\nlicense: [mit, gpl]\n---\n",
        "---\nlicense: {{ licence }}\n---\n",
        "---\nlicense_link: LICENSE\n---\n",
        "---\n- license\n---\n",
    ],
)
def test_nothing_is_guessed_from_a_card_that_names_none(card: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(card, "utf-8")
    assert licence(tmp_path) is None


def test_a_card_that_is_no_text_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"---\nlicense: \xff\n---\n")
    assert licence(tmp_path) is None
