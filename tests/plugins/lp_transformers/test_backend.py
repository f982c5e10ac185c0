"""The transformers backend against our own decoder, and against what a model folder tries to set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lp_models.batching import Batches
from lp_models.decoding import GreedyDecoder
from lp_transformers.backend import TransformersBackend
from transformers import GenerationConfig, PreTrainedModel

STOPS = [2, 5]
PROMPTS = [[9, 30, 31], [9, 40], [9, 50, 51, 52, 53, 7], [9, 60, 61, 62], [9, 70]]
LIMITS = [4, 9, 7, 0, 11]


@pytest.fixture
def backend(
    context: Any, model_folder: Callable[..., Path]
) -> Callable[[PreTrainedModel], TransformersBackend]:
    def make(model: PreTrainedModel) -> TransformersBackend:
        loaded = TransformersBackend(dtype="auto", batch_size=3)
        loaded.load(context, model_folder(model))
        return loaded

    return make


def decoded(model: PreTrainedModel, stops: list[int]) -> tuple[tuple[int, ...], ...]:
    decoder = GreedyDecoder(model, Batches(8), lambda rows: None)
    return tuple(map(tuple, decoder.translate(PROMPTS, LIMITS, stops, frozenset())))


def test_its_ids_are_the_decoders(
    architecture: str, context: Any, tiny_model: Callable[..., PreTrainedModel], backend: Callable[..., Any]
) -> None:
    model = tiny_model(architecture)
    found = backend(model).generate(context, PROMPTS, LIMITS, STOPS, False)
    assert found.ids == decoded(model, STOPS)


def test_sampling_penalties_and_limits_of_the_folder_never_count(
    context: Any, tiny_model: Callable[..., PreTrainedModel], backend: Callable[..., Any]
) -> None:
    model = tiny_model("llama")
    expected = decoded(model, STOPS)
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=9.0,
        top_k=3,
        repetition_penalty=5.0,
        no_repeat_ngram_size=1,
        suppress_tokens=list(range(6, 60)),
        max_length=3,
        min_new_tokens=11,
        eos_token_id=[expected[1][0]],
    )
    assert backend(model).generate(context, PROMPTS, LIMITS, STOPS, False).ids == expected


@pytest.mark.parametrize("architecture", ["llama", "m2m_100"])
def test_at_a_fixed_length_every_row_is_as_long_as_its_limit(
    architecture: str, context: Any, tiny_model: Callable[..., PreTrainedModel], backend: Callable[..., Any]
) -> None:
    model = tiny_model(architecture)
    stop = decoded(model, [])[1][0]
    found = backend(model).generate(context, PROMPTS, LIMITS, [stop], True)
    assert [len(row) for row in found.ids] == LIMITS
    assert stop not in {new for row in found.ids for new in row}


def test_times_count_seconds_and_new_tokens(
    context: Any, tiny_model: Callable[..., PreTrainedModel], backend: Callable[..., Any]
) -> None:
    times = backend(tiny_model("llama")).generate(context, PROMPTS, LIMITS, [], True).times
    assert times["new_tokens"] == 31
    assert times["load_s"] > 0
    assert times["generate_s"] > 0


def test_a_batch_that_does_not_fit_is_halved_and_recorded(
    context: Any,
    tiny_model: Callable[..., PreTrainedModel],
    backend: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = tiny_model("llama")
    loaded = backend(model)
    whole = loaded._model.generate

    def small(**inputs: Any) -> Any:
        if len(inputs["input_ids"]) > 1:
            raise torch.OutOfMemoryError("a small device")
        return whole(**inputs)

    monkeypatch.setattr(loaded._model, "generate", small)
    assert loaded.generate(context, PROMPTS, LIMITS, STOPS, False).ids == decoded(model, STOPS)
    assert context.facts == [{"out_of_memory": "batch halved", "batch_size": 1}]


def test_unloading_lets_go_of_the_model(
    context: Any, tiny_model: Callable[..., PreTrainedModel], backend: Callable[..., Any]
) -> None:
    loaded = backend(tiny_model("llama"))
    loaded.unload()
    assert not hasattr(loaded, "_model")
