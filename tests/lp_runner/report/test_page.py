"""The report: one file that HTML5 parsers find no fault with, no script, every text in it escaped."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from lp_runner.report.page import page
from lp_runner.report.segments import Choice, Segment, Segments, Translation
from lp_runner.visible import visible
from tests.hostile import HOSTILE
from tests.lp_runner.report.conftest import deep, measurement, score, shown, system

Results = dict[str, Any]
MARKUP = HOSTILE["an attribute's end"]
PLACES = [
    *(
        "name",
        "cell",
        "model",
        "language",
        "signature",
        "facts",
        "system",
        "plugin",
        "metric",
        "control",
        "backend",
    ),
    *("recipe", "source", "reference", "hypothesis"),
]


def parsed(text: str) -> Element:
    """Without prefixes. Fails where the parser finds an error."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree: Element = parser.parse(text)
    assert parser.errors == []
    return tree


def text_of(tree: Element) -> str:
    """Cells and items apart, and no style."""
    return " ".join("".join(_texts(tree)).split())


def _texts(element: Element, left_out: Sequence[str] = ("style",)) -> Iterator[str]:
    if element.tag in left_out:
        return
    yield element.text or ""
    for child in element:
        yield from _texts(child, left_out)
        yield " " if child.tag in {"td", "th", "small", "dt", "dd", "li"} else ""
        yield child.tail or ""


def shape(tree: Element) -> set[tuple[str, tuple[str, ...]]]:
    """Which elements there are, with the names of their attributes."""
    return {(str(one.tag), tuple(sorted(map(str, one.attrib)))) for one in tree.iter()}


def with_text(results: Results, place: str, text: str) -> str:
    """The page with the text at one place."""
    recipe, segments = "version: 1\n", shown()
    match place:
        case "name" | "cell":
            results[place] = text
        case "model":
            results["model"]["name"] = text
        case "language":
            results["languages"]["source"] = text
        case "signature":
            results["systems"][0]["evaluations"][0]["signature"] = text
        case "facts":
            results["systems"][3]["training"]["facts"]["stopped"] = text
        case "system":
            results["systems"][3]["name"] = text
        case "plugin":
            results["searches"][0]["metric"]["use"] = results["systems"][3]["training"]["trainer"] = text
        case "metric":
            for system in results["systems"]:
                system["evaluations"][0]["metric"] = text
                system["compared"] = []
        case "control":
            results["systems"][4]["search"] = f"search-{text}"
        case "backend":
            results["benchmark"]["measurements"][2]["label"] = text
            results["benchmark"]["measurements"][3]["label"] = text
        case "recipe":
            recipe = text
        case "source":
            segments = shown(source=text)
        case "reference":
            segments = shown(reference=text)
        case "hypothesis":
            segments = shown(wrote=text)
    return page(results, recipe, segments)


@pytest.fixture
def trained(timed: Results) -> Results:
    """With a history to draw."""
    history = [
        {"step": 0, "dev_loss": 2.0},
        {"step": 5, "loss": 1.5},
        {"step": 10, "loss": 1.25, "dev_loss": 1.5},
    ]
    timed["systems"][3]["training"]["history"] = history
    return timed


@pytest.mark.parametrize("place", PLACES)
def test_markup_is_shown_as_text_wherever_it_stands(trained: Results, place: str) -> None:
    harmless = shape(parsed(with_text(trained, place, "harmless")))
    found = parsed(with_text(trained, place, MARKUP))
    assert shape(found) <= harmless | {("wbr", ())}
    assert "<script>alert(1)</script>" in text_of(found)
    assert "{{ 7 * 7 }}" in text_of(found)


def with_texts(results: Results, texts: Iterable[str]) -> str:
    """A page with each of them as source, reference, translation, system, control and backend; as names all in one."""
    texts, together = list(texts), " ".join(texts)
    rows = [
        Segment(number, text, text, (Translation("unpruned", "Hund", None), Translation("2", text, None)))
        for number, text in enumerate(texts, 1)
    ]
    results["systems"] += [
        system(text, 2, 700, score("chrf++", 20.0), score("ter", 90.0, False), search=f"search-{text}")
        for text in texts
    ]
    results["benchmark"]["measurements"] += [
        measurement("2+recovery", 8, (2.0, 1.0, 3.0)) | {"label": text} for text in texts
    ]
    for one in results["systems"]:
        one["evaluations"][0]["metric"] = together
        one["compared"] = []
    results["name"] = results["model"]["name"] = results["languages"]["source"] = together
    results["searches"][0]["metric"]["use"] = results["systems"][3]["training"]["trainer"] = together
    return page(results, together, Segments("unpruned", together, (Choice(together, together, tuple(rows)),)))


def lines_of(found: Element, path: str) -> list[str]:
    """Of all elements there, without what is crossed out; spaces as a browser shows them."""
    texts = ["".join(_texts(one, left_out=("del",))) for one in found.findall(path)]
    return [" ".join(text.split()) for text in texts]


