"""Events and progress → what there is to see."""

from __future__ import annotations

from typing import Any

from lp_runner.cli.view import Scored, State, Training, Tried, View, after, begun, progressed

PLAN: dict[str, Any] = {
    "device": "cpu",
    "dtype": "float32",
    "model": {"layers": 4},
    "steps": [
        {"id": "read", "kind": "read", "title": "read"},
        {"id": "search", "kind": "search", "title": "search"},
        {"id": "search-random", "kind": "search", "title": "search by random"},
        {"id": "recover", "kind": "recover", "title": "recover"},
    ],
}


def told(*events: tuple[str, dict[str, Any]]) -> View:
    """A view after events that come a second apart."""
    view = begun("tiny", PLAN, 0.0)
    for second, (name, fields) in enumerate(events, start=1):
        view = after(view, name, fields, float(second))
    return view


def started(step: str, kind: str) -> tuple[str, dict[str, Any]]:
    return "step-started", {"step": step, "kind": kind}


def score(
    candidate: str, *removed: str, value: float = 1.0, step: str = "search"
) -> tuple[str, dict[str, Any]]:
    fields = {"step": step, "candidate": candidate, "removed": list(removed), "value": value, "raw": None}
    return "score", fields


def states(view: View) -> list[str]:
    return [str(step.state) for step in view.steps]


def test_steps_are_to_come_then_at_work_then_done() -> None:
    assert states(told()) == ["to come"] * 4
    assert states(told(started("read", "read")))[0] == "at work"
    done = told(started("read", "read"), ("step-finished", {"step": "read", "seconds": 0.5}))
    assert states(done)[0] == "done"
    assert done.steps[0].seconds == 0.5
    assert states(told(("step-skipped", {"step": "read"})))[0] == "there already"


def test_a_run_ends_complete_failed_or_stopped() -> None:
    assert told(("run-finished", {"made": 1})).ended == "complete"
    failed = told(started("read", "read"), ("step-failed", {"step": "read", "message": "no"}))
    assert (failed.ended, failed.steps[0].state) == ("failed", State.FAILED)
    stopped = told(started("read", "read"), ("step-interrupted", {"step": "read"}))
    assert (stopped.ended, stopped.steps[0].state) == ("stopped", State.STOPPED)


def test_time_left_is_what_is_to_do_at_the_pace_measured_from_where_this_counting_began() -> None:
    view = told(started("recover", "recover"))
    for at, done in ((10.0, 100), (20.0, 120), (30.0, 140)):
        view = progressed(view, "recover", done, 200, "", at)
    assert view.pace is not None
    assert view.pace.per_second == 2.0
    assert view.pace.left_s(30.0) == 30.0
    assert view.pace.left_s(35.0) == 25.0


def test_a_count_that_begins_anew_is_measured_anew() -> None:
    view = told(started("search", "search"))
    for at, done, total in ((0.0, 0, 10), (10.0, 10, 10), (20.0, 1, 9)):
        view = progressed(view, "search", done, total, "", at)
    assert view.pace is not None
    assert view.pace.per_second is None
    assert view.pace.left_s(20.0) is None


def test_candidates_beside_the_same_layers_are_one_round_and_the_least_needed_is_the_best() -> None:
    view = told(
        started("search", "search"),
        score("decoder.1", "decoder.1", value=2.0),
        score("decoder.2", "decoder.2"),
    )
    assert view.search is not None
    assert view.search.gone == ()
    assert view.search.best == Tried(("decoder.2",), 1.0, None)


def test_a_candidate_beside_a_layer_more_says_that_this_layer_has_gone() -> None:
    view = told(
        started("search", "search"),
        score("decoder.1", "decoder.1"),
        score("decoder.1", "decoder.1", "decoder.3"),
        score("decoder.0", "decoder.0", "decoder.1", "decoder.3"),
    )
    assert view.search is not None
    assert view.search.gone == ("decoder.3", "decoder.1")
    assert [one.layers for one in view.search.tried] == [("decoder.0",)]


def test_the_search_at_work_is_shown_and_afterwards_the_recipes_own() -> None:
    own = ("removed", {"step": "search", "removals": ["decoder.2"]})
    control = ("removed", {"step": "search-random", "removals": ["decoder.1"]})
    during = told(
        own, started("search-random", "search"), score("decoder.3", "decoder.3", step="search-random")
    )
    assert during.search is not None
    assert during.search.step == "search-random"
    behind = told(own, started("search-random", "search"), control).search
    assert behind is not None
    assert (behind.step, behind.gone, behind.over) == ("search", ("decoder.2",), True)


def test_a_search_that_was_there_already_shows_what_it_removed() -> None:
    search = told(("step-skipped", {"step": "search", "removals": ["decoder.2"]})).search
    assert search is not None
    assert search.gone == ("decoder.2",)


def test_losses_are_of_the_training_at_work_alone() -> None:
    first = (
        started("recover", "recover"),
        ("record", {"step": "recover", "facts": {"step": 0, "dev_loss": 2.0}}),
        ("record", {"step": "recover", "facts": {"step": 1, "loss": 1.5}}),
    )
    assert told(*first).training == Training((1.5,), (2.0,))
    assert told(*first, started("recover", "recover")).training == Training()
    assert told(*first, started("read", "read")).training is None


def test_a_score_that_is_no_number_came_as_a_text_and_is_shown() -> None:
    view = told(("evaluation", {"step": "e", "system": "2", "metric": "bleu", "value": "nan"}))
    assert isinstance(view.scores[0], Scored)
    assert view.scores[0].value != view.scores[0].value


def test_a_run_that_waits_says_for_what_until_it_goes_on() -> None:
    waiting = after(View("tiny"), "run-waits", {"for": "cpu"}, 1.0)
    assert waiting.waits == "cpu"
    assert told(("run-waits", {"for": "process 7"}), started("read", "read")).waits == ""


def test_an_event_of_a_later_version_changes_nothing() -> None:
    assert after(told(), "moon-rises", {"phase": "full"}, 0.0) == told()
