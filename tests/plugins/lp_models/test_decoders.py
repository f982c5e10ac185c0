"""An architecture that the joint decoder doesn't know: one set at a time, by the stock model."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from lp_models.decoders import OneByOne, decoder_for
from lp_models.flight import Task
from torch import nn
from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel

from lp_runner.api import Layer

STOPS = [2, 5]
PROMPTS = [[9, 30, 31, 7], [40, 8], [9, 50, 51, 52, 53, 7, 11]]
SETS = [frozenset(map(Layer, gone)) for gone in ((), (1,), (0, 3))]


def never(rows: int) -> None:
    raise AssertionError("memory can't run out here")


@pytest.fixture
def model() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=5, n_embd=16, n_head=2, vocab_size=97, initializer_range=0.3, bos_token_id=1, eos_token_id=2
    )
    return GPT2LMHeadModel(config).eval()


def cut(model: GPT2LMHeadModel, gone: frozenset[Layer]) -> GPT2LMHeadModel:
    smaller = deepcopy(model)
    kept = [layer for index, layer in enumerate(smaller.transformer.h) if Layer(index) not in gone]
    for place, layer in enumerate(kept):
        layer.attn.layer_idx = place
    smaller.transformer.h, smaller.config.n_layer = nn.ModuleList(kept), len(kept)
    return smaller


def generated(model: GPT2LMHeadModel, prompt: list[int], limit: int) -> list[int]:
    config = GenerationConfig(max_new_tokens=limit, do_sample=False, eos_token_id=STOPS, pad_token_id=0)
    ids = model.generate(torch.tensor([prompt]), generation_config=config)[0, len(prompt) :].tolist()
    return ids[:-1] if ids[-1] in STOPS else ids


@pytest.mark.parametrize("batch_size", [1, 2, "auto"])
def test_its_texts_are_those_that_generate_writes_with_the_cut_model(
    model: GPT2LMHeadModel, batch_size: int | str
) -> None:
    decoder, told = decoder_for(model, batch_size, never)
    assert isinstance(decoder, OneByOne)
    assert told == "one set at a time: GPT2LMHeadModel is not one of its architectures"
    found = dict(decoder.translate(Task(PROMPTS, [12, 12, 5], frozenset(STOPS)), SETS, lambda partial: set()))
    for number, gone in enumerate(SETS):
        expected = [
            generated(cut(model, gone), prompt, limit)
            for prompt, limit in zip(PROMPTS, [12, 12, 5], strict=True)
        ]
        assert [[token for token in ids if token not in STOPS] for ids in found[number]] == expected
