"""Defaults, nested strategies and the rules that no schema can say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lp_runner.recipe import Recipe
from lp_runner.recipe.complaints import complaints

Problems = Callable[..., list[str]]
Loader = Callable[..., list[Recipe]]


def test_every_default_is_filled_in(load_text: Loader) -> None:
    (recipe,) = load_text("extends: good.yaml\n")
    assert (recipe.seed, recipe.device, recipe.model.dtype, recipe.prompt.chat) == (0, "auto", "auto", True)
    assert (recipe.infer.use.name, recipe.infer.max_new_tokens) == ("transformers", "auto")
    assert recipe.recover[0].options == {"learning_rate": 2e-5, "batch_size": "auto", "note": ""}
    assert (recipe.controls, recipe.gates, recipe.observe) == ((), (), ())


def test_a_nested_strategy_is_resolved_like_any_other(load_text: Loader) -> None:
    (recipe,) = load_text("extends: good.yaml\nimportance: {with: {metric: {use: chrf, with: {beta: 3}}}}\n")
    use = recipe.importance.use
    assert use.options["metric"] == {"use": "chrf", "with": {"beta": 3}}
    assert (use.nested["metric"].kind, use.nested["metric"].options) == ("evaluate", {"beta": 3})
    assert use.nested["metric"].place == ("importance", "with", "metric")


def test_a_default_that_names_a_strategy_is_resolved_too(load_text: Loader) -> None:
    (recipe,) = load_text("extends: good.yaml\n")
    assert recipe.importance.use.options["metric"] == {"use": "chrf", "with": {"beta": 2}}


def test_numbers_get_the_type_that_the_schema_asks_for(load_text: Loader) -> None:
    (recipe,) = load_text(
        "extends: good.yaml\nseed: 2.0\nrecover: [{use: sft, with: {learning_rate: 1, batch_size: 8.0}}]\n"
    )
    options = recipe.recover[0].options
    found = (recipe.seed, options["learning_rate"], options["batch_size"])
    assert [(value, type(value)) for value in found] == [(2, int), (1.0, float), (8, int)]


def test_the_prompt_of_the_importance_metric_takes_what_it_lacks_from_the_recipes(load_text: Loader) -> None:
    (recipe,) = load_text(
        "extends: good.yaml\nprompt: {template: 'T {source}'}\nimportance: {prompt: {chat: false}}\n"
    )
    assert recipe.importance.prompt
    assert (recipe.importance.prompt.template, recipe.importance.prompt.chat) == ("T {source}", False)


def test_languages_become_english_names_and_tags(load_text: Loader) -> None:
    (recipe,) = load_text("extends: good.yaml\nlanguages: {source: eng, target: ar-EG}\n")
    found = recipe.languages
    assert (found.source, found.source_code, found.target, found.target_code) == (
        "English",
        "en",
        "Egyptian Arabic",
        "arz",
    )


def test_where_names_the_place_or_the_nearest_around_it(load_text: Loader) -> None:
    (recipe,) = load_text("extends: good.yaml\nseed: 3\n")
    assert recipe.where(("seed",)) == "r.yaml:2:7"
    assert recipe.where(("prune", "with", "protect", 0)) == "good.yaml:10:28"


@pytest.mark.parametrize(
    ("dev", "test", "shared"),
    [
        ("path: a", "path: b", False),
        ("path: a", "path: ./a", True),
        ("path: a, limit: 10", "path: a, skip: 10", False),
        ("path: a, limit: 10", "path: a, skip: 9", True),
        ("path: a, skip: 5", "path: a, limit: 5", False),
        ("path: a, limit: 10, shuffle: 0", "path: a, skip: 10, shuffle: 0", False),
        ("path: a, limit: 10, shuffle: 0", "path: a, skip: 10, shuffle: 1", True),
        ("path: a, limit: 10", "path: a, skip: 10, shuffle: 1", True),
        ("path: a, columns: {source: 2}", "path: a", True),
    ],
)
def test_two_corpora_may_not_share_segments(
    dev: str, test: str, shared: bool, load_text: Loader, problems_of: Problems
) -> None:
    text = f"extends: good.yaml\ndata:\n  dev: {{with: {{{dev}}}}}\n  test: {{with: {{{test}}}}}\n"
    if shared:
        said = "r.yaml:4:9: data.test: reads the same segments as data.dev; give each its own skip and limit"
        assert problems_of(text) == [said]
    else:
        assert len(load_text(text)) == 1


def test_the_importance_metric_may_not_look_at_the_test_data(problems_of: Problems) -> None:
    text = "extends: good.yaml\nimportance: {data: {use: tsv, with: {path: test.tsv}}}\n"
    assert problems_of(text) == [
        "r.yaml:2:20: importance.data: reads the same segments as data.test; give each its own skip and limit"
    ]


def test_errors_of_every_kind_come_at_once_in_the_order_of_the_lines(problems_of: Problems) -> None:
    text = """\
