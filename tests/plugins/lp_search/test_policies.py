"""Policies that try more than one way, held against trying every way."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from lp_search.beam import Beam
from lp_search.evolutionary import Evolutionary
from lp_search.swap import Swap
from lp_search.two_stage import TwoStage

from .conftest import Answers, Key, every_set

COMMON = {"keep_at": [], "protect": [], "stack": "decoder"}
ADDITIVE = {removed: float(sum(removed)) for removed in every_set(8)}
TRAP = {**ADDITIVE, (0, 1, 2): 30.0, (3, 5, 7): -1.0, (2, 5, 7): 0.0, (1, 5, 7): 0.5}
"""Greedy goes to 0, 1 and then 3; two exchanges away is a far better set."""


def beam(**options: Any) -> Beam:
    return Beam(**{**COMMON, "width": 4, **options})


def swap(**options: Any) -> Swap:
    return Swap(**{**COMMON, "start": "greedy", "rounds": 8, **options})


def evolutionary(**options: Any) -> Evolutionary:
    settings = {"generations": 20, "offspring": 16, "survivors": 1, "exchanges": 3, "seed": 0}
    return Evolutionary(**{**COMMON, **settings, **options})


def two_stage(**options: Any) -> TwoStage:
    return TwoStage(**{**COMMON, "shortlist": {}, "candidates": 2, **options})


def best_of_all(values: dict[Key, float], size: int) -> Key:
    return min(itertools.combinations(range(8), size), key=lambda removed: (values[removed], removed))


def greedy(values: dict[Key, float], size: int) -> list[int]:
    """The plainest code."""
    removed: list[int] = []
    for _ in range(size):
        left = [layer for layer in range(8) if layer not in removed]
        removed.append(min(left, key=lambda layer: values[tuple(sorted([*removed, layer]))]))
    return removed


def test_a_beam_as_wide_as_there_are_sets_finds_the_best_of_all(entangled: dict[Key, float]) -> None:
    told = Answers(entangled).run(beam(remove=3, width=56), 8)
    assert tuple(sorted(told.removals)) == best_of_all(entangled, 3)


def test_a_beam_of_one_is_greedy(entangled: dict[Key, float]) -> None:
    told = Answers(entangled).run(beam(remove=4, width=1), 8)
    assert told.removals == greedy(entangled, 4)
    assert {need for _, need, _ in told.asked} == {"winner"}


def test_a_beam_keeps_its_width_and_asks_about_a_set_once() -> None:
    told = Answers(ADDITIVE).run(beam(remove=3, width=2, protect=["last"]), 5)
    assert told.asked == [
        ("importance", "scores", [(0,), (1,), (2,), (3,)]),
        ("importance", "scores", [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]),
        ("importance", "winner", [(0, 1, 2), (0, 1, 3), (0, 2, 3)]),
    ]
    assert told.removals == [0, 1, 2]


def test_a_beam_s_order_is_the_path_to_its_set() -> None:
    values = {**ADDITIVE, (3,): -1.0, (1, 3): -2.0, (1, 2, 3): -9.0}
    assert Answers(values).run(beam(remove=3, width=2), 5).removals == [3, 1, 2]


def test_beams_of_equal_worth_are_told_apart_by_their_indices() -> None:
    level = dict.fromkeys(every_set(8), 1.0)
    assert Answers(level).run(beam(remove=2, width=3, protect=["first"]), 6).removals == [1, 2]


def test_swapping_never_ends_worse_than_it_began(entangled: dict[Key, float]) -> None:
    told = Answers(entangled).run(swap(remove=3), 8)
    begun = tuple(sorted(greedy(entangled, 3)))
    assert entangled[tuple(sorted(told.removals))] <= entangled[begun]


def test_swapping_ends_where_no_exchange_helps(entangled: dict[Key, float]) -> None:
    found = tuple(sorted(Answers(entangled).run(swap(remove=3, rounds=99), 8).removals))
    near = [other for other in itertools.combinations(range(8), 3) if len(set(other) & set(found)) == 2]
    assert entangled[found] <= min(entangled[other] for other in near)


def test_a_swapped_layer_takes_the_place_of_the_other() -> None:
    assert Answers(TRAP).run(swap(remove=3, start=[7, 0, 5], rounds=1), 8).removals == [7, 3, 5]


@pytest.mark.parametrize(("rounds", "removals"), [(1, [5, 1, 7]), (2, [5, 3, 7]), (9, [5, 3, 7])])
def test_a_round_is_one_exchange_the_best(rounds: int, removals: list[int]) -> None:
    told = Answers(TRAP).run(swap(remove=3, start=[0, 1, 7], rounds=rounds), 8)
    assert told.removals == removals
    assert len(told.asked) == min(rounds, 3)


def test_a_start_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^start: 2 layers are listed, and 3 are to go$"):
        Answers(TRAP).run(swap(remove=3, start=[1, 2]), 8)
    with pytest.raises(ValueError, match=r"^start: decoder\.0 is protected, or not in the decoder$"):
        Answers(TRAP).run(swap(remove=2, start=[1, 0], protect=["first"]), 8)


def test_evolution_of_one_seed_is_the_same_to_the_last_question(entangled: dict[Key, float]) -> None:
    first, second = (Answers(entangled).run(evolutionary(remove=4, seed=3), 8) for _ in range(2))
    assert first == second


def test_evolution_of_another_seed_begins_elsewhere() -> None:
    first, second = (Answers(ADDITIVE).run(evolutionary(remove=4, seed=seed), 8) for seed in (0, 1))
    assert first.asked[0] != second.asked[0]


@pytest.mark.parametrize("survivors", [1, 4])
def test_evolution_never_loses_the_best_set_that_it_has_seen(
    entangled: dict[Key, float], survivors: int
) -> None:
    told = Answers(entangled).run(evolutionary(remove=3, survivors=survivors, generations=5), 8)
    seen = [removed for _, _, sets in told.asked[:-1] for removed in sets]
    assert entangled[tuple(sorted(told.removals))] == min(entangled[removed] for removed in seen)


def test_evolution_keeps_the_count_and_what_is_protected() -> None:
    told = Answers(ADDITIVE).run(evolutionary(remove=3, protect=["first", 4], generations=9), 8)
    for _, _, sets in told.asked[:-1]:
        assert {len(removed) for removed in sets} == {3}
        assert not {0, 4} & {layer for removed in sets for layer in removed}


def test_evolution_asks_about_parents_beside_their_offspring_and_at_last_about_each_layer_alone() -> None:
    told = Answers(ADDITIVE).run(evolutionary(remove=2, generations=1, offspring=3), 8)
    first, second, alone = (sets for _, _, sets in told.asked)
    assert second[0] == min(first, key=sum)
    assert alone == [(layer,) for layer in sorted(told.removals)]


def test_evolution_finds_the_best_set_of_a_model_whose_layers_add_up() -> None:
    assert Answers(ADDITIVE).run(evolutionary(remove=3, protect=["last"]), 8).removals == [0, 1, 2]


def test_evolution_of_all_that_may_go_has_nothing_to_mutate() -> None:
    told = Answers(ADDITIVE).run(evolutionary(remove=2, protect=["last"], generations=2), 3)
    assert told.removals == [0, 1]


def test_the_shortlist_is_the_cheap_metric_s_and_the_choice_the_recipe_s() -> None:
    cheap = {
        **{(layer,): float(layer) for layer in range(8)},
        **{(3, layer): 9.0 - layer for layer in range(8)},
    }
    cheap = {tuple(sorted(removed)): value for removed, value in cheap.items()}
    values = {(0,): 5.0, (1,): 5.0, (3,): 4.0, (3, 4): 2.5, (3, 5): 2.0, (3, 6): 3.0}
    told = Answers(values, shortlist=cheap).run(two_stage(remove=2, candidates=3, protect=[2, 7]), 8)
    assert told.asked == [
        ("shortlist", "scores", [(0,), (1,), (3,), (4,), (5,), (6,)]),
        ("importance", "winner", [(0,), (1,), (3,)]),
        ("shortlist", "scores", [(0, 3), (1, 3), (3, 4), (3, 5), (3, 6)]),
        ("importance", "winner", [(3, 4), (3, 5), (3, 6)]),
    ]
    assert told.removals == [3, 5]


def test_a_shortlist_of_all_is_greedy(entangled: dict[Key, float]) -> None:
    told = Answers(entangled, shortlist=ADDITIVE).run(two_stage(remove=4, candidates=8), 8)
    assert told.removals == greedy(entangled, 4)


@pytest.mark.parametrize("policy", [beam, swap, evolutionary, two_stage])
def test_options_that_do_not_fit_the_model_are_refused_with_the_numbers(policy: Any) -> None:
    with pytest.raises(ValueError, match=r"^remove: 7 layers, but only 6 of 8 are unprotected$"):
        Answers(ADDITIVE).run(policy(remove=7, protect=["first", "last"]), 8)
    with pytest.raises(ValueError, match=r"^keep_at: 3 is not between 1 and the 2 layers to be removed$"):
        Answers(ADDITIVE).run(policy(remove=2, keep_at=[3]), 8)
