"""Plots of several runs: a line for each, and names that cover nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import pytest
from matplotlib.transforms import Bbox

from lp_runner.intervals import Estimate
from lp_runner.report.figures import quality_by_layers, quality_by_size
from lp_runner.report.looks import lines_of_one_run, lines_of_several, of_one_run, of_several
from lp_runner.report.marks import Place, front, plot
from lp_runner.report.points import Point
from lp_runner.report.svg import drawing


def model(run: str, layers: int, value: float, recovered: bool = True) -> Point:
    quality = Estimate(value, value - 1, value + 1)
    return Point(f"{run}: {layers}", run, recovered, True, layers, layers, layers * 1_000_000, quality)


def named(svg: str) -> dict[str, Bbox]:
    """About where each name stands, by the text."""
    found = re.findall(r'<text style="([^"]*)" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]+: \d+)</text>', svg)
    boxes = {}
    for style, x, y, text in found:
        wide, end = 5.0 * len(text), "text-anchor: end" in style
        left = float(x) - (wide if end else 0)
        boxes[text] = Bbox.from_extents(left, float(y) - 9, left + wide, float(y) + 2)
    return boxes


def test_a_run_has_one_line_through_what_it_shares_and_what_is_its_own() -> None:
    shared = model("all runs", 6, 50.0)
    mine, theirs = [model("a", 4, 48.0), model("a", 2, 30.0)], [model("b", 3, 44.0)]
    lines = lines_of_several({"a": [*mine, shared], "b": [*theirs, shared]})
    drawn = [[point.name for point in points] for _, points in lines if points]
    assert drawn == [["all runs: 6", "a: 4", "a: 2"], ["all runs: 6", "b: 3"]]


def test_runs_differ_in_form_and_what_they_share_has_its_own() -> None:
    series = of_several([model("all", 6, 50.0), *(model(run, 4, 40.0) for run in "abc")], ["a", "b", "c"])
    assert len({look.form for look, _ in series}) == 4
    assert len({look.colour for look, _ in series}) == 4


def test_every_model_has_its_name_and_no_name_covers_another() -> None:
    models = [model(run, 4, 40.0 + number / 10) for number, run in enumerate("abcdefgh")]
    picture = quality_by_size(of_several(models, list("abcdefgh")), "chrf++")
    boxes = named(picture.svg)
    assert set(boxes) == {point.name for point in models}
    assert not [(a, b) for a, b in combinations(boxes, 2) if boxes[a].overlaps(boxes[b])]
    assert all(box.x0 >= 0 and box.x1 <= 400 for box in boxes.values())


def test_a_name_stands_at_no_mark_but_its_own() -> None:
    models = [model("a", 4, 40.0), model("b", 4, 40.5), model("c", 4, 60.0)]
    picture = quality_by_size(of_several(models, ["a", "b", "c"]), "chrf++")
    boxes = named(picture.svg)
    assert boxes["b: 4"].y1 < boxes["a: 4"].y0  # b's mark is 3 pixels above a's


def test_a_long_name_is_shortened_in_its_middle_and_told_in_full() -> None:
    run = "a-run-with-a-name-that-no-plot-has-the-room-for"
    models = [model(run, 4, 40.0)]
    picture = quality_by_layers(of_several(models, [run]), lines_of_several({run: models}), "chrf++")
    assert "a-run-with-a-na…-the-room-for: 4" in picture.svg
    assert f"{run}: 4" in picture.description


def test_a_plot_has_the_font_of_its_page() -> None:
    models = [model("a", 4, 40.0)]
    assert "font-family" not in quality_by_size(of_several(models, ["a"]), "chrf++").svg


@pytest.mark.parametrize("controls", [1, 13])
def test_a_legend_is_inside_its_picture_however_many_it_names(controls: int) -> None:
    series = of_one_run([model(f"control-{number}", 4, 40.0 + number) for number in range(controls)])
    drawn = quality_by_layers(series, lines_of_one_run(series), "chrf++").svg
    [high] = re.findall(r'<svg viewBox="0 0 [\d.]+ ([\d.]+)"', drawn)
    lines = re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>control-\d+</text>', drawn)
    assert len(lines) == controls
    assert max(map(float, lines)) < float(high)


@pytest.mark.parametrize(("more_is_better", "joined"), [(True, [40.0, 50.0]), (False, [30.0, 20.0])])
def test_the_front_joins_the_models_that_none_betters(more_is_better: bool, joined: list[float]) -> None:
    places = [
        Place(replace(model("a", 4, value), more_is_better=more_is_better), x)
        for x, value in ((2.0, 40.0), (1.0, 50.0), (2.0, 30.0), (1.0, 20.0))
    ]
    with drawing():
        _, axes = plot("speed", "score")
        front(axes, places, 1)
    assert sorted(value for line in axes.lines for value in line.get_ydata()) == sorted(joined)  # type: ignore[attr-defined]
