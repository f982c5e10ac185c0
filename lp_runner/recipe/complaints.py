"""A value and its schema → what is wrong, in our words: where, what, the nearest right word."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jsonschema import Draft7Validator, validators
from jsonschema.exceptions import ValidationError

from lp_runner.recipe.defaults import Schema
from lp_runner.recipe.node import Json, Trail

NAMES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
LONGEST_LIST = 12
MOST = 200
"""Complaints about one value; whoever gets that many has other worries than the rest."""


def _unique(_: object, unique: bool, items: Json, __: Schema) -> Iterator[ValidationError]:
    """jsonschema's own takes a time that grows with the square of a mixed list."""
    if unique and isinstance(items, list) and len(set(map(_itself, items))) < len(items):
        yield ValidationError("has non-unique elements")


def _itself(item: Json) -> tuple[bool, str]:
    """Alike for what is the same in JSON, and for nothing else."""
    return (True, item) if isinstance(item, str) else (False, json.dumps(item, sort_keys=True))


def _additional(validator: Any, allowed: Json, instance: Json, schema: Schema) -> Iterator[ValidationError]:
    """One error for each property, named by its message; jsonschema's own names all in one, however many."""
    if allowed is not False:
        yield from Draft7Validator.VALIDATORS["additionalProperties"](validator, allowed, instance, schema)
    elif isinstance(instance, dict):
        named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for name in instance:
            if name not in named and not any(re.search(pattern, name) for pattern in patterns):
                yield ValidationError(name)


Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft7Validator, {"uniqueItems": _unique, "additionalProperties": _additional}
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error of one value."""

    trail: Trail
    what: str
    at_key: bool = False
    """The key is wrong (or something in it missing), not the value."""


def complaints(value: Json, schema: Schema, noun: str = "key", owner: str = "") -> Iterator[Complaint]:
    """All of them, up to MOST. `noun` is what this schema's properties are called, `owner` whose they are."""
    errors = Validator(schema).iter_errors(value)
    yield from islice((one for error in errors for one in _explained(error, noun, owner)), MOST)


def nearest(word: str, words: Iterable[str]) -> str:
    """ "; did you mean …?", or the words to choose from where none is near and they are few."""
    known = sorted(words)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(known)}" if 0 < len(known) <= LONGEST_LIST else ""


def shown(value: Json) -> str:
    """As the user wrote it, more or less, and short."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= 40 else text[:37] + "..."
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text


def _explained(error: ValidationError, noun: str, owner: str) -> Iterator[Complaint]:
    trail: Trail = tuple(error.absolute_path)
    of = f" of {owner}" if owner else ""
    schema, wanted = _parts(error)
    if error.validator == "additionalProperties":
        said = f"no such {noun}{of}{_elsewhere(error.message, schema.get('properties', {}))}"
        yield Complaint((*trail, error.message), said, at_key=True)
    elif error.validator == "required":
        # jsonschema reports each missing key by itself and names it in the message alone.
        name = next(name for name in wanted if error.message.startswith(f"{name!r} "))
        yield Complaint((*trail, name), f"is missing{of and f'; {owner} needs it'}", at_key=True)
    else:
        yield Complaint(trail, _words(error))


def _parts(error: ValidationError) -> tuple[Schema, Any]:
    """The schema that was not met, and the value of its keyword."""
    schema: Any = error.schema
    return schema, error.validator_value


def _elsewhere(name: str, properties: Schema) -> str:
    said = nearest(name, properties)
    if "with" in properties and "did you mean" not in said:
        return "; options of a plugin stand under with"
    return said


def _words(error: ValidationError) -> str:
    schema, limit = _parts(error)
    value = shown(error.instance)
    match error.validator:
        case "type":
            return f"must be {_kinds(limit)}, not {value}"
        case "enum":
            near = _near(error.instance, limit)
            return f"{value} is no choice{near}" if near else f"must be {_either(limit)}, not {value}"
        case "const":
            return f"must be {shown(limit)}, not {value}"
        case "pattern":
            return f"must be {schema.get('patternErrorMessage', f'like {limit}')}, not {value}"
        case "minItems" | "minLength" | "minProperties" if limit == 1:
            return "must not be empty"
        case "uniqueItems":
            return "names the same thing twice"
        case "anyOf" | "oneOf":
            return f"must be {_alternatives(error)}, not {value}"
    return _bounds(error, limit, value)


def _bounds(error: ValidationError, limit: Json, value: str) -> str:
    words = {
        "minimum": "{} or more",
        "maximum": "{} or less",
        "exclusiveMinimum": "more than {}",
        "exclusiveMaximum": "less than {}",
        "multipleOf": "a multiple of {}",
        "minLength": "{} characters or more",
        "maxLength": "{} characters or less",
        "minItems": "{} entries or more",
        "maxItems": "{} entries or less",
    }
    said = words.get(str(error.validator))
    return f"must be {said.format(limit)}, not {value}" if said else error.message[:160]


def _kinds(kinds: str | list[str]) -> str:
    return " or ".join(NAMES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _either(values: list[Json]) -> str:
    return " or ".join(value if isinstance(value, str) else shown(value) for value in values)


def _near(value: Json, values: list[Json]) -> str:
    said = nearest(value, (v for v in values if isinstance(v, str))) if isinstance(value, str) else ""
    return said if "did you mean" in said else ""


def _alternatives(error: ValidationError) -> str:
    """What each branch wanted of the value itself; a branch that only dislikes a part says which."""
    said = []
    for part in error.context or ():
        inside = ".".join(map(str, part.relative_path))
        wanted = _wanted(part)
        said.append(f"with {inside} {wanted}" if inside else wanted)
    return " or ".join(dict.fromkeys(said))


def _wanted(error: ValidationError) -> str:
    if error.validator in ("enum", "const"):
        return _either([error.validator_value] if error.validator == "const" else list(_parts(error)[1]))
    if error.validator == "additionalProperties":
        return f"a mapping without {error.message}"
    words = _words(error)
    return words.removeprefix("must be ").rpartition(", not ")[0] or words
