"""A plugin that breaks the contract in one place at a time, and what its author is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lp_runner.api import Declaration
from lp_runner.testing.conformance import NotConforming, check_declaration, imports_problems, main

POLICY = """\
class Policy:
    def __init__({parameters}):
        pass
    def search({arguments}):
        yield
"""
OPTION = {"description": "How many.", "type": "integer", "default": 1}
GOOD = Declaration("mine", "A summary", "mine.policy:Policy", "mine:options.json")

Author = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Author]:
    """Writes the package `mine` and returns what the author of it is told; empty where it conforms."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(
        declaration: Declaration = GOOD,
        option: dict[str, Any] = OPTION,
        schema: dict[str, Any] | None = None,
        parameters: str = "self, *, count",
        arguments: str = "self, layers",
    ) -> str:
        folder = tmp_path / "mine"
        folder.mkdir()
        (folder / "__init__.py").write_text("", "utf-8")
        whole = {"type": "object", "additionalProperties": False, "properties": {"count": option}}
        (folder / "options.json").write_text(json.dumps(whole | (schema or {})), "utf-8")
        (folder / "policy.py").write_text(POLICY.format(parameters=parameters, arguments=arguments), "utf-8")
        try:
            check_declaration("prune", declaration)
        except NotConforming as error:
            return str(error).removeprefix("prune.mine: ")
        return ""

    yield write
    sys.modules.pop("mine", None)


def test_a_good_one_is_told_nothing(told: Author) -> None:
    assert told() == ""


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"summary": "two\nlines"}, "the summary is one line"),
        ({"api": 7}, "written for api 7; this is api 1"),
        ({"revision": 0}, "revisions count from 1"),
        ({"implementation": "mine.policy:Polcy"}, "mine.policy:Polcy can't be imported: AttributeError: "),
        (
            {"implementation": "mine.nowhere:Policy"},
            "mine.nowhere:Policy can't be imported: ModuleNotFoundErr",
        ),
    ],
)
def test_what_a_declaration_says_is_checked(declared: dict[str, Any], said: str, told: Author) -> None:
    assert told(replace(GOOD, **declared)).startswith(said)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"type": "integer", "default": 1}, "option count has no description"),
        ({"description": "How many."}, "option count has no default and isn't required"),
        (
            OPTION | {"default": "one"},
            "option count: its default is against its own schema: 'one' is not of type",
        ),
        (OPTION | {"type": "number of"}, "its options are no draft-07 schema: 'number of' is not valid"),
        (OPTION | {"x-lp-neutrl": True}, "option count: no mark is named x-lp-neutrl; one of x-lp-neutral, "),
        (OPTION | {"x-lp-kind": "metric"}, "option count: x-lp-kind: no kind is named 'metric'; one of "),
        ({"description": "How many.", "x-lp-later": True}, "option count has no default and isn't required"),
        (OPTION | {"x-lp-path": "yes"}, "option count: x-lp-path is true or false"),
    ],
)
def test_what_an_option_says_is_checked(option: dict[str, Any], said: str, told: Author) -> None:
    assert told(option=option).startswith(said)


def test_a_schema_that_lets_other_options_through_is_told(told: Author) -> None:
    assert "additionalProperties" in told(schema={"additionalProperties": True})


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("self", "it is made with [], but its schema has ['count']"),
        ("self, *, count, more", "it is made with ['count', 'more'], but its schema has ['count']"),
        ("self, *, count=1", "count has a default in the code too; the schema's is the only one"),
        ("self, **options", "it takes an option that its schema doesn't have"),
    ],
)
def test_a_class_is_made_with_its_schemas_options_and_no_others(
    parameters: str, said: str, told: Author
) -> None:
    assert told(parameters=parameters) == said


def test_a_method_takes_what_the_protocol_says(told: Author) -> None:
    assert told(arguments="self, places") == "search takes ['places'], but api.PruningPolicy says ['layers']"


def test_a_declaring_module_that_imports_something_heavy_is_told() -> None:
    assert imports_problems(["numpy.linalg"]) == ["numpy.linalg: importing it imports numpy"]


def test_the_command_ends_with_1_where_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prune.explicit"]) == 0
    assert main(["prune.explicitt"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "prune.explicit: conforms",
        "no prune plugin is named 'explicitt'; did you mean explicit?",
    ]
