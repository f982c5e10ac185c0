"""Hostile names through every format: nothing of them is markup, a formula or a command, and nothing is lost."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from lp_runner.report.compare import Comparison, Scored
from lp_runner.report.statistics import Comparison as Tested
from lp_runner.report.statistics import Estimate
from lp_runner.report.tables import as_json, comma_separated, latex, markdown
from tests.lp_runner.report.compared import compared, row

HOSTILE = [
    "a|b",
    "=1+1",
    "@SUM(A1)",
    "-2+3",
    "<script>alert(1)</script>",
    "\\input{/etc/passwd}",
    "50 % & #1 _x_ ^ ~ $y$",
    "[x](javascript:alert(1))",
    "`code` *b*",
    "&lt;b&gt;",
    'quote " and , comma',
    "right\u202eleft",
    "\x1b[2Jclear",
    "{{ 7 * 7 }}",
]


def comparison(name: str) -> Comparison:
    told = compared(row(name, name, against=f"{name}: unpruned"))
    return replace(told, notes=(f"ter isn't compared: {name}",))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_markdown_row_has_its_columns_and_no_markup(name: str) -> None:
    head, rule, row, *_ = markdown(comparison(name)).splitlines()
    bare = row.replace("\\|", "")
    assert bare.count("|") == head.count("|") == rule.count("|") == 11
    system = row.split(" | ")[1] if "|" not in name else ""
    assert "<script" not in row.replace("\\<", "")
    assert "](" not in system.replace("\\]\\(", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_csv_cell_is_the_name_and_never_a_formula(name: str) -> None:
    [row] = csv.DictReader(io.StringIO(comma_separated(comparison(name)), newline=""))
    assert row["system"].removeprefix("'") == name
    assert row["system"][0] not in "=+-@\t\r"
    assert float(row["chrf++ difference"]) == -1.5


@pytest.mark.parametrize("name", HOSTILE)
def test_json_gives_the_name_back_and_is_plain_ascii(name: str) -> None:
    text = as_json(comparison(name))
    assert text.isascii()
    assert json.loads(text)["rows"][0]["system"] == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_latex_row_has_its_columns_and_no_commands_of_the_name(name: str) -> None:
    row = latex(comparison(name)).split("\\midrule\n")[1].splitlines()[0]
    assert row.replace(r"\&", "").count("&") == 9
    assert "\\input" not in row
    assert not {"\x1b", "\u202e"} & set(row)
    for letter in "$#%_":
        assert row.replace(f"\\{letter}", "").replace("$-$", "").count(letter) == 0


def test_numbers_are_told_with_their_interval_their_change_and_its_chance() -> None:
    row = markdown(comparison("9")).splitlines()[2]
    assert row == (
        "| 9 | 9 | 4 | 1.5 M | 6.0 | 9\\: unpruned | 40.25 [39.00, 41.50] | -1.50 [-2.00, -1.00] | 0.004 worse "
        "| 10.0 [9.0, 11.0] |"
    )


def test_two_equal_systems_are_told_to_differ_in_nothing() -> None:
    same = Tested(Estimate(0.0, 0.0, 0.0), 0.001, "not shown to differ")
    alike = replace(row("a", "9"), scores={"chrf++": Scored(40.0, 39.0, 41.0, same)})
    assert "| none |  |" in markdown(compared(alike))
