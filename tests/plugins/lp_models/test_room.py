"""How many rows have room, from a model's sizes and the memory that is free."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from lp_models import room
from transformers import PreTrainedModel


def test_a_token_takes_the_keys_and_values_of_all_layers(tiny_model: Callable[..., PreTrainedModel]) -> None:
    assert (
        room.bytes_per_token(tiny_model("llama")) == 2 * 2 * 8 * 5 * 4
    )  # K and V, heads, width, layers, float32
    assert room.bytes_per_token(tiny_model("llama").bfloat16()) == 2 * 2 * 8 * 5 * 2


def test_rows_fill_most_of_the_free_memory_and_there_is_always_one(
    tiny_model: Callable[..., PreTrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("llama")
    monkeypatch.setattr(room, "free_bytes", lambda device: 1_000_000)
    assert room.rows_with_room(model, tokens=10) == 700_000 // (10 * 640)
    assert room.rows_with_room(model, tokens=10_000) == 1


def test_free_memory_is_measured() -> None:
    assert 10**7 < room.free_bytes(torch.device("cpu")) < 10**14
