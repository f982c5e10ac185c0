"""A faultless recipe's values and strategies → the frozen Recipe. Decides nothing but where paths lead."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lp_runner.recipe.defaults import Schema, filled, replaced
from lp_runner.recipe.languages import language
from lp_runner.recipe.node import Json, Node, Trail, spot
from lp_runner.recipe.recipe import (
    Benchmark,
    Control,
    Data,
    Gate,
    Importance,
    Infer,
    Languages,
    ModelSpec,
    Prompt,
    Recipe,
    Use,
)
from lp_runner.recipe.strategies import local_or_hub

Uses = Mapping[Trail, Use]


def assemble(
    path: Path,
    cell: str,
    schema: Schema,
    value: Json,
    uses: Uses,
    written: Node,
) -> Recipe:
    """`value` has its defaults; `uses` holds every strategy by its place."""
    resolved = _resolved(value, uses, schema, spot(written, ("model", "path"))[1].folder)
    return Recipe(
        path=path.absolute(),
        cell=cell,
        name=resolved["name"],
        seed=resolved["seed"],
        device=resolved["device"],
        model=_model(resolved["model"]),
        languages=_languages(resolved["languages"]),
        prompt=Prompt(**resolved["prompt"]),
        data=_data(resolved["data"], uses),
        importance=_importance(resolved["importance"], uses),
        prune=uses["prune",],
        recover=_several("recover", uses),
        evaluate=_several("evaluate", uses),
        infer=Infer(uses["infer",], resolved["infer"]["max_new_tokens"]),
        benchmark=_benchmark(resolved["benchmark"], uses) if "benchmark" in resolved else None,
        controls=_controls(resolved["controls"], uses),
        gates=tuple(map(_gate, resolved["gates"])),
        observe=_several("observe", uses),
        resolved=resolved,
        written=written,
    )


def _resolved(value: Json, uses: Uses, schema: Schema, model_folder: str) -> dict[str, Any]:
    for trail, use in uses.items():
        value = replaced(value, trail, partial(_spelled_out, use))
    value = replaced(value, ("model", "path"), lambda path: local_or_hub(path, model_folder))
    for side in ("source", "target"):
        value = replaced(value, ("languages", side), lambda text: language(text).name)
    if "prompt" in value["importance"]:
        value = replaced(value, ("importance", "prompt"), lambda own: {**value["prompt"], **own})
    complete: dict[str, Any] = filled(value, schema, schema)
    return complete


def _spelled_out(use: Use, old: Json) -> dict[str, Json]:
    rest = old if isinstance(old, dict) else {}
    return {**rest, "use": use.name, "with": dict(use.options)}


def _several(section: str, uses: Uses) -> tuple[Use, ...]:
    return tuple(use for trail, use in uses.items() if trail[0] == section)


def _model(value: Mapping[str, Any]) -> ModelSpec:
    return ModelSpec(value["path"], value.get("revision"), value["dtype"])


def _languages(value: Mapping[str, str]) -> Languages:
    source, target = language(value["source"]), language(value["target"])
    return Languages(source.name, target.name, source.tag, target.tag)


def _data(value: Mapping[str, Any], uses: Uses) -> Data:
    return Data(uses.get(("data", "train")), uses["data", "dev"], uses["data", "test"], value["overlap"])


def _importance(value: Mapping[str, Any], uses: Uses) -> Importance:
    prompt = Prompt(**value["prompt"]) if "prompt" in value else None
    return Importance(uses["importance",], prompt, uses.get(("importance", "data")))


def _controls(value: list[Mapping[str, Any]], uses: Uses) -> tuple[Control, ...]:
    named = zip(_several("controls", uses), value, strict=True)
    return tuple(Control(use, tuple(sorted(told.get("keep_at", ())))) for use, told in named)


def _benchmark(value: Mapping[str, Any], uses: Uses) -> Benchmark:
    return Benchmark(
        backends=_several("benchmark", uses),
        systems=tuple(map(str, value["systems"])),
        batch_sizes=tuple(value["batch_sizes"]),
        segments=value["segments"],
        new_tokens=value["new_tokens"],
        warmup=value["warmup"],
        repeats=value["repeats"],
    )


def _gate(value: Mapping[str, Any]) -> Gate:
    return Gate(
        system=value["system"],
        metric=value["metric"],
        keep_percent=value.get("keep_percent"),
        at_least=value.get("at_least"),
        of=value.get("of", "unpruned"),
    )
