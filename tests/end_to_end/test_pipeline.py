"""One run of a real, tiny model on the command line, and everything that it must leave."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

SYSTEMS = ["unpruned", "unpruned+recovery", "3", "3+recovery", "random:4", "random:4+recovery"]
LpRun = Callable[..., subprocess.CompletedProcess[str]]


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self.links |= {value or "" for name, value in attributes if name.endswith("href")}


def test_a_run_leaves_recipe_plan_events_results_report_models_and_what_its_observer_wrote(
    finished: Any,
) -> None:
    left = {path.name for path in finished.run.iterdir()} - {".lock", "logs"}
    assert left == {
        *("recipe.yaml", "plan.json", "events.jsonl", "results.json", "report.html"),
        *("steps", "models", "tensorboard"),
    }


def test_every_planned_step_has_a_link_to_an_artefact_with_a_manifest(finished: Any) -> None:
    planned = json.loads((finished.run / "plan.json").read_text(encoding="utf-8"))["steps"]
    links = sorted(path.parent.name for path in finished.run.glob("steps/*/MANIFEST.json"))
    assert links == [f"{number:02}-{step['id']}" for number, step in enumerate(planned, start=1)]


def test_every_step_started_is_finished_in_the_order_of_the_plan(finished: Any) -> None:
    planned = [
        step["id"] for step in json.loads((finished.run / "plan.json").read_text(encoding="utf-8"))["steps"]
    ]
    assert [event["step"] for event in finished.of("step-started")] == planned
    assert finished.steps_made() == planned


def test_systems_and_baselines_are_those_of_the_recipe(finished: Any) -> None:
    assert [system["name"] for system in finished.results["systems"]] == SYSTEMS


def test_every_candidate_of_a_search_has_its_score_at_every_question(finished: Any) -> None:
    search = finished.results["searches"][0]
    first, second = [
        [score["candidate"][0] for score in question["scores"]] for question in search["questions"]
    ]
    assert first == ["decoder.1", "decoder.2", "decoder.3"]
    assert second == [layer for layer in first if layer != search["removals"][0]]


def test_a_score_names_the_least_important_layer_first(finished: Any) -> None:
    search = finished.results["searches"][0]
    scores = {score["candidate"][0]: score["value"] for score in search["questions"][0]["scores"]}
    assert scores[search["removals"][0]] == min(scores.values())


def test_every_pruned_system_is_compared_with_both_baselines_and_says_which(finished: Any) -> None:
    pruned = finished.results["systems"][2]
    assert [(line["metric"], line["of"]) for line in pruned["compared"]] == [
        ("chrf++", "unpruned"),
        ("bleu", "unpruned"),
        ("chrf++", "unpruned+recovery"),
        ("bleu", "unpruned+recovery"),
    ]
    assert {"difference", "p_value", "verdict", "retention_percent"} <= set(pruned["compared"][0])


def test_every_score_stands_between_the_bounds_of_its_interval(finished: Any) -> None:
    for system in finished.results["systems"]:
        for one in system["evaluations"]:
            assert one["low"] <= one["value"] <= one["high"]


def test_parameters_and_bytes_are_those_of_the_files(finished: Any) -> None:
    system = next(one for one in finished.results["systems"] if one["name"] == "3+recovery")
    model = AutoModelForCausalLM.from_pretrained(finished.run / "models" / "3+recovery")
    assert system["params"] == sum(parameter.numel() for parameter in model.parameters())
    assert system["bytes"] == 4 * system["params"]
    assert system["layers"] == {"decoder": 3}


def test_a_recovery_has_its_losses_times_and_memory(finished: Any) -> None:
    training = finished.results["systems"][3]["training"]
    assert [entry["step"] for entry in training["history"] if "loss" in entry] == list(range(1, 11))
    assert training["facts"]["target_tokens"] > 0
    assert training["seconds"] > 0
    assert training["peak_memory_bytes"] > 10_000_000


def test_a_translation_has_its_times_and_memory(finished: Any) -> None:
    translation = finished.results["systems"][0]["translation"]
    assert translation["backend"] == "transformers"
    assert translation["tokens_per_s"] > 0
    assert translation["peak_memory_bytes"] > 10_000_000


def test_versions_name_every_distribution_that_did_the_work(finished: Any) -> None:
    assert {"lp_runner", "python"} <= set(finished.results["versions"])


def test_every_evaluated_system_has_its_segments(finished: Any) -> None:
    for system in finished.results["systems"]:
        outputs = (finished.run / system["segments"]["outputs"]).read_text(encoding="utf-8").splitlines()
        [evaluations] = system["segments"]["evaluations"]
        told = json.loads((finished.run / evaluations).read_text(encoding="utf-8"))
        assert len(outputs) == 41
        assert [len(one["segments"]) for one in told] == [41, 41]


def test_text_of_the_test_set_is_dropped_from_train_and_counted_whatever_its_case(finished: Any) -> None:
    data = finished.results["data"]
    assert data["segments"] == {"train": 240, "dev": 24, "test": 41}
    assert data["overlaps"] == {"train-test": 1}
    assert data["dropped_from_train"] == 1


def test_every_prompt_begins_with_the_only_beginning_of_sequence(finished: Any) -> None:
    lines = (finished.step("prompts-test") / "encoded.jsonl").read_text(encoding="utf-8").splitlines()
    ids = [json.loads(line)["prompt_ids"] for line in lines]
    assert {(one[0], one.count(1)) for one in ids} == {(1, 1)}


def test_the_report_has_no_script_and_no_handler_and_fetches_nothing(finished: Any) -> None:
    page = Elements((finished.run / "report.html").read_text(encoding="utf-8"))
    assert not page.found & {"script", "img", "link", "iframe", "object", "embed"}
    assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"src"}
    assert all(link.startswith("#") for link in page.links)


def test_hostile_text_of_the_corpus_stands_in_the_report_escaped(finished: Any) -> None:
    page = (finished.run / "report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &amp;lt;script&amp;gt;" in page
    assert "&lt;svg onload=alert(1)&gt;" in page
    assert "<script" not in page


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "chat_template.jinja"])
def test_a_delivered_model_has_weights_and_tokenizer(finished: Any, name: str) -> None:
    assert (finished.run / "models" / "3+recovery" / name).is_file()


def test_only_what_the_recipe_asks_for_is_delivered(finished: Any) -> None:
    assert [path.name for path in (finished.run / "models").iterdir()] == ["3+recovery"]


def test_a_delivered_model_loads_with_stock_transformers_and_writes(finished: Any) -> None:
    folder = finished.run / "models" / "3+recovery"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    turn = [{"role": "user", "content": "Muž vidí dům doma."}]
    prompt = tokenizer.apply_chat_template(
        turn, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        ids = model.generate(**prompt, max_new_tokens=4, do_sample=False)
    assert ids.shape[1] > prompt["input_ids"].shape[1]


def test_a_delivered_model_says_what_was_removed_how_and_by_which_recipe(finished: Any) -> None:
    folder = finished.run / "models" / "3+recovery"
    order = finished.results["searches"][0]["removals"]
    removed = json.loads((folder / "removed_layers.json").read_text(encoding="utf-8"))
    assert removed["removed"] == order
    assert f"Removed, in this order: {', '.join(order)}." in (folder / "README.md").read_text(
        encoding="utf-8"
    )
    asked = (finished.run / "recipe.yaml").read_text(encoding="utf-8")
    folders = re.findall(r"path: (/.*/)", asked)
    for place in folders:
        asked = asked.replace(place, "")
    assert folders
    assert (folder / "recipe.yaml").read_text(encoding="utf-8") == asked
    assert "layer_range" in (folder / "mergekit_config.yml").read_text(encoding="utf-8")


def test_the_code_of_a_card_translates_as_the_run_did(
    finished: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = finished.run / "models" / "3+recovery"
    card = (folder / "README.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)
    step = next((finished.run / "steps").glob("*-translate-3-recovery"))
    first = json.loads((step / "outputs.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert code
    exec(code[1].replace("FOLDER_OR_REPOSITORY", str(folder)).replace('"…"', repr(first["source"])))  # noqa: S102
    assert capsys.readouterr().out.strip() == first["hypothesis"].strip()


def test_a_recipe_as_resolved_is_the_same_run(
    finished: Any, lp_run: LpRun, tiny_task: Path, tmp_path: Path
) -> None:
    again = tiny_task / "resolved.yaml"
    shutil.copyfile(finished.run / "recipe.yaml", again)
    output = finished.copied(tmp_path / "copy")
    assert "0 steps done" in lp_run(again, "--output", output.path).stdout


def test_the_observer_was_given_the_events(finished: Any) -> None:
    assert [path.stat().st_size > 1000 for path in (finished.run / "tensorboard").rglob("events.*")] == [True]
    assert finished.of("observer-failed") == []


def test_the_command_ends_with_what_was_lost_and_gained(copy: Any, recipe: Path, lp_run: LpRun) -> None:
    told = " ".join(lp_run(recipe, "--output", copy.path).stdout.split())
    assert re.search(
        r"tiny: 5→3 layers keep [\d.]+ % \[[\d., ]+\] of the chrf\+\+ of the unpruned model with", told
    )
    assert re.search(r"of that of the unpruned model, at \d+ % of the bytes\.", told)
    assert "of the unpruned model with the same recovery" in told


def test_a_gate_that_is_not_met_ends_with_code_4_and_says_by_how_much(
    copy: Any, recipe: Path, lp_run: LpRun
) -> None:
    gate = "gates=[{system: 3, metric: chrf++, at_least: 99.5}]"
    done = lp_run(recipe, "--output", copy.path, "-o", gate)
    reached = next(one for one in copy.results["systems"] if one["name"] == "3+recovery")["evaluations"][0]
    assert done.returncode == 4
    assert done.stderr == (
        f"tiny: gate not met: 3 must have chrf++ of 99.5 or better; reached {reached['value']:.2f}\n"
    )


def test_verify_finds_nothing_wrong_with_a_run(finished: Any, lp_run: LpRun) -> None:
    done = lp_run("verify", finished.run)
    assert (done.returncode, done.stdout) == (0, f"{finished.run}: 26 artefacts, 0 damaged files\n")


def test_verify_names_the_file_with_a_flipped_byte(copy: Any, lp_run: LpRun) -> None:
    weights = copy.step("cut-3") / "model" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    done = lp_run("verify", copy.run)
    assert done.returncode == 1
    assert "model/model.safetensors: its content has changed since it was published" in done.stdout
