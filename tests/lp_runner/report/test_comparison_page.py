"""The page of a comparison: the report's shell, findings, table and plots, every text in it escaped."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

from lp_runner.report.comparison_page import comparison_page
from lp_runner.visible import visible
from tests.hostile import each_hostile_text
from tests.lp_runner.report.compared import compared, of_two_runs, row
from tests.lp_runner.report.test_page import MARKUP, parsed, shape, text_of


def described(text: str) -> dict[str, str]:
    """What each figure says, by its title."""
    pictures = [one for one in parsed(text).iter() if str(one.tag).endswith("svg")]
    told = [
        [part.text or "" for part in one if str(part.tag).endswith(("title", "desc"))] for one in pictures
    ]
    return {title: description for title, description in told}


def captions(tree: Element) -> list[str]:
    return [" ".join("".join(one.itertext()).split()) for one in tree.iter("figcaption")]


def of(text: str) -> str:
    """A page where a name, a metric, a timing and a note are this text."""
    told = compared(
        row((text, "b"), "unpruned", test=None), row(text, text, against=f"{text}: unpruned"), row("b", "3")
    )
    scores = [{text: one.scores["chrf++"]} for one in told.rows]
    speeds = [{text: one.speeds["vllm, batch 8"]} for one in told.rows]
    rows = tuple(
        replace(one, scores=score, speeds=speed)
        for one, score, speed in zip(told.rows, scores, speeds, strict=True)
    )
    return comparison_page(
        replace(told, rows=rows, metrics=(text,), headline=text, speeds=(text,), notes=(text,))
    )


def test_markup_is_shown_as_text_wherever_it_stands() -> None:
    found = parsed(of(MARKUP))
    assert shape(found) <= shape(parsed(of("harmless"))) | {("wbr", ())}
    assert text_of(found).count("<script>alert(1)</script>") >= 6


@each_hostile_text
def test_no_text_is_executed_none_steers_and_none_is_lost(text: str) -> None:
    made = of(text)
    found = parsed(made)
    assert shape(found) <= shape(parsed(of("harm+less"))) | {("wbr", ())}
    assert visible(made) == made
    assert " ".join(visible(text, keep="").split()) in text_of(found)


def test_the_page_stands_in_the_shell_of_a_report() -> None:
    found = parsed(comparison_page(of_two_runs()))
    [policy] = [one for one in found.iter("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy.get("content") == "default-src 'none'; style-src 'unsafe-inline'"
    [style] = found.iter("style")
    assert "prefers-color-scheme: dark" in (style.text or "")
    assert "src" not in {name for one in found.iter() for name in one.attrib}
    ids = [one.attrib["id"] for one in found.iter() if "id" in one.attrib]
    assert len(ids) == len(set(ids))
    assert {one.attrib["href"][1:] for one in found.iter("a")} <= set(ids)
    assert all("scope" in cell.attrib for cell in found.iter("th"))


def test_findings_of_all_and_of_each_run_stand_on_top() -> None:
    text = text_of(parsed(comparison_page(of_two_runs())))
    finding = "The highest chrf++ of a delivered model is 45.00 [43.75, 46.25], of a: 3+recovery."
    assert (
        text.index(finding) < text.index("Each run by itself a Of a. b Of b.") < text.index("model and run")
    )


def test_a_row_has_its_run_its_test_and_its_speed() -> None:
    text = text_of(parsed(comparison_page(of_two_runs())))
    assert (
        "3+recovery delivered a 3 1.1 M 4.5 a: unpruned 45.00 [43.75, 46.25] -1.50 [-2.00, -1.00] 0.004 worse "
        "10.0 [9.0, 11.0]"
    ) in text


def test_every_model_is_in_each_plot_by_its_run_and_system() -> None:
    told = described(comparison_page(of_two_runs()))
    everyone = (
        "chrf++ of each model. all runs: unpruned: 6 layers, 50.00; a: 3+recovery: 3 layers, 45.00; "
        "b: 4+recovery: 4 layers, 43.50."
    )
    assert told["chrf++ against layers kept"] == told["chrf++ against size"] == everyone
    assert told["chrf++ against tokens/s, vllm, batch 8"] == (
        "all runs: unpruned: 8.0 tokens/s, 50.00; a: 3+recovery: 10.0 tokens/s, 45.00."
    )


def test_a_model_that_was_not_timed_is_named_under_the_plot_of_speed() -> None:
    found = captions(parsed(comparison_page(of_two_runs())))
    assert found[-1].endswith("Not timed so, and not shown: b: 4+recovery.")


def test_where_nothing_was_timed_the_page_says_so() -> None:
    told = compared(row("a", "3", rate=None), row("b", "3", rate=None))
    found = parsed(comparison_page(told))
    assert len(captions(found)) == 2
    assert "There is no plot of speed" in text_of(found)


def test_what_is_not_compared_stands_under_the_table() -> None:
    note = "speed isn't compared: it was measured in different ways: a on 2 x A; b on 1 x B"
    text = text_of(parsed(comparison_page(replace(of_two_runs(), notes=(note,)))))
    assert text.index("model and run") < text.index(note) < text.index("Every mark is a model")


def test_the_same_comparison_gives_the_same_bytes() -> None:
    assert comparison_page(of_two_runs()) == comparison_page(of_two_runs())
