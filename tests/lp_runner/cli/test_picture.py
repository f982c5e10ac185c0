"""Views → lines that fit, with nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from lp_runner.cli.lines import duration
from lp_runner.cli.paper import ASCII, Paper
from lp_runner.cli.picture import drawn
from lp_runner.cli.view import Pace, Scored, Search, State, Step, Training, Tried, View

STEPS = (
    Step("read", "read", "read the dev corpus", State.DONE, 0.0, 2.0),
    Step("search", "search", "search by likelihood, iterative-greedy", State.AT_WORK, 10.0),
    *(Step(f"cut-{n}", "cut", f"cut to {n}") for n in range(40, 0, -1)),
)
SEARCH = Search(
    "search",
    ("decoder.3", "decoder.1"),
    (Tried(("decoder.2",), 1.5, 40.0), Tried(("decoder.5",), 0.5, 44.25), Tried(("decoder.6",), 3.0, 30.0)),
)
VIEW = View(
    "tiny",
    STEPS,
    8,
    "cpu, float32",
    started=0.0,
    now=20.0,
    pace=Pace(30, 60, "without decoder.6", 0, 10.0, 20.0),
    searches=(SEARCH,),
    training=Training((3.0, 2.0, 1.0), (2.5, 1.25)),
    scores=(
        Scored("unpruned", "chrf++", 47.69),
        Scored("unpruned", "bleu", 20.0),
        Scored("9", "chrf++", 44.1),
    ),
)


def lines(view: View, width: int = 80, height: int | None = 40, memory: int = 0) -> list[str]:
    console = Console(width=width, force_terminal=False, highlight=False, markup=False)
    with console.capture() as caught:
        console.print(drawn([view], 20.0, memory, Paper(width, height)))
    return [line.rstrip() for line in caught.get().splitlines()]


def test_a_picture_of_a_search_at_80_columns() -> None:
    assert lines(VIEW, height=19, memory=1_300_000_000) == [
        "tiny                                   1 of 42 steps  20 s  1.3 GB  cpu, float32",
        "✓ read the dev corpus                                                        2 s",
        "▶ search by likelihood, iterative-greedy                                    10 s",
        "  ━━━━━━━━━━━━────────────  30 of 60, 3/s, 10 s left           without decoder.6",
        "· cut to 40",
        "· cut to 39",
        "· cut to 38",
        "· cut to 37",
        "· cut to 36",
        "· 35 steps to come",
        "  decoder █·▒·█◆▒█ 0–7",
        "            ▄  ▁█",
        "  █ kept  · removed  ▒ tried  ◆ least needed so far",
        "  removed so far: 3, 1",
        "  3 tried; best so far: 44.25 without 5; last: 30.00 without 6",
        "  loss █▅▁ 1.000  dev 2.500, best 1.250, now 1.250",
        "  chrf++: unpruned 47.69, 9 44.10",
    ]


@pytest.mark.parametrize("width", [20, 40, 80, 140])
@pytest.mark.parametrize("height", [4, 12, 24, 60])
def test_no_line_is_wider_and_no_picture_higher_than_the_terminal(width: int, height: int) -> None:
    wide = replace(VIEW, run="名前" * 30, steps=(*STEPS[:1], replace(STEPS[1], title="題" * 90), *STEPS[2:]))
    for view in (VIEW, wide):
        shown = lines(view, width, height)
        assert len(shown) < height
        assert max(map(cell_len, shown)) <= width


@pytest.mark.parametrize("width", [20, 40, 80])
def test_where_a_line_is_too_long_it_goes_on_in_the_next_and_nothing_is_lost(width: int) -> None:
    title = "search by a metric of many words and a policy of " + "x" * 70
    view = replace(VIEW, steps=(STEPS[0], replace(STEPS[1], title=title)))
    assert "".join(title.split()) in "".join("".join(lines(view, width, None)).split())


def test_all_steps_are_there_where_there_is_room() -> None:
    shown = lines(VIEW, height=None)
    assert [line for line in shown if line.startswith("· cut to")] == [
        f"· cut to {n}" for n in range(40, 0, -1)
    ]


def test_many_steps_that_were_there_already_are_one_line() -> None:
    view = replace(VIEW, steps=tuple(replace(step, state=State.THERE) for step in STEPS), searches=())
    assert " ".join(lines(view)[1].split()) == "✓ 42 steps up to: cut to 1 there already"


def test_several_runs_are_a_line_each_and_their_numbers_stay_in_40_columns() -> None:
    console = Console(width=40, force_terminal=False, highlight=False)
    with console.capture() as caught:
        console.print(drawn([VIEW, replace(VIEW, run="other", waits="cpu:1")], 20.0, 0, Paper(40, 24)))
    assert caught.get().splitlines() == [
        "tiny  1/42 se…  30 of 60, 3/s, 10 s left",
        "other  1/42 waits for cpu:1",
    ]


def test_what_could_steer_a_terminal_is_shown_as_codes() -> None:
    evil = "\x1b[2J\x07\u202etitle\nnext"
    view = replace(
        VIEW,
        run=evil,
        machine=evil,
        waits=evil,
        pace=replace(VIEW.pace or Pace(0, 0, "", 0, 0, 0), note=evil),
        steps=(replace(STEPS[1], title=evil),),
        scores=(Scored(evil, evil, 1.0),),
        searches=(replace(SEARCH, gone=(evil,)),),
    )
    shown = "\n".join(lines(view, 200))
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    assert shown.count("\\x1b[2J\\x07\\u202etitle\\nnext") >= 7


def test_without_colour_and_without_unicode_the_strip_says_the_same() -> None:
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as caught:
        console.print(drawn([VIEW], 20.0, 0, Paper(80, 40, ASCII)))
    assert "  decoder #.o.#*o# 0-7" in caught.get().splitlines()
    assert caught.get().isascii()


def test_a_loss_that_is_no_number_leaves_the_others_drawn() -> None:
    view = replace(VIEW, training=Training((2.0, float("nan"), 1.0), ()))
    assert "  loss █▁ 1.000" in lines(view)


@pytest.mark.parametrize(
    ("seconds", "told"), [(7.2, "7 s"), (187, "3:07 min"), (59.9, "60 s"), (7380, "2:03 h")]
)
def test_times_read_as_a_clock_has_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told
