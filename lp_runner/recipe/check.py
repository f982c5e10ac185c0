"""One cell's tree → Recipe, or every problem in it: the recipe's schema, each plugin's, then the whole's sense."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from lp_runner.recipe.assemble import assemble
from lp_runner.recipe.complaints import Complaint, complaints
from lp_runner.recipe.defaults import filled, marked, value_at
from lp_runner.recipe.matrix import Cell
from lp_runner.recipe.node import Json, Node, Problem, only, spot, value_of
from lp_runner.recipe.recipe import Recipe
from lp_runner.recipe.soundness import unsound
from lp_runner.recipe.strategies import Offers, Resolver
from lp_runner.recipe.tree import without

MOST_STRATEGIES = 256


def base_schema() -> dict[str, Any]:
    """The recipe's own, without any plugin's options."""
    text = Path(__file__).with_name("recipe.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def check_matrix(root: Node, schema: Mapping[str, Any]) -> list[Problem]:
    """A matrix is checked before it is multiplied out."""
    alone = only(root, lambda name: name == "matrix")
    part = {"properties": {"matrix": schema["properties"]["matrix"]}}
    return [problem_of(one, alone) for one in complaints(value_of(alone), part)]


def check(path: Path, cell: Cell, schema: Mapping[str, Any], offers: Offers) -> Recipe | list[Problem]:
    """The recipe of one cell, or all that is wrong with it."""
    tree = without(cell.tree, lambda _, node: node.content is None, spared="with")
    bare = value_of(tree)
    if _strategies(bare, schema) > MOST_STRATEGIES:
        return [Problem(tree.place, (), f"names more than {MOST_STRATEGIES} strategies")]
    value = filled(bare, schema, schema)
    slots = list(marked(value, schema, schema, "x-lp-kind"))
    found = list(complaints(bare, schema))
    resolver = Resolver(offers, lambda trail: spot(tree, trail)[1], found)
    uses = {trail: use for trail, kind in slots if (use := resolver.use(kind, value_at(value, trail), trail))}
    found += unsound(value, uses, lambda use: offers.find(use.kind, use.name).declaration.traits)
    if found:
        return [problem_of(one, tree) for one in found]
    return assemble(path, cell.slug, schema, value, uses, tree)


def _strategies(value: Json, schema: Mapping[str, Any]) -> int:
    """How many it names, and of more than too many one too many."""
    return len(list(islice(marked(value, schema, schema, "x-lp-kind"), MOST_STRATEGIES + 1)))


def problem_of(complaint: Complaint, root: Node) -> Problem:
    """A complaint with the place of the key or value that is wrong, or of what lacks it."""
    key, value = spot(root, complaint.trail)
    return Problem(key if complaint.at_key else value, complaint.trail, complaint.what)
