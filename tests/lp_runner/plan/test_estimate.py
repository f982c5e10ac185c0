"""What a plan says it will take, on the exact configuration of Aya-Expanse-8B."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lp_runner.api import Layer
from lp_runner.machine import Device
from lp_runner.plan import Plan
from lp_runner.plan.estimate import Asked, Cost, Lengths, estimate
from lp_runner.registry import Registry

from .conftest import Planner

SEGMENTS = {"train": 1000, "dev": 100, "test": 50}
PAPER = {"train": 100_000, "dev": 500, "test": 500, "search": 200}


def costs(
    plan: Plan, registry: Registry, segments: Mapping[str, int] = SEGMENTS, questions: int | None = None
) -> dict[str, Cost]:
    asked = {} if questions is None else {step.id: Asked(questions) for step in plan.of_kind("search")}
    return estimate(plan, registry, segments, asked, {})


def test_the_paper_s_search_is_the_unpruned_model_s_pass_and_72_000_of_candidates(
    planned: Planner, registry: Registry
) -> None:
    plan = planned(shipped="paper-exact-ces-deu.yaml")

    assert costs(plan, registry, PAPER, questions=360)["search"].passes == 200 + 72_000


def test_a_search_s_operations_are_those_that_its_metric_counts(planned: Planner, registry: Registry) -> None:
    plan = planned("importance.with.segments=2")
    asked = {"search": Asked(1, ((frozenset({Layer(3)}),),))}
    lengths = {plan.step("search").needs["prompts"]: Lengths((11, 13, 99), (5, 7, 99), shared=10)}
    cost = estimate(plan, registry, SEGMENTS, asked, lengths)["search"]
    size, layers = plan.size, plan.size.layers

    unpruned = layers * (11 + 13 + 4 + 6)
    candidate = (layers - 1) * (10 + 1 + 3 + 4 + 6)
    head = 2 * (5 + 7)
    wanted = 2 * (size.layer_params * (unpruned + candidate) + size.embedding_params * head)
    assert cost.search
    assert cost.search.operations == wanted


def test_operations_are_unknown_where_lengths_are_or_nobody_counts(
    planned: Planner, registry: Registry
) -> None:
    assert costs(planned(), registry, questions=9)["search"].search is None
    plan = planned("importance=block-influence")
    lengths = {plan.step("search").needs["prompts"]: Lengths((3,), (2,), shared=1)}
    assert estimate(plan, registry, SEGMENTS, {"search": Asked(1)}, lengths)["search"].search is None


def test_a_search_sees_no_more_segments_than_there_are(planned: Planner, registry: Registry) -> None:
    assert costs(planned(), registry, questions=9)["search"].passes == 100 * (1 + 9)


def test_a_search_s_passes_are_unknown_where_its_questions_are(planned: Planner, registry: Registry) -> None:
    assert costs(planned(), registry)["search"].passes is None


def test_an_additive_metric_looks_once_whatever_is_asked(planned: Planner, registry: Registry) -> None:
    plan = planned("importance=block-influence")

    assert costs(plan, registry, questions=9)["search"].passes == 100


def test_the_random_control_runs_no_model(planned: Planner, registry: Registry) -> None:
    cost = costs(planned("importance=random"), registry, questions=9)["search"]

    assert (cost.passes, cost.device_bytes) == (0, 0)


def test_training_counts_three_passes_a_segment_and_epoch(planned: Planner, registry: Registry) -> None:
    plan = planned("recover=[{use: sft, with: {epochs: 2}}]")

    assert costs(plan, registry)["recover-30"].passes == 6000


def test_a_policy_that_tries_models_needs_room_for_one_and_a_pass_for_each(
    planned: Planner, registry: Registry
) -> None:
    floor = "prune={use: quality-floor, with: {keep_percent: 95}}"
    cost = costs(planned("importance=random", floor), registry, questions=59)["search"]

    assert cost.disk_bytes == 2**20 + 2 * 8_028_033_024
    assert cost.kept_bytes == 2**20
    assert cost.device_bytes == costs(planned(), registry)["translate-unpruned"].device_bytes
    assert cost.passes == 100 * (1 + 59)


def test_training_by_tokens_has_no_count_of_passes(planned: Planner, registry: Registry) -> None:
    plan = planned("recover=[{use: sft, with: {tokens: 60000}}]")

    assert costs(plan, registry)["recover-30"].passes is None


def test_no_recovery_takes_nothing_but_its_copy(planned: Planner, registry: Registry) -> None:
    cost = costs(planned("recover=[none]"), registry)["recover-30"]

    assert (cost.passes, cost.disk_bytes, cost.device_bytes) == (0, 2 * (8_028_033_024 - 2 * 218_107_904), 0)


def test_a_cut_takes_the_bytes_of_the_layers_that_are_left(planned: Planner, registry: Registry) -> None:
    assert costs(planned(), registry)["cut-30"].kept_bytes == 2 * (8_028_033_024 - 2 * 218_107_904)


def test_adapters_need_a_small_part_of_the_disk_that_all_weights_need(
    planned: Planner, registry: Registry
) -> None:
    all_weights = costs(planned("recover=[sft]"), registry)["recover-unpruned"]
    adapters = costs(planned("recover=[lora]"), registry)["recover-unpruned"]

    assert all_weights.kept_bytes == adapters.kept_bytes == 2 * 8_028_033_024
    assert all_weights.disk_bytes == 2 * 8_028_033_024 + 3 * 16 * 8_028_033_024
    assert adapters.disk_bytes < 25e9


def test_frozen_embeddings_are_in_no_checkpoint(planned: Planner, registry: Registry) -> None:
    plan = planned("recover=[{use: sft, with: {freeze_embeddings: true}}]")

    trained = 8_028_033_024 - 256_000 * 4096
    assert costs(plan, registry)["recover-unpruned"].disk_bytes == 2 * 8_028_033_024 + 48 * trained


def test_a_plugin_that_says_nothing_needs_the_weights_and_a_fifth_more(
    planned: Planner, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, find = registry.find("infer", "transformers"), registry.find
    silent = replace(told, declaration=replace(told.declaration, device_bytes=None))
    monkeypatch.setattr(registry, "find", lambda kind, name: silent if kind == "infer" else find(kind, name))

    assert costs(planned(), registry)["translate-unpruned"].device_bytes == int(1.2 * 2 * 8_028_033_024)


@pytest.mark.parametrize("name", ["paper-sound-ces-deu.yaml", "paper-sound-eng-arz.yaml"])
def test_paper_sound_fits_one_80_gb_gpu(name: str, planned: Planner, registry: Registry) -> None:
    peak = max(cost.device_bytes for cost in costs(planned(shipped=name), registry, PAPER).values())

    assert 2 * 8_028_033_024 < peak < 40e9


@pytest.mark.parametrize("name", ["paper-exact-ces-deu.yaml", "paper-exact-eng-arz.yaml"])
def test_paper_exact_fits_one_80_gb_gpu_without_a_float32_copy(
    name: str, planned: Planner, registry: Registry
) -> None:
    cost = costs(planned(shipped=name), registry, PAPER)["recover-unpruned"]

    assert 4 * 8_028_033_024 < cost.device_bytes < 45e9


def test_float32_master_weights_of_8_b_parameters_fit_no_80_gb_gpu(
    planned: Planner, registry: Registry
) -> None:
    plan = planned("recover=[{use: sft, with: {gradient_checkpointing: true, batch_size: 8}}]")

    assert costs(plan, registry)["recover-unpruned"].device_bytes > 16 * 8_028_033_024


def test_a_benchmark_keeps_all_loaded_where_the_device_has_room_for_the_sum(
    planned: Planner, registry: Registry
) -> None:
    plan = planned("benchmark={}", device=Device("cuda:0", 10**12))

    found = costs(plan, registry)
    assert found["benchmark"].passes == 2 * (5 * 3 * 64 + 1 + 8 + 64)
    alone = [found[f"translate-{name}"].device_bytes for name in ("unpruned", "30")]
    assert found["benchmark"].device_bytes == sum(alone)


def test_a_benchmark_warms_up_in_every_round_where_its_models_take_turns_in_memory(
    planned: Planner, registry: Registry
) -> None:
    plan = planned("benchmark={}", device=Device("cuda:0", 50 * 10**9))

    found = costs(plan, registry)
    assert found["benchmark"].passes == 2 * 5 * (3 * 64 + 1 + 8 + 64)
    assert found["benchmark"].device_bytes == found["translate-unpruned"].device_bytes
