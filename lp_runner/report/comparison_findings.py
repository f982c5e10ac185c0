"""A comparison → plain sentences: which delivered model leads in what, and how each stands to what it is tested against."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lp_runner.report.compare import Comparison, Row
from lp_runner.report.numbers import chance
from lp_runner.report.tables import scored

NAMED = 3
"""Of models that lead together."""


def comparison_findings(told: Comparison) -> list[str]:
    """Quality, size and speed first; then one sentence for each delivered model of later runs. Empty where none is."""
    delivered = [row for row in told.rows if row.delivered]
    if not delivered:
        return []
    timed = [_fastest(timing, delivered, told) for timing in told.speeds]
    later = [row for row in delivered if told.runs[0] not in row.runs]
    pairs = [_tested(row, told) for row in later if row.scores[told.headline].test]
    return [_best(delivered, told), _smallest(delivered, told), *filter(None, timed), *pairs]


def _best(rows: Sequence[Row], told: Comparison) -> str:
    sign = 1 if told.more_is_better else -1
    names, first = _leading(rows, told, lambda row: sign * row.scores[told.headline].value)
    value, *_ = scored(first.scores[told.headline])
    extreme = "highest" if told.more_is_better else "lowest"
    return f"The {extreme} {told.headline} of a delivered model is {value}, of {names}."


def _smallest(rows: Sequence[Row], told: Comparison) -> str:
    names, first = _leading(rows, told, lambda row: -row.bytes)
    return f"The smallest delivered model has {first.layers} layers and {_megabytes(first)}: {names}."


def _fastest(timing: str, rows: Sequence[Row], told: Comparison) -> str:
    timed = [row for row in rows if timing in row.speeds]
    if not timed:
        return ""
    names, first = _leading(timed, told, lambda row: row.speeds[timing]["median"])
    speed = first.speeds[timing]
    rate = f"{speed['median']:,.1f} [{speed['min']:,.1f}, {speed['max']:,.1f}] tokens/s"
    return f"The fastest with {timing} writes {rate}: {names}."


def _tested(row: Row, told: Comparison) -> str:
    score = row.scores[told.headline]
    value, change, _ = scored(score)
    test = score.test
    assert test is not None  # noqa: S101  the caller's choice
    ours = f"{told.name(row)} {_STANDS[test.verdict]} {row.against}: {told.headline} {value}"
    differs = "no difference" if change == "none" else f"a difference of {change}, {chance(test.p_value)}"
    return f"{ours}, {differs}{_size(row, told)}."


_STANDS = {
    "better": "is better than",
    "worse": "is worse than",
    "not shown to differ": "is not shown to differ from",
}


def _size(row: Row, told: Comparison) -> str:
    """Beside what it is tested against."""
    other = next(
        (one for one in told.rows for run in one.runs if f"{run}: {one.system}" == row.against), None
    )
    if other is None:
        return ""
    layers = "as many" if row.layers == other.layers else f"{row.layers} instead of {other.layers}"
    return f", with {layers} layers and {100 * row.bytes / other.bytes:.0f} % of the bytes"


def _leading(rows: Sequence[Row], told: Comparison, worth: Callable[[Row], float]) -> tuple[str, Row]:
    """The names of those that nothing betters, and the first of them."""
    most = max(worth(row) for row in rows)
    leading = [row for row in rows if worth(row) == most]
    names = [told.name(row) for row in leading]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return " and ".join([*names[:NAMED], *more]), leading[0]


def _megabytes(row: Row) -> str:
    return f"{row.bytes / 1e6:,.1f} MB"
