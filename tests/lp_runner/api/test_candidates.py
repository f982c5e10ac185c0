"""Which layers may go, and which set is next: the same for every policy."""

from __future__ import annotations

import pytest

from lp_runner.api import Layer, Score, candidates_for, least_important

TYPES = ("sliding_attention", "sliding_attention", "full_attention")
GEMMA = [Layer(index, type=TYPES[index % 3]) for index in range(9)]


@pytest.mark.parametrize(
    ("protect", "left"),
    [
        ([], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (["first", "last"], [1, 2, 3, 4, 5, 6, 7]),
        ([0, 4], [1, 2, 3, 5, 6, 7, 8]),
        (["every 4"], [0, 1, 2, 4, 5, 6, 8]),
        (["every 1", "first"], []),
        (["full_attention"], [0, 1, 3, 4, 6, 7]),
        (["sliding_attention", "last"], [2, 5]),
    ],
)
def test_layers_are_protected_by_place_index_rhythm_or_type(
    protect: list[str | int], left: list[int]
) -> None:
    found = candidates_for(GEMMA, "decoder", protect, remove=0)
    assert [layer.index for layer in found] == left


def test_a_type_that_no_layer_has_is_refused_with_those_there_are() -> None:
    message = (
        "protect: no layer chunked_attention; the last is decoder.8, and there are full_attention and sliding"
    )
    with pytest.raises(ValueError, match=message):
        candidates_for(GEMMA, "decoder", ["chunked_attention"])


def test_a_layer_s_type_is_no_part_of_its_name() -> None:
    assert Layer(3, type="full_attention") == Layer(3)
    assert hash(Layer(3, type="full_attention")) == hash(Layer(3))
    assert str(Layer(3, type="full_attention")) == "decoder.3"
    assert not Layer(3, type="a") < Layer(3, type="b")


def sets(*indices: tuple[int, ...]) -> list[frozenset[Layer]]:
    return [frozenset(map(Layer, each)) for each in indices]


def test_the_least_important_sets_come_least_first_and_ties_by_their_indices() -> None:
    later, tie, earlier, far = sets((1, 3), (2, 3), (1, 2), (0, 9))
    scores = [Score(later, 1.0), Score(tie, 1.0), Score(earlier, 1.0), Score(far, 2.0)]
    assert least_important(scores, 3) == [earlier, later, tie]


def test_a_bound_behind_those_chosen_does_no_harm() -> None:
    first, second, third = sets((1,), (2,), (3,))
    scores = [Score(first, 1.0), Score(second, 2.0), Score(third, 2.0, kind="bound")]
    assert least_important(scores, 2) == [first, second]
    with pytest.raises(ValueError, match=r"^decoder\.3 would be chosen by a bound"):
        least_important(scores, 3)
