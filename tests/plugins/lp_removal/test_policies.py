"""Policies are held to their word by a dictionary of answers: no model, no metric."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pytest
from lp_removal.contiguous import Contiguous
from lp_removal.explicit import Explicit
from lp_removal.greedy import IterativeGreedy
from lp_removal.one_shot import OneShot
from lp_removal.random_order import RandomOrder

from lp_runner.api import Ask, Layer, Score

Search = Generator[Ask, Sequence[Score], Sequence[Layer]]
ENDS = ("first", "last")


def decoder(count: int) -> list[Layer]:
    return [Layer(index) for index in range(count)]


def greedy(**options: Any) -> IterativeGreedy:
    return IterativeGreedy(**{"keep_at": [], "protect": ENDS, "stack": "decoder", **options})


def one_shot(**options: Any) -> OneShot:
    return OneShot(**{"keep_at": [], "protect": ENDS, "stack": "decoder", **options})


def contiguous(**options: Any) -> Contiguous:
    return Contiguous(**{"keep_at": [], "protect": ENDS, "stack": "decoder", **options})


def random_order(**options: Any) -> RandomOrder:
    return RandomOrder(**{"keep_at": [], "protect": ENDS, "stack": "decoder", "seed": 0, **options})


def ask_until_done(search: Search, answers: Mapping[tuple[int, ...], float]) -> tuple[list[int], list[Any]]:
    """The removals, and the questions as sets of indices."""
    questions = []
    try:
        ask = next(search)
        while True:
            sets = [tuple(sorted(layer.index for layer in removed)) for removed in ask.sets]
            questions.append(sets)
            ask = search.send(
                [Score(removed, answers[key]) for removed, key in zip(ask.sets, sets, strict=True)]
            )
    except StopIteration as end:
        return [layer.index for layer in end.value], questions


ONE_BY_ONE = {(0,): -9.0, (1,): 7.5, (2,): 2.0, (3,): 5.0, (4,): -9.0}


def test_one_shot_spares_the_ends_and_takes_the_least_needed() -> None:
    removals, questions = ask_until_done(one_shot(remove=2).search(decoder(5)), ONE_BY_ONE)
    assert removals == [2, 3]
    assert questions == [[(1,), (2,), (3,)]]


def test_greedy_asks_again_about_every_layer_left_together_with_what_has_gone() -> None:
    answers = {**ONE_BY_ONE, (1, 2): 1.0, (2, 3): 3.0}
    removals, questions = ask_until_done(greedy(remove=2).search(decoder(5)), answers)
    assert removals == [2, 1]
    assert questions == [[(1,), (2,), (3,)], [(1, 2), (2, 3)]]


@pytest.mark.parametrize(
    ("policy", "need"),
    [(greedy(remove=2), "winner"), (contiguous(remove=2), "winner"), (one_shot(remove=2), "scores")],
    ids=["greedy", "contiguous", "one-shot"],
)
def test_a_policy_asks_for_no_more_than_it_uses(policy: Any, need: str) -> None:
    assert next(policy.search(decoder(5))).need == need


def test_a_loser_may_be_answered_with_a_bound() -> None:
    search = greedy(remove=1).search(decoder(4))
    first, second = next(search).sets
    with pytest.raises(StopIteration) as ended:
        search.send([Score(first, 2.5, kind="bound"), Score(second, 2.0)])
    assert ended.value.value == [Layer(2)]


@pytest.mark.parametrize("bound", [1.0, 2.0], ids=["below the exact one", "a tie at a lower index"])
def test_no_layer_is_chosen_by_a_bound(bound: float) -> None:
    search = greedy(remove=1).search(decoder(4))
    first, second = next(search).sets
    with pytest.raises(ValueError, match=r"^decoder\.1 would be chosen by a bound, which can only lose$"):
        search.send([Score(first, bound, kind="bound"), Score(second, 2.0)])


@pytest.mark.parametrize("policy", [greedy(remove=1), one_shot(remove=1)], ids=["greedy", "one-shot"])
def test_a_tie_goes_to_the_lowest_index(policy: Any) -> None:
    answers = {(1,): 4.0, (2,): 3.0, (3,): 3.0}
    assert ask_until_done(policy.search(decoder(5)), answers)[0] == [2]


def test_no_protection_makes_the_ends_candidates() -> None:
    removals, _ = ask_until_done(one_shot(remove=3, protect=[]).search(decoder(5)), ONE_BY_ONE)
    assert removals == [0, 4, 2]


def test_an_index_is_protected_beside_the_ends() -> None:
    policy = one_shot(remove=1, protect=["first", 2, "last"])
    assert ask_until_done(policy.search(decoder(5)), ONE_BY_ONE)[0] == [3]


def test_the_other_stack_is_left_alone() -> None:
    encoder = [Layer(index, "encoder") for index in range(4)]
    ask = next(greedy(remove=1, stack="encoder").search([*decoder(6), *encoder]))
    assert ask.sets == (frozenset([Layer(1, "encoder")]), frozenset([Layer(2, "encoder")]))


def test_depths_to_keep_at_change_no_question() -> None:
    assert next(greedy(remove=2, keep_at=[1]).search(decoder(5))) == next(greedy(remove=2).search(decoder(5)))


def test_explicit_removes_what_is_listed_and_asks_nothing() -> None:
    search = Explicit(layers=[13, "decoder.12", 5], keep_at=[1]).search(decoder(16))
    assert ask_until_done(search, {}) == ([13, 12, 5], [])


def test_contiguous_asks_once_about_every_block_and_removes_it_from_its_last_layer_down() -> None:
    answers = {(1, 2): 3.0, (2, 3): 1.0, (3, 4): 2.0}
    removals, questions = ask_until_done(contiguous(remove=2).search(decoder(6)), answers)
    assert removals == [3, 2]
    assert questions == [[(1, 2), (2, 3), (3, 4)]]


def test_a_block_does_not_reach_over_a_protected_layer() -> None:
    ask = next(contiguous(remove=2, protect=["first", 3]).search(decoder(7)))
    assert [sorted(layer.index for layer in block) for block in ask.sets] == [[1, 2], [4, 5], [5, 6]]


def test_a_tie_between_blocks_goes_to_the_lowest() -> None:
    answers = {(1, 2): 3.0, (2, 3): 1.0, (3, 4): 1.0}
    assert ask_until_done(contiguous(remove=2).search(decoder(6)), answers)[0] == [3, 2]


def test_random_asks_nothing_and_is_its_seed_s_alone() -> None:
    orders = [ask_until_done(random_order(remove=6, seed=seed).search(decoder(8)), {}) for seed in (0, 0, 1)]
    assert orders == [([4, 6, 3, 5, 2, 1], []), ([4, 6, 3, 5, 2, 1], []), ([1, 4, 6, 5, 3, 2], [])]


def test_fewer_random_removals_are_the_first_of_more() -> None:
    assert ask_until_done(random_order(remove=3).search(decoder(8)), {})[0] == [4, 6, 3]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (contiguous(remove=3, protect=[2]), "remove: no 3 neighbouring layers are unprotected"),
        (random_order(remove=4), "remove: 4 layers, but only 3 of 5 are unprotected"),
        (greedy(remove=4), "remove: 4 layers, but only 3 of 5 are unprotected"),
        (one_shot(remove=4), "remove: 4 layers, but only 3 of 5 are unprotected"),
        (greedy(remove=5, protect=[]), "remove: 5 layers are all that there are; one must stay"),
        (greedy(remove=2, keep_at=[1, 3]), "keep_at: 3 is not between 1 and the 2 layers to be removed"),
        (greedy(remove=1, protect=[7]), "protect: no layer 7; the last is decoder.4"),
        (greedy(remove=1, stack="encoder"), "stack: the model has no encoder layers"),
        (Explicit(layers=[5], keep_at=[]), "layers: the model has no decoder.5; its last is decoder.4"),
        (Explicit(layers=[2, "decoder.2"], keep_at=[]), "layers: decoder.2 is listed twice"),
        (Explicit(layers=[0, 1, 2, 3, 4], keep_at=[]), "layers: no decoder layer would stay"),
        (Explicit(layers=[1], keep_at=[2]), "keep_at: 2 is not between 1 and the 1 layers to be removed"),
    ],
)
def test_options_that_do_not_fit_the_model_are_refused_with_the_numbers(policy: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}$"):
        next(policy.search(decoder(5)))


def test_an_importance_that_is_no_number_stops_the_search() -> None:
    with pytest.raises(ValueError, match=r"^the importance of decoder.2 is not a number$"):
        ask_until_done(greedy(remove=1).search(decoder(4)), {(1,): 1.0, (2,): math.nan})
