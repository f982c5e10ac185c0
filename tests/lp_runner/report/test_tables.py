"""Hostile names through every format: nothing of them is markup, a formula or a command, and nothing is lost."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

from markdown_it import MarkdownIt

from lp_runner.report.compare import Comparison, Scored
from lp_runner.report.statistics import Comparison as Paired
from lp_runner.report.statistics import Estimate
from lp_runner.report.tables import as_json, comma_separated, latex, markdown
from lp_runner.visible import visible
from tests.hostile import each_hostile_text
from tests.lp_runner.report.compared import WORSE, compared, row

LATEX = {
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textasciigrave{}": "`",
    r"\textquotesingle{}": "'",
    r"\textquotedbl{}": '"',
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"$\times$": "×",
    "{}": "",
} | {f"\\{sign}": sign for sign in "{}$&#%_ "}


def comparison(name: str) -> Comparison:
    """With the name wherever one can stand."""
    one = replace(
        row(name, name, against=name),
        scores={name: Scored(40.25, 39.0, 41.5, WORSE)},
        speeds={name: {"median": 10.0, "min": 9.0, "max": 11.0}},
    )
    return replace(compared(one), metrics=(name,), notes=(name,), headline=name)


def of_latex(cell: str) -> str:
    """What LaTeX would set. Fails where it would read a command, or set one sign for two."""
    assert not re.search(r"--|,,|``|''|<<|>>|[?!]`", cell)
    known = "|".join(re.escape(command) for command in LATEX)
    parts = re.findall(rf"{known}|[^\\{{}}$&#%_^~]", cell)
    assert "".join(parts) == cell
    return "".join(LATEX.get(part, part) for part in parts)


def cells_of(made: str) -> tuple[list[list[str]], list[str]]:
    """Of Markdown: the rows of its table, and the paragraphs. Fails where there is anything else."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(made)
    parts = [child for token in tokens for child in token.children or ()]
    assert {part.type for part in parts} <= {"text", "text_special"}
    lines: list[list[str]] = []
    for token in tokens:
        if token.type in ("tr_open", "paragraph_open"):
            lines.append([])
        if token.type == "inline":
            lines[-1].append("".join(part.content for part in token.children or ()))
    return [line for line in lines if len(line) > 1], [line[0] for line in lines if len(line) == 1]


@each_hostile_text
def test_markdown_shows_the_text_in_its_cells_and_in_nothing_else(text: str) -> None:
    shown = visible(text, keep="")
    (head, row), notes = cells_of(markdown(comparison(text)))
    assert (row[0], row[1], row[5], len(row)) == (shown, shown, shown, len(head))
    assert (head[6], head[7], head[9], notes[0]) == (shown, f"Δ {shown}", f"tokens/s, {shown}", shown)


@each_hostile_text
def test_a_csv_cell_is_never_a_formula_and_is_the_text_without_its_first_quote(text: str) -> None:
    made = comma_separated(comparison(text))
    [row] = csv.DictReader(io.StringIO(made, newline=""))
    assert row["system"][0] not in "=+-@＝＋－＠\t\r\n"
    told = text.encode("utf-8", "backslashreplace").decode()
    assert row["system"].removeprefix("'") == told
    assert [float(cell) for name, cell in row.items() if name.endswith(" difference")] == [-1.5]


@each_hostile_text
def test_json_gives_the_text_back_and_is_plain_ascii(text: str) -> None:
    made = as_json(comparison(text))
    assert made.isascii()
    assert made.replace("\n", "").isprintable()
    [row] = json.loads(made)["rows"]
    assert (row["runs"], row["system"], row["against"]) == ([text], text, text)
    assert list(row["scores"]) == list(row["speeds"]) == [text]


@each_hostile_text
def test_latex_sets_the_text_in_its_cells_and_obeys_nothing_in_it(text: str) -> None:
    shown = visible(text, keep="")
    *comments, _, _, head, _, row, _, _ = latex(comparison(text)).splitlines()
    assert all(line.startswith("%") and line == visible(line, keep="") for line in comments)
    assert not row.startswith(("[", "*"))
    cells = [of_latex(cell) for cell in row.removesuffix(r" \\").split(" & ")]
    assert (cells[0], cells[1], cells[5], len(cells)) == (shown, shown, shown, 10)
    assert head.split(" & ")[6] == row.split(" & ")[1]


def test_numbers_are_told_with_their_interval_their_change_and_its_chance() -> None:
    row = markdown(comparison("9")).splitlines()[2]
    assert row == (
        "| 9 | 9 | 4 | 1.5 M | 6.0 | 9 | 40.25 [39.00, 41.50] | -1.50 [-2.00, -1.00] | 0.004 worse "
        "| 10.0 [9.0, 11.0] |"
    )


def test_two_equal_systems_are_told_to_differ_in_nothing() -> None:
    same = Paired(Estimate(0.0, 0.0, 0.0), 0.001, "not shown to differ")
    alike = replace(row("a", "9"), scores={"chrf++": Scored(40.0, 39.0, 41.0, same)})
    assert "| none |  |" in markdown(compared(alike))
