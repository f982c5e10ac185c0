"""Who can still win, from literal bounds."""

from __future__ import annotations

from collections.abc import Mapping

from lp_ablation.contest import Contest, steady
from lp_models.flight import Draft

DRAFTS = [Draft((1, 2), False)]


def contest(reaches: Mapping[int, tuple[float, float] | None], decimals: int | None = None) -> Contest:
    def rounded(score: float) -> float:
        return score if decimals is None else round(score, decimals)

    return Contest(lambda number, drafts: reaches[number], rounded)


def test_a_set_that_stays_below_what_another_has_for_sure_is_lost() -> None:
    it = contest({0: (40.0, 60.0), 1: (10.0, 39.0), 2: (5.0, 41.0)})
    assert it.hopeless(dict.fromkeys((0, 1, 2), DRAFTS)) == {1}
    assert it.lost == {1: 39.0}


def test_a_finished_score_counts_for_sure() -> None:
    it = contest({1: (10.0, 39.0), 2: (5.0, 41.0)})
    it.finished(41.5)
    assert it.hopeless(dict.fromkeys((1, 2), DRAFTS)) == {1, 2}


def test_a_tie_is_not_lost() -> None:
    it = contest({1: (10.0, 41.0)})
    it.finished(41.0)
    assert it.hopeless({1: DRAFTS}) == set()


def test_what_would_tie_after_rounding_is_not_lost() -> None:
    plain, rounding = (contest({1: (10.0, 40.996)}, decimals) for decimals in (None, 2))
    for it in (plain, rounding):
        it.finished(41.0)
    assert plain.hopeless({1: DRAFTS}) == {1}
    assert rounding.hopeless({1: DRAFTS}) == set()


def test_an_evaluator_that_knows_no_bounds_is_asked_once() -> None:
    asked: list[int] = []

    def reach(number: int, drafts: object) -> None:
        asked.append(number)

    it = Contest(reach, float)
    it.finished(99.0)
    assert it.hopeless(dict.fromkeys((0, 1), DRAFTS)) == set()
    assert it.hopeless(dict.fromkeys((0, 1), DRAFTS)) == set()
    assert asked == [0]


def test_the_last_word_may_still_grow() -> None:
    assert steady("der kleine Hun") == "der kleine"
    assert steady("Hun") == ""
    assert steady("") == ""
