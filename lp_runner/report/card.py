"""Results → what stands beside a delivered checkpoint: model card, recipe, the layers it lacks. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from lp_runner.api import Json, Layer
from lp_runner.checkpoint import mergekit_slices
from lp_runner.report.visible import visible


def extras(results: Mapping[str, Json], system: Mapping[str, Json], recipe: str) -> dict[str, str]:
    """Name → text of every file that stands beside the checkpoint's own."""
    base = base_name(results["model"]["name"])
    removed = {"unpruned": base, "removed": system["removed"]}
    files = {
        "README.md": card(results, system),
        "recipe.yaml": recipe,
        "removed_layers.json": json.dumps(removed, indent=2, ensure_ascii=False) + "\n",
    }
    if set(system["layers"]) == {"decoder"}:
        gone = [Layer.parse(name).index for name in system["removed"]]
        model = results["model"]
        slices = mergekit_slices(base, gone, model["layers"], system["dtype"])
        files["mergekit_config.yml"] = yaml.safe_dump(slices, sort_keys=False)
    return files


def card(results: Mapping[str, Json], system: Mapping[str, Json]) -> str:
    """README.md in the Hub's form: metadata, what was removed, the scores, how to load it."""
    languages, model = results["languages"], results["model"]
    metadata = {
        "base_model": base_name(model["name"]),
        "language": [languages["source_code"], languages["target_code"]],
        "library_name": "transformers",
        "pipeline_tag": "translation" if "encoder" in system["layers"] else "text-generation",
        "tags": ["layer-pruning", "translation", "lp_runner"],
    }
    kept = ", ".join(f"{count} {stack} layers" for stack, count in system["layers"].items())
    lines = [
        f"---\n{yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)}---",
        f"# {inline(base_name(model['name']))} without {len(system['removed'])} layers",
        (
            f"Translates from {inline(languages['source'])} to {inline(languages['target'])} with {kept} and"
            f" {system['params'] / 1e6:,.1f} M parameters. Made by lp_runner {results['versions']['lp_runner']}."
        ),
        f"Removed, in this order: {', '.join(system['removed'])}."
        + (f" Recovered by {inline(system['training']['trainer'])}." if system["training"] else ""),
        "| system | metric | score | 95 % interval |\n|---|---|---|---|\n"
        + "\n".join(_rows(results, system)),
        _loading("AutoModelForSeq2SeqLM" if "encoder" in system["layers"] else "AutoModelForCausalLM"),
        "It translates between the two languages above, prompted as recipe.yaml says; nothing else was tested.",
    ]
    return "\n\n".join(lines) + "\n"


def _loading(loader: str) -> str:
    return (
        f"## Loading\n\n```python\nfrom transformers import {loader}, AutoTokenizer\n\n"
        f'model = {loader}.from_pretrained("FOLDER")\n'
        'tokenizer = AutoTokenizer.from_pretrained("FOLDER")\n```'
    )


def base_name(model: str) -> str:
    """A hub name as it is; of a local folder its own name, since nobody else has its path."""
    return Path(model).name if Path(model).is_absolute() else model


def inline(text: str) -> str:
    """Text of any origin in Markdown: on one line, and nothing in it is markup."""
    flat = " ".join(visible(text).split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>()#+!|~" else letter for letter in flat)


def _rows(results: Mapping[str, Json], system: Mapping[str, Json]) -> list[str]:
    shown = [one for one in results["systems"] if one["search"] is None or one is system]
    return [
        f"| {inline(one['name'])} | {inline(score['metric'])} "
        f"| {score['value']:.{decimals(score)}f} | {_interval(score)} |"
        for one in shown
        for score in one["evaluations"]
    ]


def _interval(score: Mapping[str, Json]) -> str:
    digits = decimals(score)
    return "" if score["low"] is None else f"[{score['low']:.{digits}f}, {score['high']:.{digits}f}]"


def decimals(score: Mapping[str, Json]) -> int:
    """Two for a metric that goes to 100, four for one that goes to 1, as COMET does: no translator has 1.5 of 100."""
    return 2 if abs(score["value"]) >= 1.5 else 4
