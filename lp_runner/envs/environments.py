"""A declared environment → an interpreter that has it: the default one, the user's own, or one from the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lp_runner.api import Environment
from lp_runner.api.declaration import DEFAULT_ENVIRONMENT
from lp_runner.envs.build import Surroundings, Tell, build
from lp_runner.envs.cache import Built, Cache
from lp_runner.envs.links import linked
from lp_runner.envs.pythons import own_python_variable, python_for
from lp_runner.envs.spec import name_of, requirements, spec_of
from lp_runner.errors import EnvironmentFailed

CACHE = "LP_RUN_CACHE"
"""An environment variable: the folder that environments are kept in."""
_INSTALLED = (
    "import json; from importlib.metadata import distributions; "
    "print(json.dumps({d.name: d.version for d in distributions()}))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What a worker is started with."""

    python: str
    variables: Mapping[str, str]
    """All that it gets besides those of every worker."""
    isolated: bool
    """Not lp-run's own environment: nothing of that is visible, and no secret of the user's is either."""


@dataclass(frozen=True, slots=True)
class Environments:
    """What one command needs to know of environments."""

    cache: Cache
    own: Mapping[str, str] = field(default_factory=dict)
    """Interpreters of the user's own, by an environment's name."""
    offline: bool = False
    """Nothing is built."""

    @classmethod
    def standard(cls, own: Mapping[str, str], offline: bool = False) -> Environments:
        """With the user's cache folder."""
        return cls(Cache(cache_folder()), own, offline)

    def interpreter(
        self,
        environment: Environment,
        device_class: str,
        packages: Iterable[str],
        tell: Tell,
        should_stop: Callable[[], object],
    ) -> Interpreter:
        """One that has the environment, built if need be.

        Args:
            packages: import packages of this environment that must be visible there.
        Raises EnvironmentFailed where it can't be had.
        """
        if is_default(environment):
            return Interpreter(sys.executable, {}, isolated=False)
        python = self.own_python(environment.name)
        if python is None:
            python = str(self.built(environment, device_class, tell, should_stop).interpreter)
        folder = linked(("lp_runner", *environment.links, *packages), self.cache.root / ".links")
        return Interpreter(python, {"PYTHONPATH": str(folder), "PYTHONNOUSERSITE": "1"}, isolated=True)

    def built(
        self, environment: Environment, device_class: str, tell: Tell, should_stop: Callable[[], object]
    ) -> Built:
        """From the cache, built if need be."""
        if found := self.find(environment, device_class):
            return found
        spec = spec_of(environment, device_class)
        if self.offline:
            raise EnvironmentFailed(
                f"environment {spec.name} is not built, and --offline builds nothing",
                f"lp-run env build {spec.name}",
            )
        python = python_for(spec.name, spec.python)
        return build(spec, python.path, python.minor, self.cache, Surroundings(tell, should_stop))

    def find(self, environment: Environment, device_class: str) -> Built | None:
        """Only if it is there and whole."""
        return self.cache.find(self.folder_name(environment, device_class))

    def folder_name(self, environment: Environment, device_class: str) -> str:
        """Of its place in the cache. Raises EnvironmentFailed where the machine has no Python for it."""
        spec = spec_of(environment, device_class)
        return spec.folder_name(python_for(spec.name, spec.python).minor)

    def own_python(self, name: str) -> str | None:
        """The user's interpreter: from its environment variable, else from the settings."""
        return os.environ.get(own_python_variable(name)) or self.own.get(name)

    def lock(self, environment: Environment, device_class: str) -> dict[str, str]:
        """The versions of what it requires there, as "comet/torch"; empty where it can't be had now."""
        if is_default(environment):
            return {}
        installed = self._installed(environment, device_class)
        names = {name_of(one) for one in requirements(environment, device_class)}
        there = (name for name in sorted(names) if name in installed)
        return {f"{environment.name}/{name}": installed[name] for name in there}

    def _installed(self, environment: Environment, device_class: str) -> Mapping[str, str]:
        if python := self.own_python(environment.name):
            return _installed_for(python)
        try:
            built = self.find(environment, device_class)
        except EnvironmentFailed:
            return {}
        return built.installed if built else {}


def is_default(environment: Environment) -> bool:
    return environment == DEFAULT_ENVIRONMENT


def cache_folder() -> Path:
    """LP_RUN_CACHE, else as the XDG specification has it."""
    if named := os.environ.get(CACHE):
        return Path(named).absolute() / "environments"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home, "lp_runner", "environments")


def _installed_for(python: str) -> dict[str, str]:
    try:
        told = subprocess.run(  # noqa: S603  the user's own interpreter
            [python, "-I", "-c", _INSTALLED], capture_output=True, text=True, timeout=60, check=True
        )
        found: dict[str, str] = json.loads(told.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    return {name_of(name): version for name, version in found.items()}
