"""Likelihood against the naive way: skip the layers, run the stock model on one segment after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from lp_ablation import likelihood
from lp_ablation.likelihood import Likelihood
from lp_models.layers import skipping, stacks
from transformers import PreTrainedModel

from lp_runner.api import EncodedSegment, Layer, Removal, Score

SEGMENTS = [
    EncodedSegment("a", "b", (1, 30, 31, 32), (40, 41, 2)),
    EncodedSegment("a", "b", (1, 50, 7), (60, 61, 62, 63, 64, 65, 66, 67, 68, 2)),
    EncodedSegment("a", "b", (1, 70, 71, 72, 73, 74, 75, 76, 7), (2,)),
]
SINGLE = [frozenset({Layer(index)}) for index in range(5)]
MORE = [
    frozenset({Layer(1), Layer(3)}),
    frozenset({Layer(1), Layer(4)}),
    frozenset({Layer(0), Layer(1), Layer(2)}),
]
ENCODER = [
    frozenset({Layer(1, "encoder")}),
    frozenset({Layer(1, "encoder"), Layer(2)}),
    frozenset({Layer(1, "encoder"), Layer(4, "encoder"), Layer(3)}),
]


@pytest.fixture
def ask(context: Any, model_folder: Callable[..., Path]) -> Callable[..., list[Score]]:
    def of(
        model: PreTrainedModel,
        sets: Sequence[Removal],
        segments: Sequence[EncodedSegment] = SEGMENTS,
        batch_size: int = 2,
    ) -> list[Score]:
        metric = Likelihood(segments=200, batch_size=batch_size)
        metric.open(context, model_folder(model), segments, [2])
        scores = list(metric.score(context, sets, "scores"))
        metric.close()
        return scores

    return of


@torch.no_grad()
def naive(model: PreTrainedModel, removed: Removal, segments: Sequence[EncodedSegment] = SEGMENTS) -> float:
    """Nats per target token of the stock model with the layers skipped, one segment at a time."""
    total = 0.0
    with skipping(model, removed):
        for segment in segments:
            prompt, target = segment.prompt_ids, segment.target_ids
            found = stock_logits(model, prompt, target)[-len(target) :]
            total += float(F.cross_entropy(found, torch.tensor(target), reduction="sum"))
    return total / sum(len(segment.target_ids) for segment in segments)


def stock_logits(model: PreTrainedModel, prompt: Sequence[int], target: Sequence[int]) -> torch.Tensor:
    if model.config.is_encoder_decoder:
        start = [model.config.decoder_start_token_id, prompt[-1], *target[:-1]]
        return model(torch.tensor([prompt[:-1]]), decoder_input_ids=torch.tensor([start])).logits[0]
    return model(torch.tensor([[*prompt, *target[:-1]]])).logits[0]


@torch.no_grad()
def drawn(model: PreTrainedModel) -> list[EncodedSegment]:
    """References drawn from the model itself: no other model can be expected to find them as likely (Gibbs)."""
    chance = torch.Generator().manual_seed(0)
    written = []
    for segment in SEGMENTS:
        ids: list[int] = []
        while len(ids) < 40:
            odds = stock_logits(model, segment.prompt_ids, [*ids, 0])[-1].softmax(-1)
            ids.append(int(torch.multinomial(odds, 1, generator=chance)))
        written.append(EncodedSegment("a", "b", segment.prompt_ids, tuple(ids)))
    return written


def test_values_are_those_of_skipping_and_running_one_by_one(
    architecture: str, tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[Score]]
) -> None:
    model = tiny_model(architecture)
    sets = [*SINGLE, *MORE, *(ENCODER if architecture == "m2m_100" else [])]
    unpruned = naive(model, frozenset())
    expected = [naive(model, removed) for removed in sets]
    found = ask(model, sets)
    assert [score.removed for score in found] == sets
    assert [score.raw for score in found] == pytest.approx(expected, abs=1e-5)
    assert [score.value for score in found] == pytest.approx([nats - unpruned for nats in expected], abs=1e-5)


@pytest.mark.parametrize("size", [1, 3])
def test_the_batch_changes_nothing(
    size: int,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    ask: Callable[..., list[Score]],
) -> None:
    model = tiny_model(architecture)
    two = [score.value for score in ask(model, SINGLE)]
    assert [score.value for score in ask(model, SINGLE, batch_size=size)] == pytest.approx(two, abs=1e-5)


def count_calls(
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[..., list[Score]],
    model: PreTrainedModel,
    sets: list[Removal],
) -> Counter[Layer]:
    """How often each layer ran in one question of a single batch, opening apart."""
    calls: Counter[Layer] = Counter()
    load = likelihood.load

    def counted(*args: Any) -> PreTrainedModel:
        network = load(*args)
        for stack in stacks(network).values():
            for index, layer in enumerate(stack.layers):
                name = Layer(index, stack.name)
                layer.self_attn.register_forward_hook(lambda *_, name=name: calls.update([name]))
        return network

    monkeypatch.setattr(likelihood, "load", counted)
    ask(model, sets, batch_size=3)
    return Counter({layer: count - 1 for layer, count in calls.items()})


def test_layers_below_the_lowest_removed_run_once_for_all_candidates(
    tiny_model: Callable[..., PreTrainedModel],
    ask: Callable[..., list[Score]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = count_calls(monkeypatch, ask, tiny_model("llama"), SINGLE[2:])
    assert [calls[Layer(index)] for index in range(5)] == [1, 1, 1, 2, 2]


def test_candidates_that_lack_a_layer_alike_share_what_follows_it(
    tiny_model: Callable[..., PreTrainedModel],
    ask: Callable[..., list[Score]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sets = [frozenset({Layer(1), Layer(3)}), frozenset({Layer(1), Layer(4)})]
    calls = count_calls(monkeypatch, ask, tiny_model("llama"), sets)
    assert [calls[Layer(index)] for index in range(5)] == [1, 0, 1, 1, 1]


def test_the_encoder_runs_once_for_candidates_that_lack_decoder_layers(
    tiny_model: Callable[..., PreTrainedModel],
    ask: Callable[..., list[Score]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = count_calls(monkeypatch, ask, tiny_model("m2m_100"), SINGLE[3:])
    assert [calls[Layer(index, "encoder")] for index in range(5)] == [1, 1, 1, 1, 1]
    assert [calls[Layer(index)] for index in range(5)] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("name", ["llama", "gemma3_text"])
def test_a_layer_that_does_nothing_costs_nothing_and_texts_of_the_models_own_need_every_other(
    name: str,
    tiny_model: Callable[..., PreTrainedModel],
    ask: Callable[..., list[Score]],
) -> None:
    model = tiny_model(name)
    with torch.no_grad():
        model.model.layers[3].self_attn.o_proj.weight.zero_()
        model.model.layers[3].mlp.down_proj.weight.zero_()
    found = [score.value for score in ask(model, SINGLE, drawn(model))]
    assert found[3] == pytest.approx(0, abs=1e-6)
    assert min(found[:3] + found[4:]) > 0.01


def test_only_the_first_segments_are_read(
    tiny_model: Callable[..., PreTrainedModel],
    context: Any,
    model_folder: Callable[..., Path],
) -> None:
    model = tiny_model("llama")
    metric = Likelihood(segments=1, batch_size=2)
    metric.open(context, model_folder(model), SEGMENTS, [2])
    found = next(metric.score(context, SINGLE[:1], "scores"))
    assert found.raw == pytest.approx(naive(model, SINGLE[0], SEGMENTS[:1]), abs=1e-5)


def test_a_segment_without_reference_is_named(
    tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[Score]]
) -> None:
    segments = [*SEGMENTS, EncodedSegment("x", None, (1, 30), ())]
    with pytest.raises(ValueError, match="segment 4 has no reference"):
        ask(tiny_model("llama"), SINGLE, segments)


def test_no_segments_are_refused(
    tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[Score]]
) -> None:
    with pytest.raises(ValueError, match="likelihood has no segments"):
        ask(tiny_model("llama"), SINGLE, [])


def test_a_layer_that_the_model_lacks_is_named(
    tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[Score]]
) -> None:
    with pytest.raises(ValueError, match=r"no layer decoder\.5"):
        ask(tiny_model("llama"), [frozenset({Layer(2), Layer(5)})])
