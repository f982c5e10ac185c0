"""What a search is said to cost, against what the joint decoder counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from lp_models.cost import H100, Tokens, joint_s, jointly, plain_s, plainly, translation_cost
from lp_models.flight import Task
from lp_models.joint import JointDecoder
from transformers import PreTrainedModel

from lp_runner.api import Layer, ModelSize, Removal, SearchCost, SearchSize


def without(*indices: int) -> Removal:
    return frozenset(Layer(index) for index in indices)


QUESTIONS = [
    [without(1, layer) for layer in (0, 2, 3, 4)],
    [without(layer) for layer in range(5)],
    [without(), without(0, 1), without(0, 1, 4), without(3, 4)],
]


@pytest.mark.parametrize("sets", QUESTIONS)
def test_the_engine_counts_what_is_foretold(
    sets: list[Removal], tiny_model: Callable[..., PreTrainedModel]
) -> None:
    prompts = [[9, 30, 31, 7], [9, 30, 40, 8], [9, 30, 12, 13]]
    decoder = JointDecoder(tiny_model("llama"), None, lambda rows: None)
    list(decoder.translate(Task(prompts, [6, 2, 3], frozenset()), sets))
    foretold = jointly(sets, 5, SearchSize((tuple(sets),), (4, 4, 4), (6, 2, 3), 2))
    assert Tokens(decoder.work.layer_tokens, decoder.work.head_tokens) == foretold


def test_a_plain_search_reads_every_prompt_for_every_set() -> None:
    search = SearchSize((), (4, 6), (3, 2), 2)
    assert plainly([without(1), without(2, 3)], 5, search) == Tokens((4 + 3) * (10 + 3), 2 * 5)


def test_operations_are_two_per_parameter_and_token() -> None:
    size = ModelSize(0, 5, 100, 10, hidden_size=0, kv_width=0, dtype_bytes=4, model_type="llama")
    search = SearchSize(((without(4),),), (4, 4, 9), (3, 3, 9), 2)
    layer = 5 * (8 + 4) + 4 * (4 + 2) + 4 * 4
    cost = translation_cost({"segments": 2}, size, search)
    assert cost == SearchCost(2 * (100 * layer + 10 * (6 + 6)))
    unknown = translation_cost({"segments": 2}, replace(size, model_type="gpt2"), search)
    assert unknown == SearchCost(2 * (100 * (5 + 4) * (8 + 4) + 10 * (6 + 6)))
    assert translation_cost({"segments": 2}, replace(size, model_type="m2m_100"), search) is None


AYA = ModelSize(8_028_033_024, 32, 218_107_904, 1_048_576_000, 4096, 2048, 2, "cohere")


def test_time_on_a_gpu_is_told_beside_the_plain_loop_s() -> None:
    search = SearchSize((tuple(without(index) for index in range(1, 31)),), (75,) * 200, (45,) * 200, 30)
    cost = translation_cost({"segments": 200}, AYA, search)
    assert cost is not None
    assert cost.told == (
        "about 23 s in bfloat16 on an H100 with 80 GB, by its data sheet; "
        "6 min by a load and `generate` at batch 100 for each candidate"
    )
    assert plain_s(AYA, search, H100, 1) > 10 * plain_s(AYA, search, H100, 100)
    few, many = (
        joint_s(jointly(search.questions[0], 32, part), AYA, part, H100)
        for part in (search.first(20), search)
    )
    assert few < many


def test_of_a_model_that_fits_no_such_gpu_no_time_is_told() -> None:
    search = SearchSize(((without(1),),), (75,), (45,), 30)
    cost = translation_cost({"segments": 1}, replace(AYA, params=100_000_000_000), search)
    assert cost is not None
    assert cost.told == ""
    asks_nothing = translation_cost({"segments": 1}, AYA, replace(search, questions=()))
    assert asks_nothing is not None
    assert asks_nothing.told == ""
