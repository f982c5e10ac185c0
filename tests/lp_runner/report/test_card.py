"""The model card and what else stands beside a delivered checkpoint."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from lp_runner.report.card import card, extras
from lp_runner.report.markdown import inline
from lp_runner.visible import visible
from tests.hostile import each_hostile_text

Results = dict[str, Any]
Recipe = dict[str, Any]


@pytest.fixture
def recipe() -> Recipe:
    read = {"skip": 10, "limit": None, "columns": {"source": 0, "target": 1}}
    return {
        "version": 1,
        "model": {"path": "Cohere/aya"},
        "prompt": {"template": "{source_language}→{target_language}: {source}\n", "chat": True},
        "data": {
            "train": {"use": "datasets", "with": {"path": "news/ces-deu", "split": "train"}},
            "dev": {"use": "tsv", "with": {"path": "/home/someone/dev.tsv", **read}},
            "test": {"use": "tsv", "with": {"path": "/home/someone/test.tsv", **read}},
        },
    }


def metadata_of(text: str) -> dict[str, Any]:
    _, block, _ = text.split("---\n", 2)
    return dict(yaml.safe_load(block))


def shown(text: str) -> str:
    """The words that a reader sees of Markdown."""
    blocks = MarkdownIt("commonmark").enable("table").parse(text)
    return "".join(part.content for block in blocks for part in block.children or () if part.type == "text")


def test_beside_a_checkpoint_stand_card_recipe_removed_layers_and_slices(
    results: Results, recipe: Recipe
) -> None:
    files = extras(results, results["systems"][3], yaml.safe_dump(recipe))
    assert list(files) == ["README.md", "recipe.yaml", "removed_layers.json", "mergekit_config.yml"]
    assert json.loads(files["removed_layers.json"]) == {
        "unpruned": "Cohere/aya",
        "removed": ["decoder.2", "decoder.1"],
    }


def test_the_recipe_beside_a_checkpoint_names_files_without_their_folders(
    results: Results, recipe: Recipe
) -> None:
    recipe["prompt"]["template"] = "/translate {source}"
    told = yaml.safe_load(extras(results, results["systems"][3], yaml.safe_dump(recipe))["recipe.yaml"])
    assert told["data"]["test"]["with"] == recipe["data"]["test"]["with"] | {"path": "test.tsv"}
    assert told["data"]["train"] == recipe["data"]["train"]
    assert told["prompt"] == recipe["prompt"]


def test_slices_hold_the_layers_that_are_left(results: Results, recipe: Recipe) -> None:
    files = extras(results, results["systems"][3], yaml.safe_dump(recipe))
    slices = yaml.safe_load(files["mergekit_config.yml"])["slices"]
    assert [one["sources"][0]["layer_range"] for one in slices] == [[0, 1], [3, 4]]


def test_an_encoder_decoder_model_has_no_slices_and_loads_as_what_it_is(
    results: Results, recipe: Recipe
) -> None:
    system = {**results["systems"][3], "layers": {"encoder": 4, "decoder": 2}}
    files = extras(results, system, yaml.safe_dump(recipe))
    assert "mergekit_config.yml" not in files
    assert "AutoModelForSeq2SeqLM.from_pretrained" in files["README.md"]
    assert "from vllm" not in files["README.md"]


def test_a_card_begins_with_metadata_that_the_hub_reads(results: Results, recipe: Recipe) -> None:
    results["model"]["licence"] = {"license": "cc-by-nc-4.0"}
    read = ModelCard(card(results, results["systems"][3], recipe)).data
    assert (read.base_model, read.language, read.license) == ("Cohere/aya", ["cs", "de"], "cc-by-nc-4.0")
    assert (read.datasets, read.metrics) == (["news/ces-deu"], ["chrf", "ter"])


def test_the_hub_reads_every_score_with_its_test_set_and_signature(results: Results, recipe: Recipe) -> None:
    read = ModelCard(card(results, results["systems"][3], recipe)).data
    assert read.model_name == "Cohere/aya 2+recovery"
    assert [
        (one.metric_type, one.metric_name, one.metric_value, one.dataset_name, one.dataset_args)
        for one in read.eval_results
    ] == [
        ("chrf", "chrf++", 45.0, "test.tsv", {"segments": 2, "skip": 10}),
        ("ter", "ter", 50.0, "test.tsv", {"segments": 2, "skip": 10}),
    ]
    assert read.eval_results[0].metric_args == {"signature": "chrf++|v1"}


def test_what_a_model_was_not_trained_on_is_not_among_its_data(results: Results, recipe: Recipe) -> None:
    system = {**results["systems"][3], "training": None}
    assert "datasets" not in metadata_of(card(results, system, recipe))


def test_a_test_set_of_the_hub_goes_by_its_name_split_and_revision(results: Results, recipe: Recipe) -> None:
    options = {"path": "news/ces-deu", "split": "test", "revision": "abc", "shuffle": None}
    recipe["data"]["test"] = {"use": "datasets", "with": options}
    (first, _) = ModelCard(card(results, results["systems"][3], recipe)).data.eval_results
    assert (first.dataset_type, first.dataset_split, first.dataset_revision) == (
        "news/ces-deu",
        "test",
        "abc",
    )


def test_a_tag_with_a_script_is_a_language_and_a_bcp_47_tag(results: Results, recipe: Recipe) -> None:
    results["languages"]["target_code"] = "zh-Hant"
    read = metadata_of(card(results, results["systems"][3], recipe))
    assert (read["language"], read["language_bcp47"]) == (["cs", "zh"], ["zh-Hant"])


def test_a_card_tells_the_removals_the_recovery_and_the_scores_beside_the_baselines(
    results: Results, recipe: Recipe
) -> None:
    text = card(results, results["systems"][3], recipe)
    assert "Removed, in this order: decoder.2, decoder.1." in text
    assert "chosen by likelihood under iterative-greedy, which scored 3 sets" in text
    assert "Recovered by sft" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows == [
        "| system | layers | metric | score | kept of unpruned | kept of unpruned\\+recovery |",
        "|---|---|---|---|---|---|",
        "| unpruned | 4 | chrf\\+\\+ | 50.00 [49.00, 51.00] |  |  |",
        "| unpruned | 4 | ter | 40.00 [39.00, 41.00] |  |  |",
        "| unpruned\\+recovery | 4 | chrf\\+\\+ | 53.00 [52.00, 54.00] |  |  |",
        "| unpruned\\+recovery | 4 | ter | 38.00 [37.00, 39.00] |  |  |",
        "| 2\\+recovery | 2 | chrf\\+\\+ | 45.00 [44.00, 46.00] | 90.0 % [88.0, 92.0] | 85.0 % [83.0, 87.0] |",
        "| 2\\+recovery | 2 | ter | 50.00 [49.00, 51.00] |  |  |",
    ]


def test_a_card_says_where_the_test_was_no_test(results: Results, recipe: Recipe) -> None:
    results["data"]["overlaps"] = {"dev-test": 7}
    recipe["data"]["overlap"] = "allow"
    assert "sources stand in two splits, 7 in dev-test, which the recipe allows" in card(
        results, results["systems"][3], recipe
    )


def test_a_card_says_of_the_development_set_only_what_was_done_with_it(
    results: Results, recipe: Recipe
) -> None:
    search = results["searches"][0]
    search["cost"] = {"passes": 6, "tokens": None}
    text = card(results, results["systems"][3], recipe)
    assert "which scored 3 sets of layers on the development set." in text
    assert "Recovered by sft, with the weights of the best moment on the development set." in text
    assert "The first systems are the baselines" in text
    search["cost"]["passes"] = 0
    results["systems"][3]["training"]["facts"] = {}
    results["systems"].pop(1)
    text = card(results, results["systems"][2], recipe)
    assert "which scored 3 sets of layers." in text
    assert "Recovered by sft.\n" in text
    assert "The first system is the baseline, the unpruned model." in text


def test_a_model_of_comet_is_the_hub_s_metric_comet(results: Results, recipe: Recipe) -> None:
    results["systems"][3]["evaluations"][1]["metric"] = "wmt22-comet-da"
    read = metadata_of(card(results, results["systems"][3], recipe))
    assert read["metrics"] == ["chrf", "comet"]


def test_the_path_of_a_local_model_is_not_told_nor_taken_for_a_name_on_the_hub(
    results: Results, recipe: Recipe
) -> None:
    results["model"]["name"] = "/home/someone/secret/aya"
    text = card(results, results["systems"][3], recipe)
    assert "someone" not in text
    assert "# aya without 2 layers" in text
    assert "base_model" not in metadata_of(text)


def test_a_licence_that_nobody_named_is_left_out_with_a_word(results: Results, recipe: Recipe) -> None:
    text = card(results, results["systems"][3], recipe)
    assert "license" not in metadata_of(text)
    assert "so none is named here" in text


def test_a_link_to_the_licence_in_the_base_model_s_repository_still_leads_there(
    results: Results, recipe: Recipe
) -> None:
    results["model"]["licence"] = {"license": "other", "license_name": "own", "license_link": "LICENSE"}
    read = metadata_of(card(results, results["systems"][3], recipe))
    assert read["license_link"] == "https://huggingface.co/Cohere/aya/blob/main/LICENSE"


def test_the_code_of_a_card_is_python_with_the_recipe_s_prompt(results: Results, recipe: Recipe) -> None:
    recipe["prompt"]["template"] = '```\n"""{source_language}\'{source}\u202e'
    text = card(results, results["systems"][3], recipe)
    transformers, vllm = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    strings = {node.value for node in ast.walk(ast.parse(transformers)) if isinstance(node, ast.Constant)}
    assert '```\n"""Czech\'{source}\u202e' in strings
    assert "max_tokens=16" in ast.unparse(ast.parse(vllm))


