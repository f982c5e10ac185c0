from __future__ import annotations

import pytest

from lp_runner.api import Environment
from lp_runner.envs import spec_of
from lp_runner.envs.spec import name_of

ENGINE = Environment(
    "engine", requires=("six",), platform={"cpu": ("engine-cpu==1",), "cuda": ("engine==1",)}
)


def test_a_platform_adds_its_own_requirements() -> None:
    assert spec_of(ENGINE, "cpu").requirements == ("six", "engine-cpu==1")
    assert spec_of(ENGINE, "cuda").requirements == ("six", "engine==1")


def test_the_folder_depends_on_requirements_python_and_what_is_left_out_and_on_nothing_else() -> None:
    name = spec_of(ENGINE, "cpu").folder_name("3.11")
    assert name.startswith("engine-")
    assert spec_of(ENGINE, "cpu").folder_name("3.12") != name
    assert spec_of(ENGINE, "cuda").folder_name("3.11") != name
    other = Environment("engine", ENGINE.requires, platform=ENGINE.platform, leave_out=("torchvision",))
    assert spec_of(other, "cpu").folder_name("3.11") != name
    linked = Environment("engine", ENGINE.requires, ("lp_models",), ">=3.11", ENGINE.platform, (), 5)
    assert spec_of(linked, "cpu").folder_name("3.11") == name


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("torch", "torch"),
        ("Unbabel_COMET==2.2.7", "unbabel-comet"),
        ("transformers<4.56", "transformers"),
        ("a.b[extra]>=1; python_version > '3'", "a-b"),
        ("plum @ file:///tmp/plum.whl", "plum"),
    ],
)
def test_a_requirement_is_about_one_distribution(requirement: str, name: str) -> None:
    assert name_of(requirement) == name
