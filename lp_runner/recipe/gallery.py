"""The recipes that are shipped: what each is for, what it needs, and the files that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import lp_runner
from lp_runner.envs.environments import is_default
from lp_runner.recipe.compose import family
from lp_runner.recipe.defaults import named_files
from lp_runner.recipe.load import load
from lp_runner.recipe.recipe import Recipe, Use
from lp_runner.registry import Registry

_SENTENCE = re.compile(r"(.+?[.:?])(?:\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Shipped:
    """One recipe of the gallery."""

    path: Path
    registry: Registry

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def summary(self) -> str:
        """The first sentence of the comment it begins with."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        comment = [line.removeprefix("#").strip() for line in _comment(lines)]
        text = " ".join(line for line in comment if line and not line.startswith("yaml-language-server"))
        sentence = _SENTENCE.match(text)
        return sentence[1].rstrip(":") if sentence else text

    @property
    def needs(self) -> list[str]:
        """What it asks of a machine, in words; empty where any will do."""
        found = [] if self._recipe.device == "cpu" else ["a GPU"]
        found += [f"hub: {name}" for name in dict.fromkeys(self._from_hub())]
        found += [f"environment: {name}" for name in dict.fromkeys(self._environments())]
        return found + [f"yours: {path}" for path in dict.fromkeys(self._elsewhere())]

    def files(self) -> list[Path]:
        """All that a copy needs: the recipe, what it extends, and its data of the gallery; the recipe last."""
        ours = [path for path in self._paths() if path.is_relative_to(self._root)]
        data = [file for path in dict.fromkeys(ours) for file in _files(path)]
        parents = [path for path in family(self.path) if path != self.path.resolve()]
        return list(dict.fromkeys([*data, *parents, self.path]))

    @cached_property
    def _recipe(self) -> Recipe:
        return load(self.path, [], self.registry)[0]

    @property
    def _root(self) -> Path:
        return self.path.parent

    def _paths(self) -> Iterator[Path]:
        """Of everything local that it names."""
        if self._recipe.model.is_local:
            yield Path(self._recipe.model.path)
        for value in self._marked():
            if Path(value).is_absolute():
                yield Path(value)

    def _elsewhere(self) -> Iterator[str]:
        """As its own text has them."""
        for path in self._paths():
            if not path.is_relative_to(self._root):
                yield str(Path("..") / path.relative_to(self._root.parent))

    def _from_hub(self) -> Iterator[str]:
        if not self._recipe.model.is_local:
            yield self._recipe.model.path
        for use in self._recipe.uses():
            path = use.options.get("path")
            if use.kind == "read" and isinstance(path, str) and not Path(path).is_absolute():
                yield path

    def _environments(self) -> Iterator[str]:
        for use in self._recipe.uses():
            environment = self.registry.find(use.kind, use.name).declaration.environment
            if not is_default(environment):
                yield environment.name

    def _marked(self) -> Iterator[str]:
        for use in self._recipe.uses():
            yield from _values(use, self.registry)


def shipped(registry: Registry) -> dict[str, Shipped]:
    """By name. In a checkout the gallery is the folder `recipes`."""
    package = Path(lp_runner.__file__).parent
    places = (package / "gallery", package.parent / "recipes")
    root = next((place for place in places if place.is_dir()), places[0]).resolve()
    return {path.stem: Shipped(path, registry) for path in sorted(root.glob("*.yaml"))}


def _comment(lines: list[str]) -> Iterator[str]:
    """The first block of comment lines that says something: up to where a recipe or an empty comment follows it."""
    said = False
    for line in lines:
        if not line.startswith("#") or (said and line.strip() == "#"):
            return
        said |= bool(line.strip("# ")) and "yaml-language-server" not in line
        yield line


def _values(use: Use, registry: Registry) -> Iterator[str]:
    for _, value in named_files(dict(use.options), registry.find(use.kind, use.name).schema):
        yield from [value] if isinstance(value, str) else value


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