@each_hostile_text
@pytest.mark.parametrize("place", ["{}", "Made of {}.", "- {}", "# {}", "a | b\n-|-\n{} | x"])
def test_text_of_any_origin_is_no_markup_and_is_not_lost(place: str, text: str) -> None:
    plain, made = (
        MarkdownIt("gfm-like", {"linkify": False}).parse(place.format(shown))
        for shown in ("plain", inline(text))
    )
    assert [token.type for token in made] == [token.type for token in plain]
    parts = [part for token in made for part in token.children or ()]
    assert {part.type for part in parts} <= {"text", "text_special"}
    words = ["".join(part.content for part in token.children or ()) for token in plain]
    found = ["".join(part.content for part in token.children or ()) for token in made]
    assert found == [word.replace("plain", visible(text, keep="")) for word in words]


@each_hostile_text
def test_no_address_in_a_text_becomes_a_link(text: str) -> None:
    assert not re.search(r"www\.|\w:|\w@|\.[a-z]", re.sub(r"\\.", "", inline(text)))


@each_hostile_text
def test_hostile_names_change_neither_the_metadata_nor_the_outline_of_a_card(
    text: str, results: Results, recipe: Recipe
) -> None:
    outline = [
        line for line in card(results, results["systems"][3], recipe).splitlines() if line.startswith("## ")
    ]
    results["model"]["name"] = results["languages"]["source"] = results["systems"][3]["name"] = text
    results["systems"][3]["evaluations"][0]["metric"] = results["systems"][3]["training"]["trainer"] = text
    results["searches"][0]["metric"]["use"] = results["searches"][0]["policy"]["use"] = text
    recipe["data"]["test"]["with"]["path"] = f"/{text}"
    recipe["prompt"]["template"] = text + "{source}"
    files = extras(results, results["systems"][3], yaml.safe_dump(recipe))
    assert all(content.encode() for content in files.values())
    assert json.loads(files["removed_layers.json"])["unpruned"] == text
    made = files["README.md"]
    assert [line for line in made.splitlines() if line.startswith("## ")] == outline
    read, words = ModelCard(made), made.partition("\n---\n")[2]
    assert (read.data.base_model, read.data.license) == (text, None)
    assert "<script" not in MarkdownIt("gfm-like", {"linkify": False}).render(words)
    assert visible(made) == made
