"""An options schema → what is wrong with it: form, descriptions, defaults, marks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator, SchemaError

from lp_runner.registry import HOOKS

NEUTRAL, KIND, PATH, MODEL, LATER = "x-lp-neutral", "x-lp-kind", "x-lp-path", "x-lp-model", "x-lp-later"
MARKS = (NEUTRAL, KIND, PATH, MODEL, LATER)

Schema = Mapping[str, Any]


def schema_problems(title: str, schema: Schema) -> Iterator[str]:
    """Draft-07; every option is described and has a default or is required; nothing else is accepted."""
    try:
        Draft7Validator.check_schema(schema)
    except SchemaError as error:
        yield f"{title}: its options are no draft-07 schema: {error.message}"
        return
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        yield f'{title}: an options schema has "type": "object" and "additionalProperties": false'
    for name, option in schema.get("properties", {}).items():
        where = f"{title}: option {name}"
        yield from _described(where, option)
        yield from _defaulted(where, option, schema, required=name in schema.get("required", ()))
        yield from _marked(where, option)


def _described(where: str, option: Schema) -> Iterator[str]:
    if not str(option.get("description", "")).strip():
        yield f"{where} has no description"
    for name, inner in option.get("properties", {}).items():
        yield from _described(f"{where}.{name}", inner)


def _defaulted(where: str, option: Schema, schema: Schema, *, required: bool) -> Iterator[str]:
    if required:
        if "default" in option:
            yield f"{where} is required and has a default"
    elif "default" not in option:
        yield f"{where} has no default and isn't required"
    else:
        alone = {**option, "definitions": schema.get("definitions", {})}
        for error in Draft7Validator(alone).iter_errors(option["default"]):
            yield f"{where}: its default is against its own schema: {error.message}"


def _marked(where: str, option: Schema) -> Iterator[str]:
    for mark in (name for name in option if name.startswith("x-lp-")):
        if mark not in MARKS:
            yield f"{where}: no mark is named {mark}; one of {', '.join(MARKS)}"
    if KIND in option and option[KIND] not in HOOKS:
        yield f"{where}: {KIND}: no kind is named {option[KIND]!r}; one of {', '.join(HOOKS)}"
    for mark in (NEUTRAL, PATH, LATER):
        if not isinstance(option.get(mark, True), bool):
            yield f"{where}: {mark} is true or false"
    if LATER in option and "default" not in option:
        yield f"{where}: {LATER} is for an option with a default"
