"""Recipes, or all installed plugins → the environments of their own that they need, and which are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from lp_runner.api import Environment
from lp_runner.envs import Built, Environments, Spec, spec_of
from lp_runner.envs.environments import is_default
from lp_runner.errors import EnvironmentFailed, LpError
from lp_runner.machine import devices, fitting
from lp_runner.recipe import Recipe
from lp_runner.registry import Registry


@dataclass(frozen=True, slots=True)
class Need:
    """One environment that plugins want on one kind of device."""

    environment: Environment
    device_class: str
    users: tuple[str, ...]
    """"evaluate.comet", …"""
    built: Built | None
    own: str | None
    """The user's own interpreter."""

    @property
    def spec(self) -> Spec:
        return spec_of(self.environment, self.device_class)


def needs(cells: Sequence[Recipe], registry: Registry, environments: Environments) -> list[Need]:
    """Of all strategies that recipes name, each environment once."""
    wanted = [
        (environment, cell.device, f"{use.kind}.{use.name}")
        for cell in cells
        for use in cell.uses()
        if not is_default(environment := registry.find(use.kind, use.name).declaration.environment)
    ]
    classes = {device: _class(device) for device in {device for _, device, _ in wanted}}
    return _grouped(((one, classes[device], user) for one, device, user in wanted), environments)


def _class(device: str) -> str:
    return fitting(device, devices())[0].kind


def _grouped(wanted: Iterable[tuple[Environment, str, str]], environments: Environments) -> list[Need]:
    users: dict[tuple[str, str], tuple[Environment, list[str]]] = {}
    for environment, device_class, user in wanted:
        users.setdefault((repr(environment), device_class), (environment, []))[1].append(user)
    return [
        Need(
            environment,
            device_class,
            tuple(dict.fromkeys(names)),
            _found(environment, device_class, environments),
            environments.own_python(environment.name),
        )
        for (_, device_class), (environment, names) in users.items()
    ]


def _found(environment: Environment, device_class: str, environments: Environments) -> Built | None:
    try:
        return environments.find(environment, device_class)
    except EnvironmentFailed:  # no Python for it: certainly not built
        return None


def declared(registry: Registry, environments: Environments) -> list[Need]:
    """Of every installed plugin, on this machine's best device."""
    device_class = devices()[0].kind
    return _grouped(((one, device_class, user) for one, user in _environments(registry)), environments)


def _environments(registry: Registry) -> Iterator[tuple[Environment, str]]:
    for entry in registry.entries():
        with suppress(LpError):  # a broken plugin has none
            environment = registry.find(entry.kind, entry.name).declaration.environment
            if not is_default(environment):
                yield environment, f"{entry.kind}.{entry.name}"
