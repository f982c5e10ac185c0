"""Models of one run, or of several → the series that a plot shows, the lines through them, and how each looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lp_runner.report.marks import Look, Series
from lp_runner.report.points import BASELINE, SEARCH, Point
from lp_runner.report.svg import ACCENT, INK, LESS, MORE, OTHER, SOFT

FORMS = "sD^vPX<>p*hd8"
COLOURS = (ACCENT, LESS, MORE, OTHER, SOFT)
"""Of several runs, in their order."""


def of_one_run(points: Sequence[Point]) -> list[Series]:
    """By what a model is to the run: a baseline, of its search, or of a control, which its form tells."""
    controls = [name for name in dict.fromkeys(p.series for p in points) if name not in (BASELINE, SEARCH)]
    return [(_part(together[0], controls), together) for together in _together(points)]


def lines_of_one_run(series: Sequence[Series]) -> list[Series]:
    """Deepest cut last; that of the search begins at the baseline."""
    whole = [point for _, points in series for point in points if point.series == BASELINE]
    return [(look, _deepest_last([*points, *_begins(whole, points[0])])) for look, points in series]


def of_several(points: Sequence[Point], runs: Sequence[str]) -> list[Series]:
    """By the run; what several share has a look of its own."""
    looks = _by_run(runs)
    return [
        (_of_run(*looks.get(together[0].series, (INK, "o")), together[0].recovered), together)
        for together in _together(points)
    ]


def lines_of_several(models: Mapping[str, Sequence[Point]]) -> list[Series]:
    """One for each run as it was cut, and one as it was recovered. Args: each run's models, shared ones too."""
    looks = _by_run(list(models))
    halves = [
        (run, recovered, [point for point in points if point.recovered == recovered])
        for run, points in models.items()
        for recovered in (False, True)
    ]
    return [(_of_run(*looks[run], recovered), _deepest_last(half)) for run, recovered, half in halves]


def _part(point: Point, controls: Sequence[str]) -> Look:
    colour = {BASELINE: INK, SEARCH: ACCENT}.get(point.series, OTHER)
    control = point.series in controls
    form = FORMS[controls.index(point.series) % len(FORMS)] if control else "o"
    return Look(colour, form, point.recovered, legend=point.series, named=not control)


def _by_run(runs: Sequence[str]) -> dict[str, tuple[str, str]]:
    return {run: (COLOURS[n % len(COLOURS)], FORMS[n % len(FORMS)]) for n, run in enumerate(runs)}


def _of_run(colour: str, form: str, recovered: bool) -> Look:
    return Look(colour, form, recovered, legend="", named=True)


def _together(points: Sequence[Point]) -> list[list[Point]]:
    found: dict[tuple[str, bool], list[Point]] = {}
    for point in points:
        found.setdefault((point.series, point.recovered), []).append(point)
    return list(found.values())


def _begins(whole: Sequence[Point], first: Point) -> list[Point]:
    return [one for one in whole if first.series == SEARCH and one.recovered == first.recovered]


def _deepest_last(points: Sequence[Point]) -> list[Point]:
    return sorted(points, key=lambda point: -point.layers)
