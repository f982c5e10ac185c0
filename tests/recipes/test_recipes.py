"""What we ship to be copied: every recipe is right, and the four of the paper say what they claim to say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lp_runner.cli.main import main
from lp_runner.recipe import Recipe, load
from lp_runner.registry import Registry

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RECIPES = ROOT / "recipes"
AYA = ROOT / "tests/lp_runner/checkpoint/aya-expanse-8b"
EVERY = sorted(path.name for path in RECIPES.glob("*.yaml"))
EXACT = ("paper-exact-ces-deu.yaml", "paper-exact-eng-arz.yaml")
SOUND = ("paper-sound-ces-deu.yaml", "paper-sound-eng-arz.yaml")
SAMPLE = [f"data.{split}.with.path={HERE / 'sample.tsv'}" for split in ("train", "dev", "test")]
SAMPLE_SPLITS = [
    *SAMPLE,
    "data.dev.with.limit=5",
    "data.test.with.skip=5",
    "data.test.with.limit=5",
    "data.train.with.skip=10",
]


def read(name: str, *overrides: str) -> Recipe:
    return load(RECIPES / name, overrides, Registry.installed())[0]


def options(overrides: list[str]) -> list[str]:
    return [word for override in overrides for word in ("-o", override)]


def test_the_six_recipes_are_there() -> None:
    assert {"gemma3-270m-ces-deu.yaml", *EXACT, *SOUND, "quickstart.yaml"} <= set(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_a_recipe_opens_with_the_modeline_that_serves_editors(name: str) -> None:
    first = (RECIPES / name).read_text("utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=../schemas/recipe.schema.json"
    assert (RECIPES / "../schemas/recipe.schema.json").is_file()


@pytest.mark.parametrize("name", EVERY)
def test_a_recipe_is_named_as_its_file(name: str) -> None:
    assert read(name).name == name.removesuffix(".yaml")


@pytest.mark.parametrize("name", [*EXACT, *SOUND])
def test_check_accepts_the_paper_s_recipes_on_the_exact_configuration(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["check", str(RECIPES / name), "-o", f"model.path={AYA}", "--device-memory", "80GB"])

    assert (code, capsys.readouterr().out) == (0, f"{RECIPES / name}: good\n")


def test_check_accepts_the_gemma_recipe_on_our_own_sample(capsys: pytest.CaptureFixture[str]) -> None:
    changed = options([f"model.path={AYA}", *SAMPLE_SPLITS])

    code = main(["check", str(RECIPES / "gemma3-270m-ces-deu.yaml"), *changed])

    assert (code, capsys.readouterr().err) == (0, "")


def test_check_accepts_the_quickstart_on_our_own_sample(capsys: pytest.CaptureFixture[str]) -> None:
    changed = options([f"model.path={AYA}", *SAMPLE_SPLITS])

    code = main(["check", str(RECIPES / "quickstart.yaml"), *changed])

    assert (code, capsys.readouterr().err) == (0, "")


def test_the_sample_has_twenty_different_pairs() -> None:
    rows = [line.split("\t") for line in (HERE / "sample.tsv").read_text("utf-8").splitlines()]

    assert [len(row) for row in rows] == [2] * 20
    assert len({row[0] for row in rows}) == 20


@pytest.mark.parametrize("name", EXACT)
def test_paper_exact_trains_as_the_paper_does(name: str) -> None:
    (recovery,) = read(name).recover

    assert recovery.name == "sft"
    assert dict(recovery.options) == {
        "epochs": 1,
        "tokens": None,
        "max_steps": None,
        "batch_size": 8,
        "gradient_accumulation": 1,
        "learning_rate": 2e-5,
        "schedule": "cosine",
        "warmup": 0,
        "weight_decay": 0,
        "max_gradient_norm": 1,
        "optimizer": "paged-adamw-32bit",
        "weights": "model",
        "loss": "prompt+target",
        "batching": "length-grouped",
        "freeze_embeddings": False,
        "vocabulary": "full",
        "sampled_words": 8192,
        "gradient_checkpointing": True,
        "evaluate_every": 100,
        "patience": 5,
        "dev_segments": None,
        "max_length": 1024,
        "checkpoint_every_s": 300,
    }


@pytest.mark.parametrize("name", EXACT)
def test_paper_exact_searches_as_the_paper_does(name: str) -> None:
    recipe = read(name)
    asked, data = recipe.importance.use.options, recipe.importance.data

    assert asked == {
        "metric": {"use": "chrf++", "with": {"lowercase": False, "whitespace": False, "beta": 2}},
        "segments": 200,
        "against": "references",
        "max_new_tokens": "paper",
        "decimals": 2,
        "bounds": False,
        "racing": None,
        "verify": 0,
        "batch_size": 100,
    }
    assert data is not None
    assert picked(data.options, "path", "split", "columns", "shuffle", "skip", "limit") == {
        "path": "ymoslem/wmt2025-test-mt",
        "split": "test",
        "columns": {"source": "source_paragraphs", "target": "GPT4.1"},
        "shuffle": 0,
        "skip": 0,
        "limit": 200,
    }
    assert recipe.prune.options["protect"] == ["first", "last"]
    assert recipe.prune.options["remove"] == 16


@pytest.mark.parametrize("name", [*EXACT, *SOUND])
def test_the_paper_s_recipes_keep_24_20_and_16_of_32_layers(name: str) -> None:
    assert read(name).prune.options["keep_at"] == [8, 12, 16]


@pytest.mark.parametrize("name", [*EXACT, *SOUND])
def test_the_paper_s_prompt_is_for_training_and_test(name: str) -> None:
    prompt = read(name).prompt

    assert (
        prompt.template
        == "Translate the following text from {source_language} to {target_language}:\n{source}\n"
    )
    assert prompt.chat


@pytest.mark.parametrize(
    ("name", "languages"), list(zip(EXACT, ("Czech to German", "English to Egyptian Arabic"), strict=True))
)
def test_paper_exact_searches_with_a_translator_s_instruction_and_an_empty_line(
    name: str, languages: str
) -> None:
    prompt = read(name).importance.prompt

    assert prompt is not None
    assert prompt.template.startswith(f"You are a professional {languages} translator, ")
    assert prompt.template.endswith("):\n\n{source}")


@pytest.mark.parametrize(
    ("name", "languages"),
    list(
        zip(
            EXACT,
            ({"src_lang": "cs", "tgt_lang": "de_DE"}, {"src_lang": "en", "tgt_lang": "ar_EG"}),
            strict=True,
        )
    ),
)
def test_paper_exact_searches_its_own_pair_of_the_wmt25_test_set(
    name: str, languages: dict[str, str]
) -> None:
    data = read(name).importance.data

    assert data is not None
    assert data.options["where"] == languages


@pytest.mark.parametrize("name", EXACT)
def test_paper_exact_stops_early_on_its_own_test_set_and_says_so(name: str) -> None:
    data = read(name).data
    same = ("path", "split", "columns", "shuffle", "skip", "limit", "name")

    assert picked(data.dev.options, *same) == picked(data.test.options, *same)
    assert data.overlap == "allow"
    assert "early-stopping set" in (RECIPES / name).read_text("utf-8")


def test_paper_sound_takes_train_dev_and_test_from_different_rows() -> None:
    data = read(SOUND[0]).data
    spans = {
        split: picked(use.options, "shuffle", "skip", "limit")
        for split, use in (("dev", data.dev), ("test", data.test), ("train", data.train))
        if use
    }

    assert spans == {
        "dev": {"shuffle": 0, "skip": 0, "limit": 500},
        "test": {"shuffle": 0, "skip": 500, "limit": 1000},
        "train": {"shuffle": 0, "skip": 1500, "limit": 100_000},
    }


@pytest.mark.parametrize("name", SOUND)
def test_paper_sound_has_two_controls_and_a_gate_against_the_recovered_baseline(name: str) -> None:
    recipe = read(name)
    (gate,) = recipe.gates

    assert [control.use.name for control in recipe.controls] == ["random", "block-influence"]
    assert (gate.system, gate.metric, gate.keep_percent, gate.of) == (24, "chrf++", 97, "unpruned+recovery")
    assert recipe.data.overlap == "drop-from-train"


def test_the_gemma_recipe_prompts_as_its_translator_was_taught() -> None:
    prompt = read("gemma3-270m-ces-deu.yaml").prompt
    taught = (ROOT / "benchmarks/make_translator.py").read_text("utf-8")

    assert 'PROMPT = "Translate the following text from Czech to German:\\n{source}\\n"' in taught
    assert prompt.template.replace("{source_language}", "Czech").replace("{target_language}", "German") == (
        "Translate the following text from Czech to German:\n{source}\n"
    )
    assert not prompt.chat


def test_the_gemma_recipe_halves_the_validation_pairs() -> None:
    data = read("gemma3-270m-ces-deu.yaml").data

    assert Path(data.dev.options["path"]) == ROOT / "data/multi30k-cs-de/val.tsv"
    assert picked(data.dev.options, "skip", "limit") == {"skip": 0, "limit": 507}
    assert picked(data.test.options, "skip", "limit") == {"skip": 507, "limit": 507}


def picked(options: Any, *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names}
