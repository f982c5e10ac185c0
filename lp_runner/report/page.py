"""Results → report.html: one self-contained file without scripts; every text in it is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from lp_runner.api import Json
from lp_runner.report.card import base_name, decimals
from lp_runner.report.findings import findings
from lp_runner.report.gates import sentence

SHOWN_SEGMENTS = 5
SHOWN_SETS = 5
SIGNS = {"exact": "", "bound": "≥ ", "estimate": "≈ "}
"""Before a score that is not the whole truth, by its kind."""


def page(results: Mapping[str, Json], recipe: str, segments: Sequence[Mapping[str, Json]]) -> str:
    """Args: recipe as resolved; segments: source, reference, and each delivered system's translation."""
    environment = Environment(
        loader=PackageLoader("lp_runner.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "score": _score,
        "interval": _interval,
        "spread": _spread,
        "bytes": _bytes,
        "millions": _millions,
    }
    template = environment.get_template("report.html.j2")
    return template.render(
        results=results,
        model=base_name(results["model"]["name"]),
        findings=findings(results),
        benchmark=results.get("benchmark"),
        gates=[{"text": sentence(gate), "met": gate["met"]} for gate in results["gates"]],
        decimals={one["metric"]: decimals(one) for one in results["systems"][0]["evaluations"]},
        metrics=[one["metric"] for one in results["systems"][0]["evaluations"]],
        searches=[_searched(search) for search in results["searches"]],
        recipe=recipe,
        segments=segments,
    )


def _searched(search: Mapping[str, Json]) -> dict[str, Any]:
    """What a search asked, as a heat map where every candidate is one layer, and else as a list."""
    alone = all(
        len(score["candidate"]) == 1 for question in search["questions"] for score in question["scores"]
    )
    name = search.get("name") or search["metric"]["use"]
    return {
        "title": f"{name}, {search['policy']['use']}",
        "search": search,
        **(_heat_map(search) if alone else {"layers": [], "rows": []}),
        "sets": [] if alone else _sets(search),
        "measured": [
            (", ".join(one["removed"]) or "nothing", quantity, found)
            for one in search.get("measured", [])
            for quantity, found in one["measured"].items()
        ],
        "record": [
            ", ".join(f"{name}: {value}" for name, value in facts.items())
            for facts in search.get("record", [])
        ],
    }


def _sets(search: Mapping[str, Json]) -> list[tuple[int, str, str]]:
    """Question, layers, score; each question's least important sets, which are what it was asked for."""
    told = []
    for number, question in enumerate(search["questions"], 1):
        least = sorted(question["scores"], key=lambda score: float(score["value"]))[:SHOWN_SETS]
        told += [(number, ", ".join(score["removed"]), _importance(score)) for score in least]
    return told


def _importance(score: Mapping[str, Json]) -> str:
    return f"{SIGNS[score['kind']]}{score['value']:.4g}"


def _heat_map(search: Mapping[str, Json]) -> dict[str, Any]:
    """A row for each question: the score of every candidate, None for those that were gone."""
    candidates = [
        name
        for question in search["questions"]
        for score in question["scores"]
        for name in score["candidate"]
    ]
    layers = sorted(set(candidates), key=lambda name: (name.partition(".")[0], int(name.rpartition(".")[2])))
    rows = [
        {score["candidate"][0]: _importance(score) for score in question["scores"]}
        for question in search["questions"]
    ]
    return {
        "layers": layers,
        "rows": [[row.get(layer) for layer in layers] for row in rows],
    }


def _score(one: Mapping[str, Json], decimals: int) -> str:
    return f"{one['value']:.{decimals}f}" if one["low"] is None else _interval(one, decimals)


def _interval(one: Mapping[str, Json], decimals: int) -> str:
    value, low, high = (f"{one[name]:.{decimals}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _spread(one: Mapping[str, Json], decimals: int) -> str:
    middle, least, most = (f"{one[name]:.{decimals}f}" for name in ("median", "min", "max"))
    return f"{middle} [{least}, {most}]"


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _millions(count: int) -> str:
    return f"{count / 1e6:,.1f} M"
