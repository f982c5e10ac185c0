"""The model card and what else stands beside a delivered checkpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from lp_runner.report.card import card, extras, inline

Results = dict[str, Any]


def test_beside_a_checkpoint_stand_card_recipe_removed_layers_and_slices(results: Results) -> None:
    files = extras(results, results["systems"][3], "version: 1\n")
    assert list(files) == ["README.md", "recipe.yaml", "removed_layers.json", "mergekit_config.yml"]
    assert files["recipe.yaml"] == "version: 1\n"
    assert json.loads(files["removed_layers.json"]) == {
        "unpruned": "Cohere/aya",
        "removed": ["decoder.2", "decoder.1"],
    }


def test_slices_hold_the_layers_that_are_left(results: Results) -> None:
    slices = yaml.safe_load(extras(results, results["systems"][3], "")["mergekit_config.yml"])["slices"]
    assert [one["sources"][0]["layer_range"] for one in slices] == [[0, 1], [3, 4]]


def test_an_encoder_decoder_model_has_no_slices_and_loads_as_what_it_is(results: Results) -> None:
    system = {**results["systems"][3], "layers": {"encoder": 4, "decoder": 2}}
    files = extras(results, system, "")
    assert "mergekit_config.yml" not in files
    assert "AutoModelForSeq2SeqLM.from_pretrained" in files["README.md"]


def test_a_card_begins_with_metadata_that_the_hub_reads(results: Results) -> None:
    _, metadata, _ = card(results, results["systems"][3]).split("---\n", 2)
    read = yaml.safe_load(metadata)
    assert (read["base_model"], read["language"]) == ("Cohere/aya", ["cs", "de"])


def test_a_card_tells_the_removals_the_recovery_and_the_scores_beside_the_baselines(results: Results) -> None:
    text = card(results, results["systems"][3])
    assert "Removed, in this order: decoder.2, decoder.1. Recovered by sft." in text
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    assert [row.split("|")[1].strip() for row in rows] == [
        *("unpruned", "unpruned", "unpruned\\+recovery", "unpruned\\+recovery"),
        *("2\\+recovery", "2\\+recovery"),
    ]
    assert "| 2\\+recovery | chrf\\+\\+ | 45.00 | [44.00, 46.00] |" in rows


def test_the_path_of_a_local_model_is_not_told(results: Results) -> None:
    results["model"]["name"] = "/home/someone/secret/aya"
    text = card(results, results["systems"][3])
    assert "someone" not in text
    assert "# aya without 2 layers" in text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert\(1\)\</script\>"),
        ("a | b", r"a \| b"),
        ("one\n# two", r"one \# two"),
        ("a\x00b\u202ec", r"a⟨U\+0000⟩b⟨U\+202E⟩c"),
        ("[x](javascript:y)", r"\[x\]\(javascript:y\)"),
    ],
)
def test_text_of_any_origin_is_no_markup(text: str, written: str) -> None:
    assert inline(text) == written
