from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lp_runner.checkpoint import Checkpoint
from lp_runner.report.speed import ideal_speedup, label, params_read_per_token, speed


def model(
    layers: int, per_layer: int, embedding: int, head: int = 0, encoder: tuple[int, ...] = ()
) -> Checkpoint:
    params = layers * per_layer + embedding + head + sum(encoder)
    stacks = {"decoder": layers, **({"encoder": len(encoder)} if encoder else {})}
    per_stack = {"decoder": (per_layer,) * layers, **({"encoder": encoder} if encoder else {})}
    return Checkpoint("X", stacks, params, 2 * params, embedding, head, per_stack, per_stack, "bfloat16")


def row(system: str, *seconds: float, batch_size: int = 1) -> dict[str, Any]:
    rounds = [{"seconds": each, "new_tokens": 32} for each in seconds]
    return {"system": system, "backend": {"use": "x", "with": {}}, "batch_size": batch_size, "rounds": rounds}


def speeds(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Of four layers unpruned and two pruned, without embedding or head; 8 segments."""
    made = SimpleNamespace(
        json=lambda step, name: {"settings": {"segments": 8}, "measurements": list(rows)},
        plan={"systems": [{"name": "unpruned", "model": None}, {"name": "2", "model": "cut-2"}]},
        checkpoint=lambda step: model(2 if step else 4, 10, embedding=0),
    )
    measured: list[dict[str, Any]] = speed(made, "benchmark")["measurements"]  # type: ignore[arg-type]
    return measured


def test_rates_are_the_median_and_the_ends_of_the_rounds() -> None:
    [unpruned] = speeds(row("unpruned", 4.0, 2.0, 8.0))
    assert unpruned["tokens_per_s"] == {"median": 8.0, "min": 4.0, "max": 16.0}
    assert unpruned["segments_per_s"] == {"median": 2.0, "min": 1.0, "max": 4.0}
    assert (unpruned["speedup"], unpruned["ideal_speedup"]) == (None, None)


def test_a_speed_up_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_medians() -> None:
    _, pruned = speeds(row("unpruned", 4.0, 2.0, 8.0), row("2", 1.0, 2.0, 8.0))
    assert pruned["speedup"] == {"median": 1.0, "min": 1.0, "max": 4.0}
    assert pruned["ideal_speedup"] == 2.0


def test_a_speed_up_is_over_the_same_batch_size_alone() -> None:
    _, pruned = speeds(row("unpruned", 4.0, batch_size=1), row("2", 1.0, batch_size=8))
    assert (pruned["speedup"], pruned["ideal_speedup"]) == (None, None)


def test_half_the_layers_of_aya_expanse_8b_are_1_77_times_as_fast_at_most() -> None:
    layer = 2 * 4096 * (4096 + 1024) + 3 * 4096 * 14336 + 4096
    embedding = 256000 * 4096
    assert ideal_speedup(model(32, layer, embedding), model(16, layer, embedding)) == pytest.approx(
        1.77, abs=0.005
    )


def test_an_embedding_that_is_not_the_head_is_not_read() -> None:
    assert params_read_per_token(model(2, 10, embedding=1000, head=1000)) == 1020
    assert params_read_per_token(model(2, 10, embedding=1000)) == 1020


def test_an_encoder_is_not_read_for_each_token() -> None:
    assert params_read_per_token(model(2, 10, embedding=100, encoder=(10, 10, 10))) == 120


def test_the_published_schema_knows_the_benchmark() -> None:
    schema = json.loads((Path(__file__).parents[3] / "schemas" / "results.schema.json").read_text("utf-8"))
    assert "resident" in schema["properties"]["benchmark"]["properties"]


def test_a_backend_is_told_apart_from_another_of_its_name_by_the_options_that_differ() -> None:
    plain, half, other = (
        {"use": "vllm", "with": {"dtype": "auto", "top_k": 0}},
        {"use": "vllm", "with": {"dtype": "bfloat16", "top_k": 0}},
        {"use": "transformers", "with": {"batch_size": "auto"}},
    )
    assert [label(one, [plain, half, other]) for one in (plain, half, other)] == [
        "vllm (dtype auto)",
        "vllm (dtype bfloat16)",
        "transformers",
    ]
