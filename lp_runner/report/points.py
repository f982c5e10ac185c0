"""Results → what the plots show, and the tables beside them: each model of the run with its quality, size and speed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lp_runner.api import Json
from lp_runner.report.statistics import Estimate

BASELINE, SEARCH = "unpruned", "search"


@dataclass(frozen=True, slots=True)
class Point:
    """One model of the run."""

    name: str
    series: str
    """"unpruned", "search" for the recipe's own, or a control's name."""
    recovered: bool
    delivered: bool
    layers: int
    """That it has, of all stacks together."""
    params: int
    bytes: int
    quality: Estimate
    """By the headline's metric; without an interval its bounds are the value."""
    more_is_better: bool = True
    """Of that metric."""

    @property
    def label(self) -> str:
        """Beside its mark, which tells whether it was recovered."""
        return self.name.removesuffix("+recovery")


@dataclass(frozen=True, slots=True)
class Speed:
    """One model by one backend at the largest batch, in units of the unpruned model's speed."""

    point: Point
    backend: str
    batch_size: int
    speedup: Estimate
    """Median, least and most of the rounds."""


def headline(system: Mapping[str, Json]) -> Mapping[str, Json]:
    """By the recipe's first metric of which more is better; a share of an error rate says nothing."""
    scores = [one for one in system["evaluations"] if one["higher_is_better"]] or system["evaluations"]
    first: Mapping[str, Json] = scores[0]
    return first


def points(results: Mapping[str, Json]) -> list[Point]:
    """In the order of the systems."""
    return [_point(system) for system in results["systems"]]


def speeds(results: Mapping[str, Json]) -> list[Speed]:
    """Of the models that were timed in turn; the unpruned one is 1 by each backend."""
    rows = (results.get("benchmark") or {}).get("measurements", ())
    largest = max((row["batch_size"] for row in rows if row["speedup"]), default=0)
    models = {point.name: point for point in points(results)}
    timed = [
        row for row in rows if row["batch_size"] == largest and row["speedup"] and row["system"] in models
    ]
    unpruned = [Speed(models[BASELINE], "every backend", largest, Estimate(1.0, 1.0, 1.0))] if timed else []
    return unpruned + [_speed(models[row["system"]], row) for row in timed]


def told(points: Sequence[Point], metric: str) -> str:
    """What a plot of them says to someone who can't see it."""
    models = "; ".join(f"{point.name}: {point.layers} layers, {point.quality.value:.2f}" for point in points)
    return f"{metric} of each model. {models}."


def _speed(point: Point, row: Mapping[str, Json]) -> Speed:
    gain = row["speedup"]
    return Speed(point, row["label"], row["batch_size"], Estimate(gain["median"], gain["min"], gain["max"]))


def _point(system: Mapping[str, Json]) -> Point:
    score = headline(system)
    value = score["value"]
    unknown = score["low"] is None
    quality = Estimate(value, value if unknown else score["low"], value if unknown else score["high"])
    series = (
        system["search"].removeprefix("search").removeprefix("-") or SEARCH if system["search"] else BASELINE
    )
    return Point(
        name=system["name"],
        series=series,
        recovered=system["recovered"],
        delivered=system["kept"],
        layers=sum(system["layers"].values()),
        params=system["params"],
        bytes=system["bytes"],
        quality=quality,
        more_is_better=score["higher_is_better"],
    )
