"""The report: one file, no script, every text in it escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from lp_runner.report.page import page

Results = dict[str, Any]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}'
SEGMENT = {"source": "pes", "reference": "Hund", "translations": {"unpruned": "Hund", "2+recovery": "Katze"}}


class Parsed(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(results: Results, place: str) -> str:
    """The page with the hostile text at one place."""
    recipe, segment = "version: 1\n", SEGMENT
    match place:
        case "name":
            results["name"] = HOSTILE
        case "cell":
            results["cell"] = HOSTILE
        case "model":
            results["model"]["name"] = HOSTILE
        case "language":
            results["languages"]["source"] = HOSTILE
        case "signature":
            results["systems"][0]["evaluations"][0]["signature"] = HOSTILE
        case "facts":
            results["systems"][3]["training"]["facts"]["stopped"] = HOSTILE
        case "recipe":
            recipe = HOSTILE
        case "source" | "reference":
            segment = {**SEGMENT, place: HOSTILE}
        case "translation":
            segment = {**SEGMENT, "translations": {"unpruned": HOSTILE}}
    return page(results, recipe, [segment])


@pytest.mark.parametrize(
    "place",
    [
        *("name", "cell", "model", "language", "signature", "facts"),
        *("recipe", "source", "reference", "translation"),
    ],
)
def test_hostile_text_is_shown_as_text_wherever_it_stands(results: Results, place: str) -> None:
    shown = Parsed(hostile(results, place))
    shape = Parsed(page(results | {"name": "tiny", "cell": ""}, "version: 1\n", [SEGMENT]))
    assert shown.elements == shape.elements
    assert shown.attributes == shape.attributes
    assert "alert(1)" in shown.text
    assert "{{ 7 * 7 }}" in shown.text


def test_a_page_has_no_script_and_fetches_nothing(results: Results) -> None:
    shown = Parsed(page(results, "", [SEGMENT]))
    assert not shown.elements & {"script", "img", "link", "iframe", "object", "embed", "form"}
    assert not shown.attributes & {"src", "href", "action", "onload", "onclick", "onerror"}


def test_every_system_has_its_row_with_score_and_interval(results: Results) -> None:
    text = page(results, "", [SEGMENT])
    for name in ("unpruned", "unpruned+recovery", "2", "2+recovery", "random:2"):
        assert f"<td>{name}</td>" in text
    assert "45.00 [44.00, 46.00]" in text


def test_a_layer_that_was_gone_has_a_dash_in_later_questions(results: Results) -> None:
    text = page(results, "", [SEGMENT])
    assert text.count('<td class="gone">–</td>') == 1
    assert ">2.5</td>" in text


def test_a_score_that_is_not_the_whole_truth_is_marked_as_such(results: Results) -> None:
    scores = results["searches"][0]["questions"][0]["scores"]
    scores[0]["kind"], scores[1]["kind"] = "bound", "estimate"
    text = page(results, "", [SEGMENT])
    assert ">≥ 2.5</td>" in text
    assert ">≈ 0.25</td>" in text


LISTED = [("decoder.2, decoder.3", "0.00125"), ("decoder.1, decoder.2", "3.5")]


def test_sets_of_several_layers_are_listed_with_the_least_important_first(results: Results) -> None:
    blocks = [(["decoder.1", "decoder.2"], 3.5), (["decoder.2", "decoder.3"], 0.00125)]
    scores = [
        {"candidate": names, "removed": names, "value": value, "kind": "exact"} for names, value in blocks
    ]
    results["searches"][0]["questions"] = [{"scores": scores}]
    text = page(results, "", [SEGMENT])
    least, other = (f'<td>{name}</td><td class="number">{value}</td>' for name, value in LISTED)
    assert text.index(least) < text.index(other)


def test_what_a_policy_had_measured_is_shown_with_its_interval(results: Results) -> None:
    quality = {"value": 98.25, "low": 97.5, "high": 99.0}
    results["searches"][0]["measured"] = [{"removed": ["decoder.1"], "measured": {"quality": quality}}]
    text = " ".join(page(results, "", [SEGMENT]).split())
    assert '<td>quality</td> <td class="number">98.25 [97.5, 99]</td>' in text


def test_what_a_metric_said_of_its_own_work_is_told(results: Results) -> None:
    results["searches"][0]["record"] = [{"verified": "without <b>3</b>", "texts": 40, "differing": 1}]
    text = page(results, "", [SEGMENT])
    assert "<li>verified: without &lt;b&gt;3&lt;/b&gt;, texts: 40, differing: 1</li>" in text


def test_a_gate_that_is_not_met_cannot_be_overlooked(results: Results) -> None:
    gate = {"system": 2, "metric": "chrf++", "keep_percent": 97, "at_least": None, "of": "unpruned"}
    results["gates"] = [{**gate, "reached": 90.0, "met": False}]
    text = " ".join(page(results, "", [SEGMENT]).split())
    assert "Gate NOT met: 2 must keep 97 % of the chrf++ of unpruned; reached 90.00." in text


def test_a_speed_has_its_spread_its_load_and_the_ideal_beside_it(timed: Results) -> None:
    text = Parsed(page(timed, "", [SEGMENT])).text
    row = text[text.index("tokens/ssegments/s") :].partition("2+recovery")[2].partition("2+recovery")[0]
    assert row.split("\n")[:3] == [
        "vllm1",
        "80.0 [70.0, 90.0]1.25 [1.00, 1.50]",
        "1.50 [1.00, 2.00]",
    ]
    assert "1.40" in row
    assert "3.2" in row
    assert "4.0 MB" in row


def test_a_backend_s_options_are_shown_as_text(timed: Results) -> None:
    shape = Parsed(page(timed, "", [SEGMENT]))
    timed["benchmark"]["measurements"][0]["label"] = HOSTILE
    shown = Parsed(page(timed, "", [SEGMENT]))
    assert (shown.elements, shown.attributes) == (shape.elements, shape.attributes)
    assert "alert(1)" in shown.text


def test_without_a_benchmark_there_is_no_table_of_speeds(results: Results) -> None:
    assert "Speed" not in page(results, "", [SEGMENT])


def test_a_segment_without_a_reference_has_an_empty_one(results: Results) -> None:
    assert "None" not in Parsed(page(results, "", [{**SEGMENT, "reference": None}])).text
