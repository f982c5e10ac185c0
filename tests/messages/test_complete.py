"""No error of the sources is missing from the list, but for those that are excused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.messages import (
    commands,
    corpora,
    faults,
    models,
    recipes,
    runs,
    sources,
    strategies,
    translating,
    weights,
)
from tests.messages.excused import EXCUSED

MODULES = (commands, corpora, faults, models, recipes, runs, strategies, translating, weights)
SPECIAL = sources.ROOT / "tests/lp_runner/cli/test_messages.py"
BROKEN = sources.ROOT / "tests/broken_recipes"


def listed() -> str:
    """All that the tests of messages expect."""
    cases = (case.told for module in MODULES for case in module.CASES)
    recipes = (path.read_text("utf-8") for path in BROKEN.glob("*.txt"))
    return "\n".join([*cases, *recipes, *_strings(SPECIAL.read_text("utf-8"))])


def _strings(python: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(python)):
        match node:
            case ast.Constant(value=str() as text):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(str(getattr(part, "value", "")) for part in parts)
            case _:
                pass


def excused(pattern: str) -> str:
    return pattern.replace(sources.GAP, "…").replace("\\", "")


def test_every_error_of_the_sources_is_listed_or_excused() -> None:
    text = listed()
    missing = {f"{told.place} {excused(told.pattern)}" for told in sources.told() if not _told(told, text)}
    assert missing == set()


def _told(told: sources.Told, text: str) -> bool:
    return excused(told.pattern) in EXCUSED or re.search(told.pattern, text) is not None


def test_nothing_is_excused_that_the_sources_do_not_say() -> None:
    assert {excused(told.pattern) for told in sources.told()} >= EXCUSED.keys()