def test_hostile_text_is_neither_executed_nor_lost(trained: Results) -> None:
    harmless = shape(parsed(with_texts(deepcopy(trained), [f"harmless:{name}" for name in HOSTILE])))
    made = with_texts(trained, HOSTILE.values())
    found = parsed(made)
    assert shape(found) <= harmless
    assert visible(made) == made
    shown = [" ".join(visible(text).split()) for text in HOSTILE.values()]
    assert lines_of(found, ".//tr[@class='source']/td[1]") == shown
    assert lines_of(found, ".//table[@class='segment']//tr[2]/td[1]") == shown
    assert lines_of(found, ".//table[@class='segment']//tr[4]/td[1]") == shown
    assert lines_of(found, ".//table[@class='systems']/tbody[3]/tr/th")[2:] == shown
    on_a_line = {" ".join(visible(text, keep="").split()) for text in HOSTILE.values()}
    assert on_a_line <= {*lines_of(found, ".//figure[1]/{*}svg//{*}text")}
    assert text_of(found).count(" ".join(visible(" ".join(HOSTILE.values())).split())) > 10


@pytest.mark.parametrize("text", ["می\u200cخواهم!\u200f x", "葛\U000e0100飾", "ไทย\u200bคำ"])
def test_the_marks_of_a_script_stay_in_a_translation(trained: Results, text: str) -> None:
    assert text in text_of(parsed(with_text(trained, "hypothesis", text)))


def test_a_page_has_no_script_and_loads_nothing(trained: Results) -> None:
    found = parsed(page(trained, "", shown()))
    assert not {str(one.tag) for one in found.iter()} & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
    }
    attributes = [(str(name), value) for one in found.iter() for name, value in one.attrib.items()]
    assert not [name for name, _ in attributes if name in {"src", "action"} or name.startswith("on")]
    assert all(value.startswith("#") for name, value in attributes if name.endswith("href"))
    assert not re.search(r"@import|url\((?!#)", page(trained, "", shown()))


def test_ids_are_unique_and_every_reference_leads_to_one(trained: Results) -> None:
    found = parsed(page(deep(trained, 3, 9), "", shown()))
    ids = [one.attrib["id"] for one in found.iter() if "id" in one.attrib]
    assert len(ids) == len(set(ids))
    named = [
        value for one in found.iter() for name, value in one.attrib.items() if str(name).endswith("href")
    ]
    labels = [name for one in found.iter() for name in one.attrib.get("aria-labelledby", "").split()]
    clips = re.findall(r"url\(#([^)]*)\)", page(deep(trained, 3, 9), "", shown()))
    assert {*(value[1:] for value in named), *labels, *clips} <= set(ids)


