"""Forced batches against one text at a time, and the head in pieces against the stock model's logits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from lp_models import teacher_forcing
from lp_models.teacher_forcing import final_states, forced, logits, pieces
from transformers import PreTrainedModel

PROMPTS = [(1, 30, 31, 32), (1, 50, 7, 51, 52, 53), (1, 70)]
CONTINUATIONS = [(40, 41, 42), (60,), (80, 81, 82, 83, 84, 85, 86, 87)]


def alone(model: PreTrainedModel, row: int) -> torch.Tensor:
    """The stock logits of one text, from the prompt's last id on."""
    prompt, after = PROMPTS[row], CONTINUATIONS[row]
    if model.config.is_encoder_decoder:
        ids = torch.tensor([[*prompt[:-1]]])
        start = [model.config.decoder_start_token_id, prompt[-1], *after]
        found = model(input_ids=ids, decoder_input_ids=torch.tensor([start])).logits
    else:
        found = model(input_ids=torch.tensor([[*prompt, *after]])).logits
    return found[0, -len(after) - 1 :]


@torch.no_grad()
def test_a_padded_batch_has_the_stock_logits_of_every_text_alone(
    architecture: str, tiny_model: Callable[..., PreTrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model(architecture)
    monkeypatch.setattr(teacher_forcing, "LOGITS_AT_ONCE", {"cpu": 4 * 97})
    batch = forced(model, PROMPTS, CONTINUATIONS)
    out = final_states(model, batch)
    states = out.last_hidden_state[batch.last([len(after) + 1 for after in CONTINUATIONS])]
    split = pieces(model, states)
    found = torch.cat([logits(model, some, type(out)) for some in split])
    assert [len(some) for some in split] == [4, 4, 4, 3]
    torch.testing.assert_close(found, torch.cat([alone(model, row) for row in range(3)]), rtol=0, atol=1e-4)


def test_the_last_positions_are_those_at_the_right_edge(tiny_model: Callable[..., PreTrainedModel]) -> None:
    batch = forced(tiny_model("llama"), [(1, 2), (1,)], [(3, 4), (5,)])
    assert batch.inputs["input_ids"].tolist() == [[1, 2, 3, 4], [0, 0, 1, 5]]
    assert batch.masks["decoder"].tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]]
    assert batch.last([3, 1]).tolist() == [[False, True, True, True], [False, False, False, True]]


def test_an_encoder_decoder_reads_the_source_and_starts_with_start_and_tag(
    tiny_model: Callable[..., PreTrainedModel],
) -> None:
    batch = forced(tiny_model("m2m_100"), [(30, 31, 9), (32, 9)], [(40, 41), ()])
    assert batch.inputs["input_ids"].tolist() == [[30, 31], [1, 32]]
    assert batch.inputs["decoder_input_ids"].tolist() == [[2, 9, 40, 41], [1, 1, 2, 9]]
    assert batch.masks["encoder"].tolist() == [[1, 1], [0, 1]]
    assert batch.masks["decoder"].tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]]
