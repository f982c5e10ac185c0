"""Recipe → steps and systems: which are made, of what, under which name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lp_runner.errors import UsageError
from lp_runner.plan import Plan

from .conftest import Planner


def names(plan: Plan) -> list[str]:
    return [system.name for system in plan.systems]


def test_there_are_always_two_baselines_where_there_is_a_recovery(planned: Planner) -> None:
    assert names(planned("recover=[none]")) == ["unpruned", "unpruned+recovery", "30", "30+recovery"]


def test_without_recovery_there_is_one_baseline(planned: Planner) -> None:
    assert names(planned()) == ["unpruned", "30"]


def test_every_kept_depth_is_a_system_and_so_is_the_end(planned: Planner) -> None:
    plan = planned("prune.with.remove=4", "prune.with.keep_at=[3, 1]")

    assert names(plan) == ["unpruned", "31", "29", "28"]


def test_a_control_goes_as_deep_as_it_is_asked_to_and_no_deeper(planned: Planner) -> None:
    plan = planned("prune.with.remove=4", "controls=[{use: random, keep_at: [1, 2]}]")

    assert names(plan) == ["unpruned", "28", "random:31", "random:30"]
    assert plan.step("search-random").uses["prune"].options["remove"] == 2


def test_controls_of_one_name_are_told_apart(planned: Planner) -> None:
    plan = planned("prune.with.remove=1", "controls=[random, {use: random, with: {seed_offset: 1}}]")

    assert names(plan) == ["unpruned", "31", "random:31", "random-2:31"]
    assert plan.step("search-random-2").uses["importance"].options == {"seed_offset": 1}
    assert len({step.id for step in plan.steps}) == len(plan.steps)


def test_paper_sound_has_both_baselines_three_depths_and_two_controls(planned: Planner) -> None:
    plan = planned(shipped="paper-sound-ces-deu.yaml")

    pruned = [f"{search}{depth}" for search in ("", "random:", "block-influence:") for depth in (24, 20, 16)]
    assert names(plan) == [
        name for system in ("unpruned", *pruned) for name in (system, f"{system}+recovery")
    ]


def test_a_step_needs_only_what_was_made_before_it(planned: Planner) -> None:
    made: set[str] = set()
    for step in planned(shipped="paper-sound-ces-deu.yaml").steps:
        assert set(step.needs.values()) <= made
        made.add(step.id)


def test_only_the_recipe_s_own_pruned_models_are_delivered(planned: Planner) -> None:
    plan = planned("recover=[none]", "controls=[random]")

    assert [system.name for system in plan.systems if system.kept] == ["30+recovery"]


def test_the_test_corpus_reaches_nothing_but_translations(planned: Planner) -> None:
    plan = planned(shipped="paper-sound-ces-deu.yaml")

    readers = {step.kind for step in plan.steps if "prompts-test" in step.needs.values()}
    assert readers == {"translate"}


def test_a_search_with_a_prompt_of_its_own_has_its_own_ids(planned: Planner) -> None:
    plan = planned("importance={use: random, prompt: {template: 'Say {source}'}}")

    assert plan.step("search").needs == {"prompts": "prompts-search"}
    assert plan.step("prompts-search").facts["prompt"] == {"template": "Say {source}", "chat": True}


def test_a_benchmark_is_the_last_step_and_times_the_unpruned_and_every_delivered_model(
    planned: Planner,
) -> None:
    step = planned("recover=[none]", "controls=[random]", "benchmark={}").steps[-1]

    assert (step.id, step.title) == ("benchmark", "time unpruned, 30+recovery")
    assert step.needs == {"prompts": "prompts-test", "model:30+recovery": "recover-30"}
    assert [use.name for use in step.uses.values()] == ["transformers"]


def test_a_benchmark_takes_models_by_name_or_number_of_layers(planned: Planner) -> None:
    step = planned("controls=[random]", "benchmark={systems: [30, 'random:30']}").steps[-1]

    assert step.facts["systems"] == ["30", "random:30"]
    assert step.needs["model:random:30"] == "cut-random-30"


def test_a_model_that_is_not_planned_cannot_be_timed(planned: Planner, tmp_path: Path) -> None:
    with (tmp_path / "small.yaml").open("a", encoding="utf-8") as recipe:
        recipe.write("benchmark:\n  systems: [30, 7]\n")

    with pytest.raises(UsageError) as caught:
        planned()

    wanted = "small.yaml:13:17: benchmark.systems.1: no system is named 7; there are 30, unpruned"
    assert str(caught.value).endswith(wanted)
