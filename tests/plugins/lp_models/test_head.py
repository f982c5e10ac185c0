"""The likeliest ids against the argmax of all logits in float32."""

from __future__ import annotations

import pytest
import torch
from lp_models import head
from lp_models.head import Blocks, Screened, likeliest_by
from torch import Tensor, nn


def linear(words: int, width: int, seed: int, bias: bool = False) -> nn.Linear:
    torch.manual_seed(seed)
    made = nn.Linear(width, words, bias=bias)
    with torch.no_grad():
        made.weight.mul_(torch.rand(words, 1) * 3)
    return made.requires_grad_(False)


def plainly(made: nn.Linear, hidden: Tensor) -> list[int]:
    logits: Tensor = made(hidden)
    return logits.argmax(-1).tolist()


@pytest.mark.parametrize(("words", "width", "rows"), [(97, 32, 5), (4096, 64, 300), (5001, 16, 1)])
def test_screening_finds_what_full_precision_finds(words: int, width: int, rows: int) -> None:
    for seed in range(5):
        made = linear(words, width, seed)
        hidden = torch.randn(rows, width) * 10 ** torch.linspace(-3, 3, rows)[:, None]
        assert Screened(made.weight)(hidden).tolist() == plainly(made, hidden)


def test_blocks_of_screened_words_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "LEAST_BLOCK", head.GROUP)
    monkeypatch.setattr(head, "BLOCK_BYTES", {"cpu": 4})
    made, hidden = linear(301, 32, 2), torch.randn(600, 32)
    assert Screened(made.weight)(hidden).tolist() == plainly(made, hidden)


def test_words_that_are_one_in_bfloat16_are_told_apart_in_float32() -> None:
    made = linear(320, 32, 0)
    made.weight[:] = made.weight[7] * (1 + 1e-5 * torch.randperm(320)[:, None])
    hidden = torch.randn(20, 32)
    screened = Screened(made.weight)
    assert len(screened._candidates(hidden)) == 320
    assert screened(hidden).tolist() == plainly(made, hidden)


def test_few_words_are_left_to_full_precision() -> None:
    made = linear(4096, 256, 0)
    assert len(Screened(made.weight)._candidates(made.weight[:64])) < 200


def test_of_equal_logits_the_first_wins() -> None:
    made = linear(64, 8, 0)
    made.weight[40] = made.weight[3] = 5 * made.weight[3]
    hidden = made.weight[3:4]
    assert Screened(made.weight)(hidden).tolist() == [3]
    assert Blocks(made)(hidden).tolist() == [3]


@pytest.mark.parametrize("bias", [False, True])
def test_blocks_find_what_all_logits_at_once_find(bias: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "LEAST_BLOCK", 10)
    monkeypatch.setattr(head, "BLOCK_BYTES", {"cpu": 4})
    made, hidden = linear(97, 16, 1, bias), torch.randn(600, 16)
    assert Blocks(made)(hidden).tolist() == plainly(made, hidden)


@pytest.mark.parametrize("fast", [True, False])
def test_either_way_is_taken_where_it_is_the_faster(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        head, "_seconds", lambda words: 1.0 if words.dtype == torch.float32 or not fast else 0.1
    )
    assert isinstance(likeliest_by(linear(97, 16, 1)), Screened) == fast
    assert isinstance(likeliest_by(linear(97, 16, 1, bias=True)), Blocks)
    assert isinstance(likeliest_by(linear(97, 16, 1).bfloat16()), Blocks)
