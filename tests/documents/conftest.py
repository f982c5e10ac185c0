"""README and docs/ → their commands and recipes, and a folder to try them in as a reader would.

A block is run, unless an HTML comment before it says what it needs: `<!-- needs: gpu -->`, `hub` or `time`. What isn't
run is parsed and checked. A comment may say more, after semicolons: `file: NAME`, the name that the block's text is
saved under, and `exit: N`, the exit code that is expected. `<!-- every block needs: time -->` holds for its page.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
SHELL = ("bash", "console")
QUICK = """\
extends: as-shipped.yaml
data: {train: {with: {limit: 64}}, test: {with: {limit: 20}}}
importance: {with: {segments: 4}}
recover: [{use: sft, with: {max_steps: 1, batch_size: 8, max_length: 128, dev_segments: 8}}]
"""
"""The quickstart with little of everything: the same steps, systems and models."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_tested_elsewhere(self) -> bool:
        return "tested" in self.marks

    @property
    def is_run(self) -> bool:
        return "needs" not in self.marks

    @property
    def script(self) -> str:
        """What a reader types. Of a console, what stands after the prompt."""
        typed = (
            self.text
            if self.language == "bash"
            else "\n".join(re.findall(r"^\$ (.+)$", self.text, re.MULTILINE))
        )
        return typed

    @property
    def shown(self) -> list[str]:
        """Lines that the page says are printed."""
        return [] if self.language == "bash" else re.findall(r"^(?!\$ )(.+)$", self.text, re.MULTILINE)

    def commands(self) -> list[list[str]]:
        """The words of each, without comments and assignments; one may go over several lines."""
        found: list[list[str]] = []
        text = ""
        for line in self.script.splitlines():
            text += line + "\n"
            try:
                words = [] if line.endswith("\\") else shlex.split(text, comments=True)
            except ValueError:  # in the middle of a quotation
                continue
            if not line.endswith("\\"):
                text = ""
                found.append([word for word in words if not re.match(r"[A-Z_]+=", word)])
        assert not text, f"{self}: not whole"
        return [words for words in found if words]


def blocks_of(page: Path) -> list[Block]:
    found: list[Block] = []
    marks: dict[str, str] = {}
    of_page: dict[str, str] = {}
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block"):
            language = token.info.strip() or "bash"
            line = token.map[0] + 1 if token.map else 0
            name = str(page.relative_to(ROOT))
            found.append(Block(name, line, language, token.content, {**of_page, **marks}))
        if token.type == "html_block" and (comment := re.fullmatch(r"<!-- (.*) -->\s*", token.content)):
            if comment[1].startswith("every block "):
                of_page = marks_of(comment[1].removeprefix("every block "))
            marks = marks_of(comment[1])
        else:
            marks = {}
    return found


def marks_of(comment: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in comment.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def spoken_of(page: Path) -> list[tuple[str, str]]:
    """Commands within sentences: `lp-run …`, with the page they are on."""
    inline = [
        part
        for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
        for part in token.children or []
        if part.type == "code_inline" and part.content.startswith("lp-run ")
    ]
    return [(str(page.relative_to(ROOT)), part.content) for part in inline]


EVERY = [block for page in PAGES for block in blocks_of(page)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`run_block`, `unrun_block`, `recipe_block`, `python_block`, `any_block`, `spoken`: a test for each of them."""
    ours = [block for block in EVERY if not block.is_tested_elsewhere]
    kinds = {
        "any_block": EVERY,
        "run_block": [block for block in ours if block.language in SHELL and block.is_run],
        "unrun_block": [block for block in ours if block.language in SHELL and not block.is_run],
        "recipe_block": [block for block in ours if block.language == "yaml"],
        "python_block": [block for block in ours if block.language == "python"],
    }
    for name, blocks in kinds.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, blocks, ids=str)
    if "spoken" in metafunc.fixturenames:
        told = sorted({one for page in PAGES for one in spoken_of(page)})
        metafunc.parametrize("spoken", told, ids=": ".join)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with a clean clone, an active environment, and the files that the pages say they made."""

    folder: Path

    def types(self, script: str) -> subprocess.CompletedProcess[str]:
        bin_folder = Path(sys.executable).parent
        variables = {
            **os.environ,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
        }
        variables |= {"HF_HUB_OFFLINE": "1", "COLUMNS": "160"}
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=variables,
            check=False,
            capture_output=True,
            text=True,
            timeout=500,
        )


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Nothing is run yet."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("Makefile", "README.md", "benchmarks", "schemas", "tests", "docs", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "recipes").mkdir()
    for path in (ROOT / "recipes").iterdir():
        (folder / "recipes" / path.name).symlink_to(path)
    (folder / "recipes" / "as-shipped.yaml").write_bytes((ROOT / "recipes" / "quickstart.yaml").read_bytes())
    (folder / "recipes" / "quickstart.yaml").unlink()
    (folder / "recipes" / "quickstart.yaml").write_text(QUICK, encoding="utf-8")
    (folder / "recipe.yaml").write_text("extends: recipes/quickstart.yaml\n", encoding="utf-8")
    _own_model(folder)
    for block in EVERY:
        if "file" in block.marks:
            (folder / block.marks["file"]).write_text(block.text, encoding="utf-8")
    return Reader(folder)


@pytest.fixture(scope="session")
def reader(clone: Reader) -> Reader:
    """Who has done what the tutorial begins with."""
    done = clone.types("lp-run --quiet recipes/quickstart.yaml")
    assert done.returncode == 0, done.stderr
    return clone


def _own_model(folder: Path) -> None:
    """What the pages call my-model, and its corpora."""
    (folder / "my-model").symlink_to(ROOT / "recipes" / "quickstart" / "model")
    for name in ("train", "dev", "test"):
        shutil.copyfile(ROOT / "recipes" / "quickstart" / "data" / f"{name}.tsv", folder / f"{name}.tsv")
