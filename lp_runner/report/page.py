"""Results → report.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lp_runner.api import Json
from lp_runner.report import figures
from lp_runner.report.card import base_name
from lp_runner.report.findings import findings
from lp_runner.report.gates import sentence
from lp_runner.report.heat import heat_map, importance
from lp_runner.report.looks import lines_of_one_run, of_one_run
from lp_runner.report.marks import Place
from lp_runner.report.numbers import digits_of
from lp_runner.report.points import SEARCH, Speed, headline, points, speeds
from lp_runner.report.segments import Segments
from lp_runner.report.shell import rendered
from lp_runner.report.svg import Picture

SHOWN_SETS = 5


def page(results: Mapping[str, Json], recipe: str, segments: Segments) -> str:
    """Args: recipe as resolved; segments of the test set, chosen to be shown."""
    metric = headline(results["systems"][0])["metric"]
    return rendered(
        "report.html.j2",
        results=results,
        model=base_name(results["model"]["name"]),
        findings=findings(results),
        benchmark=results.get("benchmark"),
        gates=[{"text": sentence(gate), "met": gate["met"]} for gate in results["gates"]],
        headline=metric,
        decimals=digits_of(results["systems"]),
        metrics=[one["metric"] for one in results["systems"][0]["evaluations"]],
        groups=_groups(results["systems"]),
        against={system["name"]: _against(system, metric) for system in results["systems"]},
        gain={one.point.name: one for one in reversed(speeds(results))},
        points=points(results),
        speeds=speeds(results),
        untimed=_untimed(results),
        plots=_plots(results, metric),
        searches=[_searched(search, results) for search in results["searches"]],
        recoveries=_recoveries(results["systems"]),
        shared=_shared(results["data"]),
        recipe=recipe,
        segments=segments,
    )


def _groups(systems: Sequence[Mapping[str, Json]]) -> list[tuple[str, list[Mapping[str, Json]]]]:
    """Systems under headings."""
    ours = [system for system in systems if system["search"] == SEARCH]
    whole = [system for system in systems if system["search"] is None]
    controls = [system for system in systems if system["search"] not in (None, SEARCH)]
    named = [("Baselines", whole), ("The recipe's search", ours), ("Controls", controls)]
    return [(name, group) for name, group in named if group]


def _against(system: Mapping[str, Json], metric: str) -> dict[str, Mapping[str, Json]]:
    """By baseline, the comparison by one metric."""
    return {line["of"]: line for line in system["compared"] if line["metric"] == metric}


def _plots(results: Mapping[str, Json], metric: str) -> list[Picture]:
    series, timed = of_one_run(points(results)), speeds(results)
    drawn = [
        figures.quality_by_layers(series, lines_of_one_run(series), metric),
        figures.quality_by_size(series, metric),
    ]
    return [*drawn, _speed_plot(timed, metric)] if timed else drawn


def _speed_plot(timed: Sequence[Speed], metric: str) -> Picture:
    places = [Place(one.point, one.speedup.value, (one.speedup.low, one.speedup.high)) for one in timed]
    told = "; ".join(f"{one.point.name} by {one.backend}: {one.speedup.value:.2f} times" for one in timed)
    series = of_one_run(list({one.point.name: one.point for one in timed}.values()))
    return figures.quality_by_speed(
        "speed", series, places, "speed, times the unpruned model's", metric, f"{told}."
    )


def _untimed(results: Mapping[str, Json]) -> list[str]:
    """Models that the plot of speed lacks, where there is one."""
    timed = {one.point.name for one in speeds(results)}
    return [point.name for point in points(results) if point.name not in timed] if timed else []


def _shared(data: Mapping[str, Json]) -> list[str]:
    """What stands in two splits; of train, only as far as it wasn't dropped from there."""
    told = []
    for pair, count in data["overlaps"].items():
        one, other = pair.split("-")
        segments = "1 segment" if count == 1 else f"{count} segments"
        if one == "train" and data["dropped_from_train"]:
            told.append(f"{segments} of {other} stood in train too, and no longer.")
        else:
            told.append(f"{segments} of {other} {'stands' if count == 1 else 'stand'} in {one} too.")
    return told


def _recoveries(systems: Sequence[Mapping[str, Json]]) -> list[dict[str, Any]]:
    """Each training that left a history is drawn; all are told."""
    trained = [system for system in systems if system["training"]]
    told = []
    for number, system in enumerate(trained, 1):
        history = system["training"]["history"]
        drawn = figures.losses(f"loss{number}", system["name"], history) if history else None
        told.append({"system": system["name"], "training": system["training"], "picture": drawn})
    return told


def _searched(search: Mapping[str, Json], results: Mapping[str, Json]) -> dict[str, Any]:
    """What a search asked, as a heat map where every candidate is one layer, and else as a list."""
    heat = heat_map(search, results["systems"][0]["layers"])
    title = f"{search.get('name') or search['metric']['use']}, {search['policy']['use']}"
    return {
        "name": search.get("name") or "the recipe's",
        "title": title,
        "search": search,
        "heat": heat,
        "picture": figures.heat_map(f"heat-{search['step']}", heat, f"Removal by {title}") if heat else None,
        "sets": [] if heat else _sets(search),
        "measured": [
            (", ".join(one["removed"]) or "nothing", quantity, found)
            for one in search.get("measured", [])
            for quantity, found in one["measured"].items()
        ],
        "record": [
            ", ".join(f"{name}: {value}" for name, value in facts.items())
            for facts in search.get("record", [])
            if not facts.keys() & {"passes", "tokens"}
        ],
    }


def _sets(search: Mapping[str, Json]) -> list[tuple[int, str, str]]:
    """Question, layers, score; each question's least important sets, which are what it was asked for."""
    told = []
    for number, question in enumerate(search["questions"], 1):
        least = sorted(question["scores"], key=lambda score: float(score["value"]))[:SHOWN_SETS]
        told += [(number, ", ".join(score["removed"]), importance(score)) for score in least]
    return told