extends: good.yaml
sed: 1
languages: {source: Chzech}
prune: {use: greedy, with: {remov: 1}}
recover: [stf]
evaluate: [{use: chrf, with: {beta: 0}}, 3]
name: ${env:NOT_THERE}
name: twice
"""
    assert problems_of(text, "seed=x") == [
        "r.yaml:2:1: sed: no such key; did you mean seed?",
        "r.yaml:3:21: languages.source: no language is known as 'Chzech'; did you mean Czech?",
        "r.yaml:4:29: prune.with.remov: no such option of greedy; did you mean remove?",
        "r.yaml:5:11: recover.0: no recover plugin is named 'stf'; did you mean sft?",
        "r.yaml:6:37: evaluate.0.with.beta: must be 1 or more, not 0",
        "r.yaml:6:42: evaluate.1: must be a string or a mapping, not 3",
        "r.yaml:7:7: name: the environment has no NOT_THERE, and no default is given",
        "r.yaml:8:1: name: twice in one mapping; first at line 7",
        '-o seed=x: must be a whole number, not "x"',
    ]


def test_a_name_is_safe_as_a_folders_to_its_last_character(problems_of: Problems) -> None:
    text = 'extends: good.yaml\nname: "abc\\n"\ndevice: "cpu\\n"\n'
    assert [problem.partition(" must")[0] for problem in problems_of(text)] == [
        "r.yaml:2:7: name:",
        "r.yaml:3:9: device:",
    ]


def test_a_plugin_whose_schema_is_broken_is_one_line(problems_of: Problems) -> None:
    assert problems_of("extends: good.yaml\nobserve: [broken]\n") == [
        "r.yaml:2:11: observe.0: the options schema of broken is broken: ['not', 'a', 'mapping'] is not of type 'object'"
    ]


def test_defaults_that_name_each_other_without_end_are_one_line(problems_of: Problems) -> None:
    (problem,) = problems_of("extends: good.yaml\nobserve: [endless]\n")
    assert problem.endswith("inner: its defaults name other plugins without end")


def test_one_source_may_be_named_twice_where_overlap_is_allowed(load_text: Loader) -> None:
    (recipe,) = load_text(
        "extends: good.yaml\ndata: {test: {use: tsv, with: {path: dev.tsv}}, overlap: allow}\n"
    )
    assert recipe.data.test.options == recipe.data.dev.options


def test_what_no_alternative_takes_is_told_by_its_key(load_text: Loader) -> None:
    size = {"type": "object", "additionalProperties": False, "properties": {"size": {"type": "integer"}}}
    schema = {"properties": {"rank": {"anyOf": [{"type": "integer"}, size]}}}
    (found,) = complaints({"rank": {"sise": 3}}, schema)
    assert found.what == 'must be a whole number or a mapping without sise, not {"sise": 3}'
