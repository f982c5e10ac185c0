"""The frozen Plan: which steps, in what order, from what to what, and which systems they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lp_runner.api import Json, ModelSize
from lp_runner.plan.inputs import ModelFiles
from lp_runner.recipe import Recipe
from lp_runner.recipe.recipe import Use


@dataclass(frozen=True, slots=True)
class Step:
    """One artefact to be made."""

    id: str
    """Unique in its plan and a folder's name: "search", "recover-9-sft"."""
    kind: str
    """read, corpora, prompts, search, cut, recover, translate, evaluate or benchmark."""
    title: str
    uses: Mapping[str, Use]
    """The strategies that do the work, by kind (several of one kind are numbered); empty where the core does."""
    facts: Mapping[str, Json]
    """Everything else that the result depends on, besides what it is made from; part of the key."""
    needs: Mapping[str, str]
    """What it is made from: role → step id."""
    seed: int = 0

    def strategies(self) -> list[Use]:
        """All that have a part in it, nested ones too."""
        found = list(self.uses.values())
        for use in found:  # grows as it goes
            found += use.nested.values()
        return found


@dataclass(frozen=True, slots=True)
class System:
    """One model under test."""

    name: str
    """"unpruned", "unpruned+recovery", "9", "9+recovery", "random:9", …: layers kept, by which search."""
    search: str | None
    """The step that chose its layers; None for the unpruned model."""
    removed: int | None
    """How many layers it lacks; None: as many as the policy removes in the end."""
    recovered: bool
    model: str | None
    """The step that made its folder; None for the recipe's own model."""
    translate: str
    evaluate: tuple[str, ...]
    kept: bool
    """Delivered as a model folder, with its card."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A recipe with everything resolved that can be known before it runs."""

    recipe: Recipe
    device: str
    dtype: str
    model: ModelFiles
    size: ModelSize
    steps: tuple[Step, ...]
    systems: tuple[System, ...]
    memory_bytes: int
    """Of the device."""

    def step(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)

    def of_kind(self, kind: str) -> Iterator[Step]:
        return (step for step in self.steps if step.kind == kind)
