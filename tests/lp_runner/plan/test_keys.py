"""Content keys: what changes one, and what does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lp_runner.errors import UsageError
from lp_runner.machine import Device
from lp_runner.plan import Plan
from lp_runner.plan.inputs import Fingerprints
from lp_runner.plan.keys import answers_key, digest, identity, resolve, seed_for
from lp_runner.registry import Registry

from .conftest import Planner


def keys(plan: Plan, registry: Registry, removed: Sequence[str] | None = None) -> dict[str, str | None]:
    return resolve(plan, registry, Fingerprints(None).of, lambda key: removed)


def test_a_digest_does_not_depend_on_the_order_of_names() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_digests_stay_what_they_were() -> None:
    assert digest(["read", {"ü": 1.5}]) == "bdcf40d30a16c0f6a4e1d4bdeb24fbf0"


def test_a_step_s_seed_is_its_own_and_repeats() -> None:
    seeds = [seed_for(0, "recover", "sft"), seed_for(0, "recover", "lora"), seed_for(1, "recover", "sft")]

    assert len(set(seeds)) == 3
    assert seed_for(0, "recover", "sft") == seeds[0]
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize(
    "override",
    [
        "prune.with.keep_at=[1]",
        "infer.with.batch_size=3",
        "importance.with.batch_size=3",
        "name=other",
        "observe=[tensorboard]",
        "benchmark={}",
    ],
)
def test_what_cannot_change_results_changes_no_key(
    override: str, planned: Planner, registry: Registry
) -> None:
    before, after = keys(planned(), registry), keys(planned(override), registry)

    assert {step: after[step] for step in before} == before


@pytest.mark.parametrize(
    ("override", "step"),
    [
        ("importance.with.segments=7", "search"),
        ("importance.with.metric=bleu", "search"),
        ("prune.with.protect=[first]", "search"),
        ("seed=1", "search"),
        ("model.dtype=float16", "search"),
        ("model.dtype=float16", "translate-unpruned"),
        ("infer.max_new_tokens=9", "translate-unpruned"),
        ("infer.with.dtype=bfloat16", "translate-unpruned"),
        ("prompt.template=Say {source}", "prompts-dev"),
        ("data.dev.with.limit=9", "read-dev"),
        ("evaluate=[chrf]", "evaluate-unpruned-1"),
    ],
)
def test_what_can_change_results_changes_the_key(
    override: str, step: str, planned: Planner, registry: Registry
) -> None:
    assert keys(planned(), registry)[step] != keys(planned(override), registry)[step]


@pytest.mark.parametrize(
    "changed",
    [
        "backends: [{use: transformers, with: {batch_size: 3}}]",  # neutral to translations, not to their speed
        "systems: [unpruned]",
        "batch_sizes: [1]",
        "segments: 128",
        "new_tokens: 9",
        "warmup: 2",
        "repeats: 4",
    ],
)
def test_whatever_a_time_depends_on_is_part_of_a_benchmark_s_key(
    changed: str, planned: Planner, registry: Registry
) -> None:
    plans = planned("benchmark={}"), planned(f"benchmark={{{changed}}}")
    one, other = (keys(plan, registry, removed=["decoder.5", "decoder.3"]) for plan in plans)

    assert one.pop("benchmark") != other.pop("benchmark")
    assert one == other


def test_an_option_that_came_later_counts_only_where_it_is_not_at_its_default(
    planned: Planner, registry: Registry
) -> None:
    uses = [
        planned(f"infer.with.dtype={dtype}").step("translate-unpruned").uses for dtype in ("auto", "float16")
    ]
    before, after = (identity(use["infer"], registry, str, "cpu")["options"] for use in uses)

    assert (before, after) == ({}, {"dtype": "float16"})


def test_a_new_dev_corpus_leaves_the_test_corpus_as_it_is(planned: Planner, registry: Registry) -> None:
    before, after = keys(planned(), registry), keys(planned("data.dev.with.limit=9"), registry)

    assert before["read-test"] == after["read-test"]
    assert before["prompts-test"] == after["prompts-test"]


def test_one_gpu_is_as_good_as_another_and_a_cpu_is_not(planned: Planner, registry: Registry) -> None:
    first, second, cpu = (
        keys(planned(device=Device(name, 2**37)), registry) for name in ("cuda:0", "cuda:1", "cpu")
    )

    assert first == second
    assert first["search"] != cpu["search"]


def test_what_follows_a_search_has_no_key_before_it_is_done(planned: Planner, registry: Registry) -> None:
    found = keys(planned(), registry)

    assert found["cut-30"] is None
    assert found["translate-30"] is None
    assert found["translate-unpruned"] is not None


def test_two_searches_that_remove_the_same_layers_share_their_models(
    planned: Planner, registry: Registry
) -> None:
    plan = planned("controls=[random]")

    found = keys(plan, registry, removed=["decoder.5", "decoder.3"])

    assert found["search"] != found["search-random"]
    assert found["cut-30"] == found["cut-random-30"]
    assert found["translate-30"] == found["translate-random-30"]


def test_the_order_of_removal_is_no_part_of_a_model(planned: Planner, registry: Registry) -> None:
    one = keys(planned(), registry, removed=["decoder.5", "decoder.3"])
    other = keys(planned(), registry, removed=["decoder.3", "decoder.5"])

    assert one["cut-30"] == other["cut-30"]


def test_answers_are_kept_whatever_the_policy_that_asked(planned: Planner, registry: Registry) -> None:
    prints = Fingerprints(None).of
    greedy = planned().step("search")
    one_shot = planned("prune={use: one-shot, with: {remove: 4}}").step("search")

    assert answers_key(greedy, "prompts", registry, prints) == answers_key(
        one_shot, "prompts", registry, prints
    )


def test_a_depth_that_the_search_did_not_reach_is_an_error_and_not_another_model(
    planned: Planner, registry: Registry
) -> None:
    floor = "prune={use: params-target, with: {target: 80%, keep_at: [1, 3]}}"
    with pytest.raises(
        UsageError, match="keep_at: no model is without 3 layers, for the search ended after 2"
    ):
        keys(planned(floor), registry, removed=["decoder.5", "decoder.3"])
