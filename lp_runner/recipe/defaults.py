"""What an options schema (draft-07) says beyond right and wrong: defaults, number types, marked places. Pure.

Understands `properties`, `items` and local `$ref`; the marks are `x-lp-kind`, `x-lp-path`,
`x-lp-model`, `x-lp-neutral` and `x-lp-later`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lp_runner.recipe.node import Json, Trail

Schema = Mapping[str, Any]


def resolved(schema: Schema, root: Schema) -> Schema:
    """The schema behind a local `$ref`; what stands beside the reference is kept."""
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    target: Any = root
    for part in reference.removeprefix("#/").split("/"):
        target = target.get(part, {})
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def filled(value: Json, schema: Schema, root: Schema) -> Json:
    """With every default, and numbers of the type that the schema asks for (1.0 → 1, 2 → 2.0)."""
    schema = resolved(schema, root)
    if isinstance(value, dict):
        return _filled_mapping(value, schema.get("properties", {}), root)
    if isinstance(value, list):
        inside = resolved(schema.get("items", {}), root)
        return [filled(item, inside, root) for item in value]
    return _number(value, [kind for part in (schema, *schema.get("anyOf", ())) for kind in _kinds(part)])


def _filled_mapping(value: dict[str, Json], properties: Schema, root: Schema) -> dict[str, Json]:
    found = {}
    for name, schema in properties.items():
        whole = resolved(schema, root)
        if name in value or "default" in whole:
            found[name] = filled(value[name] if name in value else whole["default"], whole, root)
    return {**found, **{name: item for name, item in value.items() if name not in properties}}


def _kinds(schema: Schema) -> list[object]:
    kind = schema.get("type")
    return kind if isinstance(kind, list) else [kind]


def _number(value: Json, kinds: list[object]) -> Json:
    if isinstance(value, float) and value.is_integer() and "integer" in kinds and "number" not in kinds:
        return int(value)
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and "number" in kinds
        and "integer" not in kinds
    ):
        return float(value)
    return value


def marked(
    value: Json, schema: Schema, root: Schema, mark: str, trail: Trail = ()
) -> Iterator[tuple[Trail, Any]]:
    """Where in `value` the schema has this mark, and what it says; outer places first."""
    schema = resolved(schema, root)
    if schema.get(mark) and value is not None:
        yield trail, schema[mark]
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from marked(value[name], part, root, mark, (*trail, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from marked(item, schema.get("items", {}), root, mark, (*trail, index))


def named_files(options: Json, schema: Schema) -> Iterator[tuple[Trail, Json]]:
    """Where options name files or models, and what they name: a path, or a name on the hub."""
    for mark in ("x-lp-path", "x-lp-model"):
        for at, _ in marked(options, schema, schema, mark):
            yield at, value_at(options, at)


def replaced(value: Json, trail: Trail, change: Callable[[Json], Json]) -> Json:
    """A copy with the value at `trail` changed."""
    if not trail:
        return change(value)
    copy = value.copy()
    copy[trail[0]] = replaced(value[trail[0]], trail[1:], change)
    return copy


def value_at(value: Json, trail: Trail) -> Json:
    """What stands there."""
    for key in trail:
        value = value[key]
    return value
