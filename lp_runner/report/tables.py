"""A comparison → one table, as Markdown, LaTeX, CSV or JSON; all text in it is escaped for where it goes."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict

from lp_runner.report import latex as tex
from lp_runner.report.compare import Comparison, Row, Scored
from lp_runner.report.markdown import inline
from lp_runner.report.numbers import decimals, with_interval
from lp_runner.visible import json_code, visible

SCHEMA = "lp_runner/comparison/1"
NOTE = "p-values are of single paired bootstrap tests, not corrected for how many there are."
TEXT_COLUMNS = ("run", "system", "against")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'")


def markdown(told: Comparison) -> str:
    columns, rows = for_people(told)
    lines = [
        _line([inline(column) for column in columns]),
        _line(["---" if column in TEXT_COLUMNS else "---:" for column in columns]),
        *(_line(_in_markdown(row, columns)) for row in rows),
    ]
    notes = "".join(f"\n{inline(note)}\n" for note in (*told.notes, NOTE))
    return "\n".join(lines) + "\n" + notes


def latex(told: Comparison) -> str:
    columns, rows = for_people(told)
    shape = "".join("l" if column in TEXT_COLUMNS else "r" for column in columns)
    lines = [
        *(tex.comment(note) for note in (f"needs {' '.join(tex.PACKAGES)}", *told.notes, NOTE)),
        rf"\begin{{tabular}}{{{shape}}}",
        r"\toprule",
        tex.row(columns),
        r"\midrule",
        *(tex.row(row) for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def comma_separated(told: Comparison) -> str:
    """Numbers in full, each in a column of its own. A text that a spreadsheet could run has one ' more before it, and so
    has one that begins with a ': without that it is the text again.
    """
    rows = [_flat(row, told) for row in told.rows]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([_inert(name) for name in rows[0]])
    for row in rows:
        writer.writerow([_inert(value) if isinstance(value, str) else value for value in row.values()])
    return text.getvalue().encode("utf-8", "backslashreplace").decode()  # halves of pairs have no bytes


def as_json(told: Comparison) -> str:
    """In ASCII, which no terminal takes for a command."""
    text = json.dumps({"schema": SCHEMA, **asdict(told), "note": NOTE}, indent=1)
    return visible(text, code=json_code) + "\n"


def for_people(told: Comparison) -> tuple[list[str], list[list[str]]]:
    """Columns, and the cells of each row."""
    columns = ["run", "system", "layers", "parameters", "MB", "against"]
    columns += [title for metric in told.metrics for title in (metric, f"Δ {metric}", "p")]
    columns += [f"tokens/s, {name}" for name in told.speeds]
    return columns, [_cells(row, told) for row in told.rows]


def _cells(row: Row, told: Comparison) -> list[str]:
    cells = [", ".join(row.runs), row.system, row.layers]
    cells += [f"{row.params / 1e6:,.1f} M", f"{row.bytes / 1e6:,.1f}", row.against]
    for metric in told.metrics:
        cells += scored(row.scores[metric])
    for name in told.speeds:
        speed = row.speeds.get(name)
        cells.append(f"{speed['median']:,.1f} [{speed['min']:,.1f}, {speed['max']:,.1f}]" if speed else "")
    return cells


def scored(score: Scored) -> list[str]:
    """Value, difference and p."""
    digits = decimals(score.value)
    told = with_interval({"value": score.value, "low": score.low, "high": score.high}, digits)
    if score.test is None:
        return [told, "", ""]
    change, p_value = score.test.difference, score.test.p_value
    if change.value == change.low == change.high == 0:
        return [told, "none", ""]  # chance has no part in it
    mark = "" if score.test.verdict == "not shown to differ" else f" {score.test.verdict}"
    least = f"{p_value:.3f}" if p_value >= 0.001 else "< 0.001"
    return [
        told,
        f"{change.value:+.{digits}f} [{change.low:+.{digits}f}, {change.high:+.{digits}f}]",
        f"{least}{mark}",
    ]


def _flat(row: Row, told: Comparison) -> dict[str, str | float | None]:
    found: dict[str, str | float | None] = {
        "run": ", ".join(row.runs),
        "system": row.system,
        "layers": row.layers,
        "params": row.params,
        "bytes": row.bytes,
        "against": row.against,
    }
    for metric in told.metrics:
        score, test = row.scores[metric], row.scores[metric].test
        found |= {metric: score.value, f"{metric} low": score.low, f"{metric} high": score.high}
        found |= {
            f"{metric} difference": test.difference.value if test else None,
            f"{metric} difference low": test.difference.low if test else None,
            f"{metric} difference high": test.difference.high if test else None,
            f"{metric} p": test.p_value if test else None,
        }
    for name in told.speeds:
        for part in ("median", "min", "max"):
            found[f"tokens/s, {name}, {part}"] = row.speeds.get(name, {}).get(part)
    return found


def _in_markdown(row: list[str], columns: list[str]) -> list[str]:
    """Numbers are our own, and stay readable."""
    both = zip(columns, row, strict=True)
    return [inline(cell) if column in TEXT_COLUMNS else cell for column, cell in both]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inert(text: str) -> str:
    """A spreadsheet reads what begins so as a formula, but for the last, which is there to be undone."""
    return f"'{text}" if text.startswith(_FORMULA) else text