def test_headings_go_down_one_at_a_time(trained: Results) -> None:
    levels = [
        int(one.tag[1])
        for one in parsed(page(trained, "", shown())).iter()
        if re.fullmatch("h[1-6]", one.tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= level + 1 for level, later in pairwise(levels))


def test_every_table_has_a_caption_and_every_heading_cell_its_scope(trained: Results) -> None:
    found = parsed(page(trained, "", shown()))
    assert all(table.find("caption") is not None for table in found.iter("table"))
    assert all("scope" in cell.attrib for cell in found.iter("th"))


def test_every_figure_says_what_it_shows(trained: Results) -> None:
    pictures = [one for one in parsed(page(trained, "", shown())).iter() if str(one.tag).endswith("svg")]
    told = [[part.text for part in one if str(part.tag).endswith(("title", "desc"))] for one in pictures]
    assert [title for title, _ in told] == [
        *("chrf++ against layers kept", "chrf++ against size"),
        "chrf++ against speed, times the unpruned model's",
        *("Removal by likelihood, iterative-greedy", "Loss of 2+recovery"),
    ]
    assert "2+recovery: 2 layers, 45.00" in str(told[0][1])
    assert "2+recovery by vllm: 1.25 times" in str(told[2][1])
    assert told[3][1] == "2 steps by 4 layers. Removed, in order: 1: layer 2; 2: layer 1."


def test_the_same_results_give_the_same_bytes(trained: Results) -> None:
    assert page(trained, "", shown()) == page(trained, "", shown())


def test_a_search_of_16_steps_in_30_layers_is_told_in_seconds_and_small(trained: Results) -> None:
    large = deep(trained, 16, 30)
    started = time.process_time()
    text = page(large, "", shown())
    assert time.process_time() - started < 5
    assert len(text.encode()) < 1_000_000


def test_every_system_has_its_row_with_score_and_interval(results: Results) -> None:
    text = text_of(parsed(page(results, "", shown())))
    for row in (
        "unpruned 4 0.0 M",
        "unpruned+recovery 4",
        "2 2 0.0 M",
        "2+recovery delivered 2",
        "random:2 2",
    ):
        assert row in text
    assert "45.00 [44.00, 46.00]" in text


def test_a_long_name_may_go_on_in_a_second_line(results: Results) -> None:
    assert ">unpruned+<wbr>recovery</th>" in page(results, "", shown())


def test_a_system_stands_against_both_baselines_with_its_test(results: Results) -> None:
    text = text_of(parsed(page(results, "", shown())))
    assert "90.0 % [88.0, 92.0] worse, p = 0.001 85.0 % [83.0, 87.0] worse, p = 0.001" in text


def test_a_layer_that_was_gone_has_a_dash_in_later_steps_and_the_one_that_goes_is_marked(
    results: Results,
) -> None:
    text = page(results, "", shown())
    [table] = [one for one in parsed(text).iter("table") if one.get("class") == "heat"]
    rows = [[cell.text for cell in row if cell.tag == "td"] for row in table.iter("tr")][1:]
    assert rows == [["–", "2.5", "0.25", "–"], ["–", "1", "–", "–"]]
    assert [cell.text for cell in table.iter("td") if cell.get("class") == "went"] == ["0.25", "1"]


def test_a_score_that_is_not_the_whole_truth_is_marked_as_such(results: Results) -> None:
    scores = results["searches"][0]["questions"][0]["scores"]
    scores[0]["kind"], scores[1]["kind"] = "bound", "estimate"
    text = page(results, "", shown())
    assert ">≥ 2.5</td>" in text
    assert ">≈ 0.25</td>" in text


def test_sets_of_several_layers_are_listed_with_the_least_important_first(results: Results) -> None:
    blocks = [(["decoder.1", "decoder.2"], 3.5), (["decoder.2", "decoder.3"], 0.00125)]
    scores = [
        {"candidate": names, "removed": names, "value": value, "kind": "exact"} for names, value in blocks
    ]
    results["searches"][0]["questions"] = [{"scores": scores}]
    text = text_of(parsed(page(results, "", shown())))
    assert "1 decoder.2, decoder.3 0.00125 1 decoder.1, decoder.2 3.5" in text


def test_what_a_policy_had_measured_is_shown_with_its_interval(results: Results) -> None:
    quality = {"value": 98.25, "low": 97.5, "high": 99.0}
    results["searches"][0]["measured"] = [{"removed": ["decoder.1"], "measured": {"quality": quality}}]
    text = " ".join(page(results, "", shown()).split())
    assert '<td>quality</td> <td class="number">98.25 [97.5, 99]</td>' in text


def test_what_a_metric_said_of_its_own_work_is_told_but_for_its_cost_which_has_a_table(
    results: Results,
) -> None:
    search = results["searches"][0]
    search["record"] = [{"verified": "without <b>3</b>", "texts": 40}, {"passes": 60, "tokens": 1234}]
    search["cost"] = {"passes": 60, "tokens": 1234}
    text = page(results, "", shown())
    assert "<li>verified: without &lt;b&gt;3&lt;/b&gt;, texts: 40</li>" in text
    assert "<li>passes" not in text
    assert "the recipe's likelihood iterative-greedy 2 3 60 1,234 1.0" in text_of(parsed(text))


def test_a_cost_that_nobody_counted_is_told_as_such(results: Results) -> None:
    assert text_of(parsed(page(results, "", shown()))).count("not counted") == 2


def test_a_gate_that_is_not_met_cannot_be_overlooked(results: Results) -> None:
    gate = {"system": 2, "metric": "chrf++", "keep_percent": 97, "at_least": None, "of": "unpruned"}
    results["gates"] = [{**gate, "reached": 90.0, "met": False}]
    text = text_of(parsed(page(results, "", shown())))
    assert "Gate NOT met: 2 must keep 97 % of the chrf++ of unpruned; reached 90.00." in text


def test_a_speed_has_its_spread_its_load_and_the_ideal_beside_it(timed: Results) -> None:
    text = text_of(parsed(page(timed, "", shown())))
    assert "2+recovery vllm 1 80.0 [70.0, 90.0] 1.25 [1.00, 1.50] 1.50 [1.00, 2.00] 1.40 3.2 4.0 MB" in text


def test_without_a_benchmark_there_is_no_table_of_speeds(results: Results) -> None:
    assert "Speed" not in page(results, "", shown())


def test_what_differs_from_the_baseline_is_marked_in_the_text_itself(results: Results) -> None:
    text = page(results, "", shown(wrote="ein Hund"))
    assert "<ins>ein</ins> Hund" in text


def test_a_segment_without_a_reference_has_an_empty_one(results: Results) -> None:
    assert "None" not in text_of(parsed(page(results, "", shown(reference=None))))


def test_the_recipe_the_versions_the_seed_and_the_overlaps_are_told(results: Results) -> None:
    text = text_of(parsed(page(results, "version: 1\nname: tiny\n", shown())))
    for told in (
        "version: 1 name: tiny",
        "lp_runner 0.1.0",
        "Seed 1",
        "1 segment of test stood in train too, and no longer.",
    ):
        assert told in text
    results["data"]["dropped_from_train"] = 0
    assert "1 segment of test stands in train too." in text_of(parsed(page(results, "", shown())))


def test_models_that_were_not_timed_are_named_under_the_plot_of_speed(timed: Results) -> None:
    assert "Not timed, and not in the plot of speed: unpruned+recovery, 2." in text_of(
        parsed(page(timed, "", shown()))
    )
