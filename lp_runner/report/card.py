"""Results → what stands beside a delivered checkpoint: model card, recipe, the layers it lacks. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lp_runner.api import Json, Layer
from lp_runner.checkpoint import mergekit_slices
from lp_runner.recipe.scalars import to_yaml
from lp_runner.report.loading import with_transformers, with_vllm
from lp_runner.report.markdown import inline
from lp_runner.report.metadata import base_name, licence_of, metadata, test_set
from lp_runner.report.numbers import digits_of, share, with_interval
from lp_runner.visible import json_code, visible

__all__ = ["base_name", "card", "extras"]


def extras(results: Mapping[str, Json], system: Mapping[str, Json], recipe: str) -> dict[str, str]:
    """Name → text of every file that stands beside the checkpoint's own. Args: recipe, as resolved."""
    base = base_name(results["model"]["name"])
    removed = {"unpruned": base, "removed": system["removed"]}
    resolved = yaml.safe_load(recipe)  # which every YAML reader understands alike
    files = {
        "README.md": card(results, system, resolved),
        "recipe.yaml": to_yaml(_without_folders(resolved)),
        "removed_layers.json": visible(json.dumps(removed, indent=2, ensure_ascii=False), code=json_code)
        + "\n",
    }
    if set(system["layers"]) == {"decoder"}:
        gone = [Layer.parse(name).index for name in system["removed"]]
        model = results["model"]
        slices = mergekit_slices(base, gone, model["layers"], system["dtype"])
        files["mergekit_config.yml"] = yaml.safe_dump(slices, sort_keys=False)
    return files


def card(results: Mapping[str, Json], system: Mapping[str, Json], recipe: Mapping[str, Json]) -> str:
    """README.md in the hub's form: metadata, what was removed, the scores, how to load it, what it isn't for."""
    environment = Environment(  # noqa: S701  autoescape is for HTML; _escaped does for Markdown what it does there
        loader=PackageLoader("lp_runner.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        finalize=_escaped,
    )
    unpruned = results["systems"][0]
    decoder_only = "encoder" not in system["layers"]
    chosen = next((one for one in results["searches"] if one["step"] == system["search"]), None)
    text = environment.get_template("card.md.j2").render(
        metadata=Markup(metadata(results, system, recipe)),  # noqa: S704  YAML's own escapes
        base=base_name(results["model"]["name"]),
        results=results,
        system=system,
        languages=results["languages"],
        stacks=" and ".join(f"{count} {stack} layers" for stack, count in system["layers"].items()),
        params=f"{system['params'] / 1e6:,.1f}",
        whole=f"{unpruned['params'] / 1e6:,.1f}",
        share=f"{100 * system['params'] / unpruned['params']:.0f}",
        chosen=chosen,
        scored_on=_scored_on(chosen, results) if chosen else "",
        judged=bool(system["training"]) and system["training"]["facts"].get("best_dev_loss") is not None,
        baselines=sum(one["search"] is None for one in results["systems"]),
        count=results["data"]["segments"]["test"],
        test_set=test_set(recipe),
        apart=_apart(results, recipe),
        table=Markup(_table(results, system)),  # noqa: S704
        with_transformers=Markup(with_transformers(results, system, recipe)),  # noqa: S704  quoted as Python
        with_vllm=Markup(with_vllm(results, system, recipe)) if decoder_only else None,  # noqa: S704
        licence=licence_of(results["model"]),
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def _escaped(value: Any) -> Any:
    return value if isinstance(value, Markup) else inline(str(value))


def _scored_on(search: Mapping[str, Json], results: Mapping[str, Json]) -> str:
    """What a metric read; some read nothing."""
    if not search.get("cost", {}).get("passes"):
        return ""
    own = "search" in results["data"]["segments"]
    return "data of the search's own" if own else "the development set"


def _apart(results: Mapping[str, Json], recipe: Mapping[str, Json]) -> str:
    """Whether the test set was a test."""
    shared = {
        name: count
        for name, count in results["data"]["overlaps"].items()
        if "test" in name.split("-") and count
    }
    if recipe["data"].get("overlap") != "allow" or not shared:
        return "None of their sources stands in the training or the development data."
    told = ", ".join(f"{count} in {name}" for name, count in sorted(shared.items()))
    return f"Not a clean test: sources stand in two splits, {told}, which the recipe allows."


def _baselines(results: Mapping[str, Json], system: Mapping[str, Json]) -> list[str]:
    """Those that this system was compared with."""
    compared = {line["of"] for line in system["compared"]}
    return [one["name"] for one in results["systems"] if one["name"] in compared]


def _table(results: Mapping[str, Json], system: Mapping[str, Json]) -> str:
    """Metric by metric, the baselines before the system itself."""
    baselines = _baselines(results, system)
    head = ["system", "layers", "metric", "score", *(f"kept of {inline(name)}" for name in baselines)]
    shown = [one for one in results["systems"] if one["search"] is None or one is system]
    digits = digits_of(results["systems"])
    rows = [_row(one, score, baselines, digits) for one in shown for score in one["evaluations"]]
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def _row(
    one: Mapping[str, Json], score: Mapping[str, Json], baselines: list[str], digits: Mapping[str, int]
) -> list[str]:
    layers = "+".join(str(count) for count in one["layers"].values())
    kept = [_kept(one, score["metric"], baseline) for baseline in baselines]
    value = with_interval(score, digits[score["metric"]])
    return [inline(one["name"]), layers, inline(score["metric"]), value, *kept]


def _kept(one: Mapping[str, Json], metric: str, baseline: str) -> str:
    """A share with its interval; a share of an error rate says nothing, nor does one of oneself."""
    counts = {score["metric"] for score in one["evaluations"] if score["higher_is_better"]}
    for line in one["compared"] if metric in counts else ():
        if (line["metric"], line["of"]) == (metric, baseline) and (kept := line["retention_percent"]):
            return share(kept)
    return ""


def _without_folders(value: Json, key: str = "") -> Json:
    """A resolved recipe that tells nobody where its files lay."""
    if isinstance(value, Mapping):
        if key == "with":
            return {name: _everywhere(item) for name, item in value.items()}
        return {name: _without_folders(item, str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_folders(item, key) for item in value]
    return base_name(value) if key == "path" and isinstance(value, str) else value


def _everywhere(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _everywhere(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_everywhere(item) for item in value]
    return base_name(value) if isinstance(value, str) else value
