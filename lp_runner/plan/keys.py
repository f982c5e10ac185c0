"""Content keys and seeds. Pure: opens no file, reads no clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lp_runner.api import Json
from lp_runner.envs.spec import requirements
from lp_runner.errors import UsageError
from lp_runner.plan.plan import Plan, Step
from lp_runner.recipe.defaults import marked, replaced
from lp_runner.recipe.node import Trail
from lp_runner.recipe.recipe import Recipe, Use
from lp_runner.registry import Offer, Registry

DEVICE = "device"
"""The trait of a strategy whose results depend on the kind of device."""
FORMAT = 1
"""Raised when the artefacts of a step change their form."""

Removals = Callable[[str], Sequence[str] | None]
"""From a search's key to the layers it removed, in order, if it is done."""
Prints = Callable[[str], str]
"""From a path among a strategy's options to the fingerprint of what is there."""


def digest(value: Json) -> str:
    """32 hexadecimal digits of anything that JSON can say, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def seed_for(root: int, kind: str, name: str) -> int:
    """A step's own seed, 0 ≤ seed < 2**31, from the recipe's."""
    return int(hashlib.sha256(f"{root}/{kind}/{name}".encode()).hexdigest()[:8], 16) & 0x7FFFFFFF


def identity(use: Use, registry: Registry, prints: Prints, device_class: str) -> dict[str, Json]:
    """What of a strategy determines its results: name, revision, requirements, and the options that can."""
    offer = registry.find(use.kind, use.name)
    declaration = offer.declaration
    return {
        "kind": use.kind,
        "name": use.name,
        "distribution": offer.entry.distribution,
        "revision": declaration.revision,
        "requires": sorted(requirements(declaration.environment, device_class)),
        "options": _decisive(use, offer, registry, prints, device_class),
    }


def _decisive(
    use: Use, offer: Offer, registry: Registry, prints: Prints, device_class: str
) -> dict[str, Json]:
    options: Json = dict(use.options)
    neutral = {at[0] for at, _ in marked(options, offer.schema, offer.schema, "x-lp-neutral") if len(at) == 1}
    for at, _ in list(marked(options, offer.schema, offer.schema, "x-lp-path")):
        options = replaced(options, at, lambda value: _printed(value, prints))
    for at, _ in list(
        marked(options, offer.schema, offer.schema, "x-lp-model")
    ):  # a hub's name has its revision
        options = replaced(options, at, lambda value: prints(value) if Path(value).is_absolute() else value)
    nested = {name: identity(inner, registry, prints, device_class) for name, inner in use.nested.items()}
    silent = neutral | _untouched_later(use, offer)
    return {name: value for name, value in (options | nested).items() if name not in silent}


def _untouched_later(use: Use, offer: Offer) -> set[str]:
    """Options that came after results were made without them, and that still stand at their defaults."""
    properties = offer.schema.get("properties", {})
    return {
        name
        for name, schema in properties.items()
        if schema.get("x-lp-later") and use.options.get(name) == schema["default"]
    }


def _printed(value: Json, prints: Prints) -> Json:
    if isinstance(value, list):
        return [_printed(item, prints) for item in value]
    return prints(value) if isinstance(value, str) else value


def resolve(plan: Plan, registry: Registry, prints: Prints, removals: Removals) -> dict[str, str | None]:
    """Every step's key by its id; None where it depends on a search that isn't done.

    What follows a search is keyed by the layers removed and not by the search: whoever removes
    the same layers shares the same models.
    """
    keys: dict[str, str | None] = {}
    for step in plan.steps:
        made_from = {role: _origin(step, plan, keys, removals, need) for role, need in step.needs.items()}
        unknown = None in made_from.values()
        keys[step.id] = None if unknown else _key(step, plan, made_from, registry, prints)
    return keys


def _origin(step: Step, plan: Plan, keys: Mapping[str, str | None], removals: Removals, need: str) -> Json:
    key = keys[need]
    if step.kind != "cut" or key is None:
        return key
    order = removals(key)
    if order is None:
        return None
    count = step.facts["count"]
    if count is not None and count > len(order):
        raise UsageError(
            plan.recipe.problem(
                _keep_at(plan.step(need), plan.recipe),
                f"no model is without {count} layers, for the search ended after {len(order)}",
            ),
            hint=f"keep_at is at most {len(order)} here; what is done stays done when it changes",
        )
    return sorted(order[:count])


def _keep_at(search: Step, recipe: Recipe) -> Trail:
    """Where the recipe says at what depths a search's models are kept."""
    metric = search.uses["importance"]
    own = any(control.keep_at for control in recipe.controls if control.use is metric)
    return (*metric.place, "keep_at") if own else ("prune", "with", "keep_at")


def _key(step: Step, plan: Plan, made_from: Mapping[str, Json], registry: Registry, prints: Prints) -> str:
    device_class = plan.device.partition(":")[0]
    facts = {name: value for name, value in step.facts.items() if name != "count"}
    if any(DEVICE in registry.find(use.kind, use.name).declaration.traits for use in step.strategies()):
        facts["device"] = device_class
    uses = {kind: identity(use, registry, prints, device_class) for kind, use in step.uses.items()}
    return digest([FORMAT, step.kind, uses, facts, made_from, step.seed])


def answers_key(step: Step, prompts: str, registry: Registry, prints: Prints) -> str:
    """Where a search's scores are journalled: under metric, model and data, never under the policy."""
    metric = identity(step.uses["importance"], registry, prints, step.facts["device"])
    return digest([FORMAT, "answers", metric, dict(step.facts), prompts, step.seed])
