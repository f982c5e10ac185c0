"""The documentation builds without a warning, and a page loads nothing from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lp_runner.cli.main import COMMANDS
from lp_runner.recipe.check import base_schema
from lp_runner.recipe.schema import BuiltIn
from lp_runner.registry import HOOKS, Registry

ROOT = Path(__file__).parents[2]
LOADING = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}
NAMING = ("canonical", "alternate", "next", "prev")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    variables = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--site-dir", str(made)]
    ended = subprocess.run(command, cwd=ROOT, env=variables, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return made


class Loaded(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if tag in LOADING and about.get("rel") not in NAMING:
            self.addresses.append(about.get(LOADING[tag]) or "")


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert [address for address in loaded.addresses if "//" in address] == [], page


def test_the_reference_has_every_command_section_and_plugin(site: Path) -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.html")}
    offers = BuiltIn(Registry.installed())
    assert [name for name in COMMANDS if f'id="lp-run-{name}"' not in texts["command-line"]] == []
    assert [name for name in base_schema()["properties"] if f'id="{name}"' not in texts["recipe"]] == []
    plugins = [f"{kind}: {name}" for kind in HOOKS for name in offers.names(kind)]
    assert [title for title in plugins if f">{title}<" not in texts["plugins"]] == []


def test_the_reference_has_what_a_plugin_implements(site: Path) -> None:
    text = (site / "reference" / "api.html").read_text(encoding="utf-8")
    assert "How much a model needs its layers." in text
    assert "lp_runner.api.strategies.ImportanceMetric.score" in text
