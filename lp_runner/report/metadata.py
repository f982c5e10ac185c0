"""Results and recipe → the hub's metadata of a delivered model: what its card begins with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lp_runner.api import Json
from lp_runner.visible import visible

HUB_METRICS = {"chrf++": "chrf"}
"""Metrics that the hub knows by another name."""
TASKS = {False: "text-generation", True: "translation"}
"""By whether the model has an encoder: what its class in Transformers is for."""
NARROWED = ("skip", "limit", "shuffle", "where")
"""Options of a reader that say which part of a data set was read."""


def metadata(results: Mapping[str, Json], system: Mapping[str, Json], recipe: Mapping[str, Json]) -> str:
    """YAML between two lines of dashes. What the hub wants to be on the hub is left out where it isn't."""
    from huggingface_hub import EvalResult, ModelCardData

    languages, model = results["languages"], results["model"]
    codes = [languages["source_code"], languages["target_code"]]
    base = model["name"]
    licence = licence_of(model)
    data = ModelCardData(
        base_model=None if _is_local(base) else base,
        datasets=_trained_on(recipe) if system["training"] else None,
        language=[code.partition("-")[0] for code in codes],
        language_bcp47=[code for code in codes if "-" in code] or None,
        license=licence.get("license"),
        license_name=licence.get("license_name"),
        license_link=licence.get("license_link"),
        library_name="transformers",
        pipeline_tag=TASKS["encoder" in system["layers"]],
        tags=["layer-pruning", "translation", "lp_runner"],
        metrics=list(dict.fromkeys(_hub_metric(score) for score in system["evaluations"])),
        model_name=f"{base_name(base)} {system['name']}",
        eval_results=[EvalResult(**one) for one in _evaluated(results, system, recipe)] or None,
    )
    return f"---\n{_yaml(data.to_dict())}---"  # type: ignore[no-untyped-call]


def _yaml(data: Mapping[str, Json]) -> str:
    """Letters as they are, unless some of them are unseen: then every one beyond ASCII stands as its code."""
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    return text if visible(text) == text else yaml.safe_dump(data, sort_keys=False)


def licence_of(model: Mapping[str, Json]) -> dict[str, str]:
    """The base model's, with a link that holds from another repository; empty where its card names none."""
    found = dict(model.get("licence") or {})
    link = found.get("license_link")
    if link and "://" not in link:
        if _is_local(model["name"]):
            del found["license_link"]
        else:
            found["license_link"] = f"https://huggingface.co/{model['name']}/blob/main/{link}"
    return found


def test_set(recipe: Mapping[str, Json]) -> str:
    """What the recipe reads as its test data: a name on the hub, or files without the folders they are in."""
    return " and ".join(_sources(recipe["data"]["test"]))


def base_name(model: str) -> str:
    """A hub name as it is; of a local folder its own name, since nobody else has its path."""
    return Path(model).name if _is_local(model) else model


def _evaluated(
    results: Mapping[str, Json], system: Mapping[str, Json], recipe: Mapping[str, Json]
) -> list[dict[str, Any]]:
    languages, test = results["languages"], recipe["data"]["test"]
    options = test["with"]
    narrowed = {name: options[name] for name in NARROWED if options.get(name)}
    about = {
        "task_type": "translation",
        "task_name": f"Translation {languages['source']}→{languages['target']}",
        "dataset_type": test_set(recipe),
        "dataset_name": test_set(recipe),
        "dataset_split": options.get("split"),
        "dataset_revision": options.get("revision"),
        "dataset_args": {"segments": results["data"]["segments"]["test"], **narrowed},
    }
    return [{**about, **_measured(score)} for score in system["evaluations"]]


def _measured(score: Mapping[str, Json]) -> dict[str, Any]:
    return {
        "metric_type": _hub_metric(score),
        "metric_name": score["metric"],
        "metric_value": round(score["value"], 4),
        "metric_args": {"signature": score["signature"]},
    }


def _trained_on(recipe: Mapping[str, Json]) -> list[str] | None:
    """Data sets of the hub only."""
    train = recipe["data"].get("train")
    path = train["with"].get("path") if train else None
    return [path] if isinstance(path, str) and not _is_local(path) else None


def _sources(read: Mapping[str, Json]) -> list[str]:
    files = [
        base_name(value) for value in read["with"].values() if isinstance(value, str) and _is_local(value)
    ]
    return files or [str(read["with"].get("path", read["use"]))]


def _hub_metric(score: Mapping[str, Json]) -> str:
    """COMET's models have names of their own, such as wmt22-comet-da; the score's is told beside the hub's."""
    name: str = score["metric"]
    return "comet" if "comet" in name.casefold() else HUB_METRICS.get(name, name)


def _is_local(name: str) -> bool:
    """A resolved recipe has local paths absolute."""
    return Path(name).is_absolute()
