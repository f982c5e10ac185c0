"""Text → nodes: positions, anchors, and what a hostile text may not do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

Problems = Callable[..., list[str]]
Loader = Callable[..., list[object]]

ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)
MERGES = "m0: &m0 {a: 1, b: 2}\n" + "".join(
    f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 9)}]}}\n" for i in range(1, 30)
)
TOWER = "t0: &t0 [x]\n" + "".join(f"t{i}: &t{i} [[[[*t{i - 1}]]]]\n" for i in range(1, 5000))
GOOD = "extends: good.yaml\n"
MIXED = ", ".join(f"{i}, x{i}" for i in range(12_000))
HOSTILE = {
    "many unknown keys": (GOOD + "".join(f"k{i}: 1\n" for i in range(24_000)), "r.yaml:2:1: k0: no such key"),
    "many unknown options": (
        GOOD + "prune: {with: {" + ", ".join(f"k{i}: 1" for i in range(24_000)) + "}}",
        "no such option of greedy",
    ),
    "a long mixed list": (
        GOOD + f"matrix: {{seed: [{MIXED}]}}\n",
        "r.yaml:2:1: matrix: 24000 cells; at most 256",
    ),
    "many stages": (GOOD + "recover: [" + "sft, " * 40_000 + "]\n", "names more than 256 strategies"),
    "many cells of many values": (
        GOOD
        + f"matrix: {{seed: [{', '.join(map(str, range(256)))}]}}\nprune: {{with: {{protect: [{MIXED}]}}}}\n",
        "256 cells have more than 200000 values together",
    ),
    "many open variables": (GOOD + "name: '" + "${env:A:-" * 100_000 + "'\n", "${env:NAME} is not complete"),
    "a long plugin name": (GOOD + "observe: [" + "ab" * 400_000 + "]\n", "no observe plugin is named"),
    "a long language": (GOOD + "languages: {source: " + "ab" * 400_000 + "}\n", "no language is known as"),
    "a long key of many": (GOOD + "? " + "ab" * 400_000 + "\n: 1\n", "no such key"),
    "a python object": (
        "name: !!python/object/apply:os.system ['id']\n",
        "r.yaml:1:7: the tag !!python/object/",
    ),
    "a local tag": ("name: !run x\n", "r.yaml:1:7: the tag !run can't stand in a recipe"),
    "a binary": ("name: !!binary aGk=\n", "r.yaml:1:7: the tag !!binary can't stand in a recipe"),
    "an alias bomb": (ALIASES, "more than 50000 values"),
    "a merge bomb": (MERGES, "more than 50000 values"),
    "a tower of aliases": (TOWER, "nested more than 64 deep"),
    "many brackets": ("a: " + "[" * 1_000_000, "r.yaml:1:67: nested more than 64 deep"),
    "many braces": ("a: " + "{x: " * 200_000, "nested more than 64 deep"),
    "many dashes": ("- " * 500_000, "nested more than 64 deep"),
    "many values": ("a: [" + "1," * 400_000 + "]", "more than 50000 values"),
    "many keys": ("".join(f"k{i}: 1\n" for i in range(60_000)), "more than 50000 values"),
    "a long scalar": (
        "name: " + "x" * 1_000_000,
        "r.yaml:1:7: name: must be 1 to 100 letters, digits and . _ + - only",
    ),
    "a long key": ("x" * 1_000 + ": 1", "..."),
    "a long number": ("seed: " + "9" * 500_000, "r.yaml:1:7: a number of 500000 digits is too long"),
    "a large file": ("#" * (1 << 20) + "\n", "r.yaml:1:1: larger than 1 MiB"),
    "itself inside": ("a: &a {b: *a}\n", "r.yaml:1:11: *a stands inside what it names"),
    "itself merged": ("a: &a {<<: *a}\n", "r.yaml:1:12: *a stands inside what it names"),
    "UTF-16": ("version: 1\n".encode("utf-16"), "r.yaml:1:1: UTF-16 or UTF-32; save it as UTF-8"),
    "Latin-1": ("name: ok\nx-a: é\n".encode("latin-1"), "r.yaml:2:1: not UTF-8 (byte 14); save it as UTF-8"),
    "a NUL": ("version: 1\nname: a\0b\n", "r.yaml:2:8: a NUL character can't stand in a recipe"),
    "an escape": ("name: \x1b[31m\n", "r.yaml:1:7: the control character U+001B can't stand in a recipe"),
    "a key that is a list": ("[a]: 1\n", "r.yaml:1:1: a key must be a string; quote it"),
    "a key that is a number": ("1: 1\n", "r.yaml:1:1: a key must be a string; quote it"),
    "a merged scalar": ("<<: 3\n", "r.yaml:1:5: << takes a mapping or a list of mappings"),
    "a directive": ("%YAML 9.9\n---\na: 1\n", "r.yaml:1:1: not YAML: "),
    "a break in a key": ('"a\\nb": 1\n', "r.yaml:1:1: a\\nb: no such key"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_within_a_second(name: str, problems_of: Problems) -> None:
    text, expected = HOSTILE[name]
    start = time.process_time()
    problems = problems_of(text)
    spent = time.process_time() - start
    assert any(expected in problem for problem in problems), problems[:5]
    assert all(len(problem) < 500 and "\n" not in problem for problem in problems)
    assert spent < 1.0


def test_a_byte_order_mark_of_utf_8_is_harmless(load_text: Loader) -> None:
    assert len(load_text(b"\xef\xbb\xbfextends: good.yaml\n")) == 1


def test_columns_count_characters(problems_of: Problems) -> None:
    assert problems_of("extends: good.yaml\nx-č: {ř: 'ž'}\nmodel: {'path': 'žluťoučký', dtyp: x}\n") == [
        "r.yaml:3:30: model.dtyp: no such key; did you mean dtype?"
    ]


def test_what_is_written_wins_over_what_is_merged_and_the_earlier_merge_over_the_later(
    load_text: Loader,
) -> None:
    text = """\
extends: good.yaml
x-one: &one {beta: 3}
x-two: &two {beta: 4}
evaluate:
  - {use: chrf, with: {<<: [*one, *two]}}
  - {use: chrf, with: {<<: *one, beta: 5}}
"""
    (recipe,) = load_text(text)
    assert [use.options["beta"] for use in recipe.evaluate] == [3, 5]  # type: ignore[attr-defined]


def test_both_lines_of_a_duplicate_key_are_named(problems_of: Problems) -> None:
    assert problems_of("extends: good.yaml\nseed: 1\nname: x\nseed: 2\n") == [
        "r.yaml:4:1: seed: twice in one mapping; first at line 2"
    ]


def test_a_file_that_is_not_there_is_one_line(problems_of: Problems, load_text: Loader) -> None:
    assert problems_of("extends: nowhere.yaml\n") == ["r.yaml:1:10: extends: there is no file nowhere.yaml"]
