"""What is known of a metric's answers, and when a bound is enough."""

from __future__ import annotations

from lp_runner.api import Ask, Layer, Need, Removal, Score, ScoreKind
from lp_runner.run.answers import Known, print_of


def without(*indices: int) -> Removal:
    return frozenset(map(Layer, indices))


ONE, TWO, THREE = without(1), without(2), without(3)


def ask(*sets: Removal, need: Need = "winner") -> Ask:
    return Ask(sets, need=need)


def known(question: Ask, *told: tuple[Removal, float, ScoreKind]) -> Known:
    """After these answers to the question."""
    made = Known()
    for removal, value, kind in told:
        made.learn(Score(removal, value, kind=kind), print_of(question))
    return made


def test_what_nobody_has_told_is_missing() -> None:
    found = known(ask(ONE), (ONE, 1.0, "exact"))
    assert found.missing(ask(TWO, ONE, THREE)) == [TWO, THREE]


def test_a_finished_question_is_answered_again_with_the_same_bounds() -> None:
    question = ask(ONE, TWO, THREE)
    found = known(question, (ONE, 2.0, "exact"), (TWO, 2.5, "bound"), (THREE, 3.0, "bound"))
    assert found.missing(question) == []
    assert [(score.value, score.kind) for score in found.answer(question)] == [
        (2.0, "exact"),
        (2.5, "bound"),
        (3.0, "bound"),
    ]


def test_the_same_sets_in_another_order_are_the_same_question() -> None:
    found = known(ask(ONE, TWO), (TWO, 2.5, "bound"))
    assert found.missing(ask(TWO, ONE)) == [ONE]


def test_a_killed_question_keeps_the_bounds_that_it_has_before_its_winner_is_known() -> None:
    question = ask(ONE, TWO, THREE)
    assert known(question, (TWO, 2.5, "bound")).missing(question) == [ONE, THREE]


def test_a_bound_serves_another_question_whose_winner_is_known_to_be_less() -> None:
    found = known(ask(ONE, TWO), (ONE, 1.0, "exact"), (TWO, 2.5, "bound"))
    found.learn(Score(THREE, 2.0), "")
    assert found.missing(ask(TWO, THREE)) == []


def test_a_bound_does_not_serve_a_question_whose_winner_it_may_be() -> None:
    found = known(ask(ONE, TWO), (ONE, 1.0, "exact"), (TWO, 2.5, "bound"))
    found.learn(Score(THREE, 2.5), "")
    assert found.missing(ask(TWO, THREE)) == [TWO]
    assert found.missing(ask(TWO)) == [TWO]


def test_a_bound_is_never_a_score() -> None:
    question = ask(ONE, TWO)
    found = known(question, (ONE, 1.0, "exact"), (TWO, 2.5, "bound"))
    assert found.missing(ask(ONE, TWO, need="scores")) == [TWO]


def test_a_score_takes_the_place_of_a_bound_and_no_bound_that_of_a_score() -> None:
    question = ask(ONE, TWO)
    found = known(question, (TWO, 2.5, "bound"), (TWO, 4.0, "exact"), (ONE, 1.0, "exact"))
    found.learn(Score(TWO, 3.0, kind="bound"), print_of(question))
    assert [score.value for score in found.answer(question)] == [1.0, 4.0]


def test_of_bounds_that_other_questions_left_the_highest_counts() -> None:
    found = known(ask(ONE, TWO), (TWO, 2.5, "bound"))
    found.learn(Score(TWO, 1.5, kind="bound"), print_of(ask(TWO, without(9))))
    found.learn(Score(THREE, 2.0), "")
    [bound, _] = found.answer(ask(TWO, THREE))
    assert bound.value == 2.5


def test_a_race_s_estimates_answer_their_own_question_whatever_else_is_known() -> None:
    question = ask(ONE, TWO)
    found = known(question, (ONE, 1.0, "estimate"), (TWO, 2.0, "estimate"))
    found.learn(Score(ONE, 9.0), "")
    assert not found.raced_in_part(question)
    assert [score.value for score in found.answer(question)] == [1.0, 2.0]
    assert found.missing(ask(TWO, THREE)) == [TWO, THREE]


def test_estimates_beside_exact_scores_are_a_race_in_part() -> None:
    question = ask(ONE, TWO)
    found = known(question, (ONE, 1.0, "exact"), (TWO, 2.0, "estimate"))
    assert found.raced_in_part(question)
    assert not known(question, (ONE, 1.0, "exact"), (TWO, 2.0, "bound")).raced_in_part(question)
