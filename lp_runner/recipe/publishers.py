"""Models that are pickles come from known publishers only, unless the user says otherwise on the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from lp_runner.errors import RecipeErrors
from lp_runner.recipe.defaults import marked, value_at
from lp_runner.recipe.recipe import Recipe, Use
from lp_runner.registry import Registry

OPTION = "--trust-publisher"


def refuse_unknown(recipe: Recipe, registry: Registry, trusted: Sequence[str]) -> None:
    """Raises RecipeErrors where a hub model's publisher is in neither list. Local folders are the user's own."""
    problems = [problem for use in recipe.uses() for problem in _problems(use, recipe, registry, trusted)]
    if problems:
        raise RecipeErrors(problems)


def _problems(use: Use, recipe: Recipe, registry: Registry, trusted: Sequence[str]) -> Iterator[str]:
    schema = registry.find(use.kind, use.name).schema
    for at, mark in marked(dict(use.options), schema, schema, "x-lp-model"):
        value, known = value_at(use.options, at), mark.get("publishers")
        publisher = value.partition("/")[0]
        if known is None or os.path.isabs(value) or publisher in {*known, *trusted}:
            continue
        trail = (*use.place, "with", *at)
        name = ".".join(map(str, trail))
        yield (
            f"{recipe.where(trail)}: {name}: {publisher} is none of {use.name}'s known publishers "
            f"({', '.join(known)}), and its models can run code; {OPTION} {publisher} if you trust it"
        )
