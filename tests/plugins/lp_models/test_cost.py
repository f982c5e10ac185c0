"""What a search is said to cost, against what the joint decoder counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lp_models.cost import Tokens, jointly, plainly, translation_operations
from lp_models.flight import Task
from lp_models.joint import JointDecoder
from transformers import PreTrainedModel

from lp_runner.api import Layer, ModelSize, Removal, SearchSize


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
    size = ModelSize(0, 5, layer_params=100, embedding_params=10, hidden_size=0, kv_width=0, dtype_bytes=4)
    search = SearchSize(((without(4),),), (4, 4, 9), (3, 3, 9), 2)
    layer = 5 * (8 + 4) + 4 * (4 + 2) + 4 * 4
    assert translation_operations({"segments": 2}, size, search) == 2 * (100 * layer + 10 * (6 + 6))
