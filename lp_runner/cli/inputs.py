"""A recipe's local files and folders → nothing, or where the recipe names one that isn't there, before anything runs."""

from __future__ import annotations

import difflib
from pathlib import Path

from lp_runner.errors import UsageError
from lp_runner.recipe import Recipe
from lp_runner.recipe.defaults import named_files
from lp_runner.recipe.node import Trail
from lp_runner.registry import Registry

PATHS = "paths are relative to the file that they stand in, of an option to the current folder"


def check_inputs(cell: Recipe, registry: Registry) -> None:
    """Raises UsageError: the place, what isn't there, the nearest name that is."""
    if cell.model.is_local and not Path(cell.model.path).is_dir():
        raise _missing(cell, ("model", "path"), "no such folder", cell.model.path)
    for use in cell.uses():
        for at, value in named_files(dict(use.options), registry.find(use.kind, use.name).schema):
            if isinstance(value, str) and Path(value).is_absolute() and not Path(value).exists():
                raise _missing(cell, (*use.place, "with", *at), "no such file", value)


def _missing(cell: Recipe, trail: Trail, what: str, path: str) -> UsageError:
    folder = Path(path).parent
    names = [other.name for other in folder.iterdir()] if folder.is_dir() else []
    near = difflib.get_close_matches(Path(path).name, names, n=1)
    guess = f"; did you mean {near[0]}?" if near else ""
    return UsageError(cell.problem(trail, f"{what}: {path}{guess}"), PATHS)
