"""A comparison → its page: findings, the table, and quality against layers, size and speed."""

from __future__ import annotations

from collections.abc import Sequence

from lp_runner import __version__
from lp_runner.intervals import Estimate
from lp_runner.report import figures
from lp_runner.report.compare import Comparison, Row
from lp_runner.report.comparison_findings import comparison_findings
from lp_runner.report.looks import lines_of_several, of_several
from lp_runner.report.marks import Place
from lp_runner.report.points import Point
from lp_runner.report.shell import rendered
from lp_runner.report.svg import Picture
from lp_runner.report.tables import NOTE, for_people

Models = Sequence[tuple[Row, Point]]


def comparison_page(told: Comparison) -> str:
    """One self-contained file without scripts."""
    models = [(row, _point(row, told)) for row in told.rows]
    columns, cells = for_people(told)
    return rendered(
        "comparison.html.j2",
        runs=told.runs,
        rows=told.rows,
        owners=[told.owner(row) for row in told.rows],
        columns=columns,
        cells=cells,
        metric=told.headline,
        findings=comparison_findings(told),
        own=told.findings,
        notes=[*told.notes, NOTE],
        plots=_plots(models, told),
        timed=[_speed_plot(number, timing, models, told) for number, timing in enumerate(told.speeds, 1)],
        version=__version__,
    )


def _plots(models: Models, told: Comparison) -> list[Picture]:
    points = [point for _, point in models]
    members = {run: [point for row, point in models if run in row.runs] for run in told.runs}
    series = of_several(points, told.runs)
    return [
        figures.quality_by_layers(series, lines_of_several(members), told.headline),
        figures.quality_by_size(series, told.headline),
    ]


def _speed_plot(
    number: int, timing: str, models: Models, told: Comparison
) -> tuple[str, Picture | None, list[str]]:
    """What was timed, its plot, and the models that were not; no plot where none was."""
    found = [(row.speeds[timing], point) for row, point in models if timing in row.speeds]
    others = [told.name(row) for row, _ in models if timing not in row.speeds]
    if not found:
        return timing, None, others
    places = [Place(point, speed["median"], (speed["min"], speed["max"])) for speed, point in found]
    description = "; ".join(
        f"{place.point.name}: {place.x:,.1f} tokens/s, {place.point.quality.value:.2f}" for place in places
    )
    series = of_several([place.point for place in places], told.runs)
    drawn = figures.quality_by_speed(
        f"speed{number}", series, places, f"tokens/s, {timing}", told.headline, f"{description}."
    )
    return timing, drawn, others


def _point(row: Row, told: Comparison) -> Point:
    score = row.scores[told.headline]
    low, high = (score.value if bound is None else bound for bound in (score.low, score.high))
    return Point(
        told.name(row),
        told.owner(row),
        row.recovered,
        row.delivered,
        row.depth,
        row.params,
        row.bytes,
        Estimate(score.value, low, high),
        told.more_is_better,
    )
