"""Recipe → Plan: every step that will be done, with what it is made from, before anything is."""

from __future__ import annotations

from collections.abc import Iterator

from lp_runner.checkpoint.layers import read_config
from lp_runner.errors import UsageError
from lp_runner.machine import Device, choose_dtype, fitting
from lp_runner.plan import hub, steps
from lp_runner.plan.inputs import Fingerprints, about_the_model, model_files, refuse_no_translator
from lp_runner.plan.plan import Plan, Step, System
from lp_runner.plan.size import model_size
from lp_runner.recipe import Recipe
from lp_runner.recipe.node import Trail

__all__ = ["Plan", "Step", "System", "build"]


def build(recipe: Recipe, found: list[Device], fingerprints: Fingerprints, *, download: bool = False) -> Plan:
    """Raises UsageError or EnvironmentFailed where model or device aren't what the recipe says."""
    device = fitting(recipe.device, found)[0]
    dtype = choose_dtype(recipe.model.dtype, device)
    with about_the_model(recipe):
        folder = hub.locate(recipe.model, download=download)
        files = model_files(recipe.model.path, folder, fingerprints)
        config = read_config(folder)
        if recipe.model.is_local:  # of one on the hub there may be no more here than its configuration
            refuse_no_translator(files, config)
        size = model_size(folder, config, dtype)
    about = steps.Surroundings(files.weights, files.tokenizer, size.layers, device.kind, dtype)
    made, systems = steps.build(recipe, about)
    _check_names(recipe, systems)
    return Plan(recipe, device.name, dtype, files, size, tuple(made), tuple(systems), device.memory_bytes)


def _check_names(recipe: Recipe, systems: list[System]) -> None:
    """A system that the plan doesn't have can meet no gate and can't be timed."""
    names = {system.name for system in systems}
    for trail, name in _named_systems(recipe):
        if name not in names:
            where, planned = recipe.where(trail), ", ".join(sorted(names))
            dotted = ".".join(map(str, trail))
            raise UsageError(f"{where}: {dotted}: no system is named {name}; there are {planned}")


def _named_systems(recipe: Recipe) -> Iterator[tuple[Trail, str]]:
    for index, gate in enumerate(recipe.gates):
        yield ("gates", index, "system"), str(gate.system)
    for index, name in enumerate(recipe.benchmark.systems if recipe.benchmark else ()):
        yield ("benchmark", "systems", index), name
