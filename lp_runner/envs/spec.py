"""A declared environment → exactly what is to be built for one kind of device. Pure."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from dataclasses import dataclass

from lp_runner.api import Environment

FORMAT = 1
"""Raised when the same requirements are built in another way."""


@dataclass(frozen=True, slots=True)
class Spec:
    """An environment as it is to be built."""

    name: str
    requirements: tuple[str, ...]
    leave_out: tuple[str, ...]
    python: str
    """Version bounds (PEP 440); empty for any that lp_runner runs on."""
    about_bytes: int

    def folder_name(self, python: str) -> str:
        """Of its place in the cache; `python` is "3.11", of the interpreter that it is built with."""
        content = [FORMAT, list(self.requirements), sorted(self.leave_out), python, platform.machine()]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        return f"{self.name}-{digest[:12]}"


def requirements(environment: Environment, device_class: str) -> tuple[str, ...]:
    """Those of every platform, then those of this one ("cpu" or "cuda")."""
    return (*environment.requires, *environment.platform.get(device_class, ()))


def spec_of(environment: Environment, device_class: str) -> Spec:
    return Spec(
        environment.name,
        requirements(environment, device_class),
        environment.leave_out,
        environment.python,
        environment.about_bytes,
    )


def normal(distribution: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def name_of(requirement: str) -> str:
    """The distribution that a requirement is about, as PEP 503 compares it."""
    return normal(re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0])
