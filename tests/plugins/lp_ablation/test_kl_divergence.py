"""KL divergence against the naive way: skip the layers, run the stock model on one segment after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from lp_ablation.kl_divergence import KlDivergence
from lp_models.layers import skipping
from transformers import GenerationConfig, PreTrainedModel

from lp_runner.api import EncodedSegment, Layer, Removal

SEGMENTS = [
    EncodedSegment("a b", "b", (1, 30, 31, 32), (40, 41, 2)),
    EncodedSegment("a b", "b", (1, 50, 7), (60, 61, 62, 63, 64, 65, 66, 67, 68, 2)),
    EncodedSegment("a b", "b", (1, 70, 71, 72, 73, 74, 75, 76, 7), (2,)),
]
SINGLE = [frozenset({Layer(index)}) for index in range(5)]
MORE = [frozenset({Layer(1), Layer(3)}), frozenset({Layer(0), Layer(1), Layer(2)})]
ENCODER = [frozenset({Layer(1, "encoder")}), frozenset({Layer(4, "encoder"), Layer(2)})]


@pytest.fixture
def ask(context: Any, model_folder: Callable[..., Path]) -> Callable[..., list[float]]:
    def of(
        model: PreTrainedModel,
        sets: Sequence[Removal],
        segments: Sequence[EncodedSegment] = SEGMENTS,
        against: str = "references",
        batch_size: int = 2,
    ) -> list[float]:
        metric = KlDivergence(segments=200, against=against, max_new_tokens=7, batch_size=batch_size)
        metric.open(context, model_folder(model), segments, [2])
        scores = list(metric.score(context, sets, "scores"))
        metric.close()
        assert [score.removed for score in scores] == list(sets)
        return [score.value for score in scores]

    return of


@torch.no_grad()
def naive(
    model: PreTrainedModel, removed: Removal, read: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> float:
    """Σ p log(p / q), over prompts and what follows them: at the prompt's end and after every id that follows."""
    total, tokens = 0.0, 0
    for prompt, after in read:
        p = stock(model, prompt, after)[-len(after) - 1 :].softmax(-1)
        with skipping(model, removed):
            q = stock(model, prompt, after)[-len(after) - 1 :].softmax(-1)
        total += float((p * (p / q).log()).sum())
        tokens += len(after) + 1
    return total / tokens


def stock(model: PreTrainedModel, prompt: Sequence[int], after: Sequence[int]) -> torch.Tensor:
    """Logits, float64."""
    if model.config.is_encoder_decoder:
        start = [model.config.decoder_start_token_id, prompt[-1], *after]
        found = model(torch.tensor([prompt[:-1]]), decoder_input_ids=torch.tensor([start])).logits
    else:
        found = model(torch.tensor([[*prompt, *after]])).logits
    return found[0].double()


def test_values_are_those_of_skipping_and_running_one_by_one(
    architecture: str, tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[float]]
) -> None:
    model = tiny_model(architecture)
    sets = [*SINGLE, *MORE, *(ENCODER if architecture == "m2m_100" else [])]
    read = [(segment.prompt_ids, segment.target_ids[:-1]) for segment in SEGMENTS]
    expected = [naive(model, removed, read) for removed in sets]
    assert ask(model, sets) == pytest.approx(expected, abs=1e-5)


def test_against_unpruned_both_models_read_what_the_whole_model_writes(
    tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[float]]
) -> None:
    model = tiny_model("llama")
    without = [EncodedSegment(each.source, None, each.prompt_ids, ()) for each in SEGMENTS]
    config = GenerationConfig(max_new_tokens=7, do_sample=False, eos_token_id=[2], pad_token_id=0)
    read = []
    for segment in without:
        ids = model.generate(torch.tensor([segment.prompt_ids]), generation_config=config)[0].tolist()
        read.append((segment.prompt_ids, [one for one in ids[len(segment.prompt_ids) :] if one != 2]))
    expected = [naive(model, removed, read) for removed in SINGLE]
    assert ask(model, SINGLE, without, against="unpruned") == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("against", ["references", "unpruned"])
def test_a_layer_that_does_nothing_moves_nothing_and_every_other_does(
    against: str, tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[float]]
) -> None:
    model = tiny_model("llama")
    with torch.no_grad():
        model.model.layers[3].self_attn.o_proj.weight.zero_()
        model.model.layers[3].mlp.down_proj.weight.zero_()
    found = ask(model, SINGLE, against=against)
    assert found[3] == pytest.approx(0, abs=1e-6)
    assert min(found[:3] + found[4:]) > 0.01


@pytest.mark.parametrize("size", [1, 3])
def test_the_batch_changes_nothing(
    size: int,
    architecture: str,
    tiny_model: Callable[..., PreTrainedModel],
    ask: Callable[..., list[float]],
) -> None:
    model = tiny_model(architecture)
    assert ask(model, SINGLE, batch_size=size) == pytest.approx(ask(model, SINGLE), abs=1e-5)


def test_a_segment_without_reference_is_named(
    tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[float]]
) -> None:
    segments = [*SEGMENTS, EncodedSegment("x", None, (1, 30), ())]
    with pytest.raises(ValueError, match="segment 4 has no reference"):
        ask(tiny_model("llama"), SINGLE, segments)


@pytest.mark.parametrize("against", ["references", "unpruned"])
def test_no_segments_are_refused(
    against: str, tiny_model: Callable[..., PreTrainedModel], ask: Callable[..., list[float]]
) -> None:
    with pytest.raises(ValueError, match="kl-divergence has no segments"):
        ask(tiny_model("llama"), SINGLE, [], against=against)
