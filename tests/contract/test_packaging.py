"""pyproject.toml: bounds that matter, extras, and the versions that were tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from lp_runner.envs.spec import requirements
from lp_runner.registry import Registry

ROOT = Path(__file__).parents[2]
SPECIFIER = re.compile(r"[A-Za-z0-9._-]+")


def project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lower_bounds_that_matter_stand() -> None:
    assert set(project()["dependencies"]) >= {"torch>=2.10", "transformers>=5.5"}
    assert project()["requires-python"] == ">=3.11"


def test_the_extras_have_the_pins_that_were_tried() -> None:
    extras = project()["optional-dependencies"]
    assert extras["vllm"] == ["vllm==0.32.0"]
    assert extras["comet"] == [
        "unbabel-comet==2.2.7",
        "pytorch-lightning>=2.6.6",
        "transformers<4.56",
        "setuptools<82",
        "torch>=2.10",
    ]


def test_an_extra_and_the_environment_of_its_name_require_the_same_on_a_gpu() -> None:
    extras, registry = project()["optional-dependencies"], Registry.installed()
    ours = [entry for entry in registry.entries() if entry.distribution == "lp_runner"]
    environments = [registry.find(entry.kind, entry.name).declaration.environment for entry in ours]
    declared = {one.name: sorted(requirements(one, "cuda")) for one in environments if one.name in extras}
    assert sorted(declared) == ["comet", "vllm"]
    assert declared == {name: sorted(extras[name]) for name in declared}


def test_every_dependency_has_a_tested_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = {normal(line.partition("==")[0]) for line in lines if "==" in line}
    extras = project()["optional-dependencies"]
    wanted = [*project()["dependencies"], *extras["test"], *extras["docs"]]
    names = {normal(match[0]) for one in wanted if (match := SPECIFIER.match(one))}
    assert names - tested == set()
