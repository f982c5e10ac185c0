"""How much every policy would ask, found out by running it on no answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lp_runner.api import ModelSize
from lp_runner.envs import Cache, Environments
from lp_runner.plan import Step
from lp_runner.recipe.recipe import Use
from lp_runner.registry import Registry
from lp_runner.run.questions import questions_of
from lp_runner.run.search import search
from lp_runner.run.workplace import Workplace

MakeUse = Callable[..., Use]
Count = Callable[[Use], int | None]
SIZE = ModelSize(
    params=5, layers=5, layer_params=1, embedding_params=0, hidden_size=1, kv_width=2, dtype_bytes=4
)


@pytest.fixture
def count(model: Path, registry: Registry, use: MakeUse, tmp_path: Path) -> Count:
    """How many sets a policy asks about, of a model of five layers and nothing else."""

    def run(policy: Use) -> int | None:
        step = Step(
            "search", "search", "", {"importance": use("importance", "random"), "prune": policy}, {}, {}
        )
        plan: Any = SimpleNamespace(
            of_kind=lambda kind: [step], model=SimpleNamespace(folder=model), size=SIZE
        )
        environments = Environments(Cache(tmp_path / "environments"))
        asked = questions_of(plan, registry, environments).get("search")
        return asked.count if asked else None

    return run


@pytest.mark.parametrize(
    ("name", "options", "asked"),
    [
        ("iterative-greedy", {"remove": 2}, 3 + 2),
        ("one-shot", {"remove": 2}, 3),
        ("contiguous", {"remove": 2}, 2),
        ("random", {"remove": 2}, 0),
        ("explicit", {"layers": [1]}, 0),
        ("beam", {"remove": 2}, 3 + 3),
        ("swap", {"remove": 1}, 3 + 3),
        ("params-target", {"target": 3}, 3 + 2),
        ("bytes-target", {"target": 12}, 3 + 2),
        ("params-target", {"target": "41%"}, 3 + 2 + 1),
    ],
)
def test_a_policy_s_questions_are_counted(
    count: Count, use: MakeUse, name: str, options: dict[str, Any], asked: int
) -> None:
    assert count(use("prune", name, **options)) == asked


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("iterative-greedy", {"remove": 3}),
        ("beam", {"remove": 3, "width": 3}),
        ("swap", {"remove": 2, "rounds": 3}),
        ("evolutionary", {"remove": 2, "generations": 3, "offspring": 3}),
        ("params-target", {"target": "50%"}),
    ],
)
def test_a_search_asks_no_more_than_was_counted(
    count: Count, use: MakeUse, workplace: Workplace, tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    policy = use("prune", name, protect=[], **options)
    uses = {"importance": use("importance", "random"), "prune": policy}
    facts = {"model": "m", "device": "cpu"}
    search(Step("search", "search", "", uses, facts, {"prompts": "prompts-dev"}, 7), workplace, tmp_path)
    [journal] = (workplace.store.root / ".journals").iterdir()
    asked = len(journal.read_text().splitlines())
    assert 5 <= asked <= (count(policy) or 0)


def test_a_floor_and_a_speed_are_counted_as_if_no_removal_brought_or_cost_anything(
    count: Count, use: MakeUse
) -> None:
    backend = use("infer", "transformers")
    floor = use("prune", "quality-floor", keep_percent=90, metric={}, backend={})
    assert count(replace(floor, nested={"backend": backend})) == (3 + 2 + 1) + 3
    speed = use("prune", "speed-target", target=2.0, backend={})
    assert count(replace(speed, nested={"backend": backend})) == (3 + 2 + 1) + 1 + 2


def test_a_shortlist_by_a_metric_that_answers_all_at_once_is_free(count: Count, use: MakeUse) -> None:
    policy = use("prune", "two-stage", remove=2, candidates=2, shortlist={})
    assert count(replace(policy, nested={"shortlist": use("importance", "random")})) == 2 + 2


def test_before_the_weights_are_here_the_configuration_tells(count: Count, use: MakeUse, model: Path) -> None:
    (model / "model.safetensors").unlink()
    assert count(use("prune", "params-target", target="60%")) == 3 + 2


def test_a_policy_that_does_not_fit_the_model_is_not_counted(count: Count, use: MakeUse) -> None:
    assert count(use("prune", "iterative-greedy", remove=4)) is None
