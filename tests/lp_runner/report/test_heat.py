"""A search as a map: where a layer went, where it was gone, and how much the others were needed."""

from __future__ import annotations

from typing import Any

from lp_runner.report.heat import heat_map
from tests.lp_runner.report.conftest import deep

Results = dict[str, Any]


def test_a_layer_goes_in_the_step_that_it_was_last_a_candidate_of(results: Results) -> None:
    heat = heat_map(results["searches"][0], {"decoder": 4})
    assert heat is not None
    assert heat.columns == ("0", "1", "2", "3")
    assert heat.taken == ((0, 2, 1), (1, 1, 2))
    assert heat.gone == [(1, 2)]


def test_one_question_may_take_many_layers(results: Results) -> None:
    search = results["searches"][0]
    search["questions"] = search["questions"][:1]
    heat = heat_map(search, {"decoder": 4})
    assert heat is not None
    assert heat.taken == ((0, 2, 1), (0, 1, 2))


def test_tones_go_from_the_least_to_the_most_of_each_step(results: Results) -> None:
    heat = heat_map(deep(results, 16, 30)["searches"][0], {"decoder": 30})
    assert heat is not None
    for row in range(16):
        by_tone = [[heat.rows[row][c] for r, c in heat.cells_at(level) if r == row] for level in range(8)]
        values = [value for tone in by_tone for value in sorted(tone, key=float)]  # type: ignore[arg-type]
        assert values == sorted(values, key=float)  # type: ignore[arg-type]
        assert len(values) == 28 - row


def test_layers_of_two_stacks_keep_their_names(results: Results) -> None:
    search = results["searches"][0]
    scored = {"removed": [], "raw": None, "kind": "exact", "value": 1.0}
    search["questions"][0]["scores"].append({"candidate": ["encoder.0"], **scored})
    heat = heat_map(search, {"encoder": 2, "decoder": 3})
    assert heat is not None
    assert heat.columns == ("decoder.0", "decoder.1", "decoder.2", "encoder.0", "encoder.1")


def test_sets_of_several_layers_have_no_map(results: Results) -> None:
    results["searches"][0]["questions"][0]["scores"][0]["candidate"] = ["decoder.1", "decoder.2"]
    assert heat_map(results["searches"][0], {"decoder": 4}) is None
