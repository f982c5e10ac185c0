"""The stage's verb: a file and the command line's overrides → one Recipe per cell, or all problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lp_runner.errors import RecipeErrors
from lp_runner.recipe.check import base_schema, check, check_matrix
from lp_runner.recipe.compose import Override, compose, parse_overrides
from lp_runner.recipe.matrix import axes_of, blocked, cells
from lp_runner.recipe.node import Fatal, Node, Problem, only, size_of
from lp_runner.recipe.recipe import Recipe
from lp_runner.recipe.strategies import Offers

MOST_VALUES = 200_000
"""Of all cells of a matrix together."""


def load(path: Path, overrides: Sequence[str], registry: Offers) -> list[Recipe]:
    """One recipe per cell of the matrix, or the one that there is.

    Args:
        overrides: as on the command line, `a.b=c` each.
    Raises: RecipeErrors, with everything that is wrong.
    """
    problems: list[Problem] = []
    try:
        parsed = parse_overrides(overrides, problems)
        root = compose(path, parsed, problems)
        recipes = _recipes(path, root, parsed, registry, problems)
    except Fatal as fatal:
        problems.append(fatal.problem)
    if problems:
        raise RecipeErrors(_sorted(problems, str(path)))
    return recipes


def _recipes(
    path: Path, root: Node, overrides: Sequence[Override], registry: Offers, problems: list[Problem]
) -> list[Recipe]:
    schema = base_schema()
    wrong = check_matrix(root, schema)
    problems += wrong or _overwritten(root, overrides)
    if wrong:
        root = only(root, lambda name: name != "matrix")
    of_text = {problem.place for problem in problems if problem.place.line}
    combined = cells(root, problems)
    if len(combined) > 1 and len(combined) * size_of(root) > MOST_VALUES:
        raise Fatal(
            root.place, f"{len(combined)} cells have more than {MOST_VALUES} values together", ("matrix",)
        )
    checked = [check(path, cell, schema, registry) for cell in combined]
    for wrong in (one for one in checked if isinstance(one, list)):
        problems += [problem for problem in wrong if problem.place not in of_text]  # the rest follows from it
    return [one for one in checked if isinstance(one, Recipe)]


def _overwritten(root: Node, overrides: Sequence[Override]) -> list[Problem]:
    axes = axes_of(root)
    found = []
    for override in overrides:
        axis = blocked(axes, override.trail)
        if axis:
            what = f"the matrix varies {axis}; narrow it with -o 'matrix.{axis}=[...]'"
            found.append(Problem(override.node.place, override.trail, what))
    return found


def _sorted(problems: Sequence[Problem], main: str) -> list[str]:
    """By position: the recipe's own file first, then those it extends, options last; nothing twice."""

    def position(problem: Problem) -> tuple[Any, ...]:
        place = problem.place
        return (place.line == 0, place.source != main, place.source, place.line, place.column)

    return list(dict.fromkeys(str(problem) for problem in sorted(problems, key=position)))
