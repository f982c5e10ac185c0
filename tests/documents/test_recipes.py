"""Every recipe in README and docs/ is right, and so is every part of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lp_runner.cli.main import main
from lp_runner.cli.settings import SETTINGS, own_interpreters

WHOLE = ("version", "extends")


def test_a_recipe_or_a_part_of_one_is_good(
    recipe_block: Any, clone: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone.folder)
    content = yaml.safe_load(recipe_block.text)
    if "environments" in content:
        check_settings(recipe_block.text, clone.folder, monkeypatch)
        return
    file = Path(recipe_block.marks.get("file", "part.yaml"))
    around = "" if set(WHOLE) & set(content) else "extends: recipes/as-shipped.yaml\n"
    file.write_text(around + recipe_block.text, encoding="utf-8")
    assert main(["check", str(file)]) == 0, capsys.readouterr().err


def check_settings(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "settings.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv(SETTINGS, "settings.yaml")
    assert own_interpreters() == {
        name: about["python"] for name, about in yaml.safe_load(text)["environments"].items()
    }
