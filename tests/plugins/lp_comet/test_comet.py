"""COMET's real code, asked through a worker in its own environment, on tiny models in the hub's layout."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lp_comet.plugin import COMET

from lp_runner.api import Hypotheses
from lp_runner.errors import RunFailed
from lp_runner.registry import options_schema

pytestmark = pytest.mark.timeout(2400)  # the environment may have to be built first

COMPARED = [
    ("tiny-comet", True),
    ("unified", True),
    ("unified", False),
    ("quality-estimation", False),
    ("xcomet", True),
    ("xcomet", False),
]
"""Models, and whether they see references."""

COMMANDS = """
import json, os, sys
from comet.cli.score import score_command
for folder, words in json.loads(sys.argv[1]):
    os.chdir(folder)
    sys.argv = ["comet-score", *words]
    score_command()
"""
"""The console script comet-score, several times in one process."""

REFUSED = "refused: it holds more than weights and plain settings,"
KNOWN = "referenceless_regression_metric, regression_metric, ranking_metric, unified_metric, xcomet_metric"

BAD_CHECKPOINTS = """
import os, sys, torch
from pathlib import Path

class Payload:
    def __reduce__(self):
        return os.system, (f"touch {sys.argv[2]}",)

folder = Path(sys.argv[1])
good = torch.load(folder / "pickle" / "checkpoints" / "model.ckpt")
torch.save({**good, "more": Payload()}, folder / "pickle" / "checkpoints" / "model.ckpt")
settings = {**good["hyper_parameters"], "_instantiator": "os.system"}
torch.save({**good, "hyper_parameters": settings}, folder / "settings" / "checkpoints" / "model.ckpt")
"""


def light_damage(text: str, dice: random.Random) -> str:
    """One word gone."""
    words = text.split()
    words.pop(dice.randrange(len(words)))
    return " ".join(words)


def shuffled(text: str, dice: random.Random) -> str:
    return " ".join(dice.sample(text.split(), len(text.split())))


def system(pairs: Sequence[tuple[str, str]], hypotheses: Sequence[str]) -> Hypotheses:
    sources, references = zip(*pairs, strict=True)
    return Hypotheses("24 layers", sources, tuple(hypotheses), references)


@pytest.fixture
def three_systems(held_out: list[tuple[str, str]]) -> list[Hypotheses]:
    """References themselves, each with one word less, and their words in any order."""
    dice, pairs = random.Random(3), held_out[:60]  # noqa: S311
    references = [reference for _, reference in pairs]
    damaged = [[damage(text, dice) for text in references] for damage in (light_damage, shuffled)]
    return [system(pairs, hypotheses) for hypotheses in (references, *damaged)]


@pytest.fixture(scope="session")
def damaged(held_out: list[tuple[str, str]]) -> Hypotheses:
    """Forty segments, all different, one of them without a single word."""
    dice, pairs = random.Random(4), held_out[100:140]  # noqa: S311
    return system(pairs, ["", *(light_damage(reference, dice) for _, reference in pairs[1:])])


@pytest.fixture(scope="session")
def comet_scores(
    comet_python: str,
    comet_variables: dict[str, str],
    checkpoints: Path,
    damaged: Hypotheses,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, list[float]]:
    """What comet-score says of the damaged segments, by the model's folder and whether it saw references."""
    folder = tmp_path_factory.mktemp("comet-score")
    for name in ("sources", "hypotheses", "references"):
        lines = "".join(f"{line}\n" for line in getattr(damaged, name))
        (folder / name).write_text(lines, encoding="utf-8")
    always = ["--gpus", "0", "--batch_size", "16", "--disable_cache", "--quiet"]
    asked = []
    for model, refer in COMPARED:
        files = ["-s", f"{folder}/sources", "-t", f"{folder}/hypotheses"]
        files += ["-r", f"{folder}/references"] if refer else []
        place = ["--model", f"{checkpoints / model}/checkpoints/model.ckpt"]
        asked.append(
            (
                str(checkpoints / model),
                [*files, *place, *always, "--to_json", f"{folder}/{model}-{refer}.json"],
            )
        )
    command = [comet_python, "-c", COMMANDS, json.dumps(asked)]
    subprocess.run(command, check=True, env=comet_variables, timeout=300)
    told = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    return {name: [segment["COMET"] for segment in next(iter(it.values()))] for name, it in told.items()}


def test_the_trained_model_ranks_reference_over_damage_over_disorder(
    scorer: Any, tiny_comet: Path, three_systems: list[Hypotheses]
) -> None:
    comet = scorer.make(tiny_comet)
    whole, damaged, disordered = [scorer.score(comet, system).value for system in three_systems]
    assert whole > damaged + 0.1 > disordered + 0.2


@pytest.mark.parametrize(("model", "refer"), COMPARED)
def test_scores_are_those_of_comet_score(
    model: str,
    refer: bool,
    comet_scores: dict[str, list[float]],
    checkpoints: Path,
    scorer: Any,
    damaged: Hypotheses,
) -> None:
    """Which computes in float16; the same batches then give the same numbers."""
    comet = scorer.make(checkpoints / model, precision="float16", batch_size=16)
    found = scorer.score(comet, damaged if refer else replace(damaged, references=()))
    expected = comet_scores[f"{model}-{refer}"]
    assert found.segments == pytest.approx(expected, abs=1e-6)
    assert found.value == pytest.approx(sum(expected) / 40, abs=1e-6)
    assert len(set(found.segments)) > 30


@pytest.mark.parametrize("model", ["unified", "xcomet"])
def test_a_model_that_can_do_both_sees_references_unless_told_otherwise(
    model: str, checkpoints: Path, scorer: Any, damaged: Hypotheses
) -> None:
    without = replace(damaged, references=())
    auto, never = scorer.make(checkpoints / model), scorer.make(checkpoints / model, references=False)
    assert scorer.score(auto, damaged).segments != scorer.score(never, damaged).segments
    assert scorer.score(auto, without).segments == scorer.score(never, damaged).segments
    always = scorer.make(checkpoints / model, references=True)
    assert scorer.score(always, damaged) == scorer.score(auto, damaged)
    with pytest.raises(RunFailed, match=f"24 layers: {model} needs references, and the data has none"):
        scorer.score(always, without)


def test_a_model_without_references_ignores_them(checkpoints: Path, scorer: Any, damaged: Hypotheses) -> None:
    comet = scorer.make(checkpoints / "quality-estimation")
    assert scorer.score(comet, damaged) == scorer.score(comet, replace(damaged, references=()))


def test_a_model_of_references_says_what_is_missing(
    scorer: Any, tiny_comet: Path, damaged: Hypotheses
) -> None:
    comet = scorer.make(tiny_comet)
    with pytest.raises(RunFailed, match="24 layers: tiny-comet needs references, and the data has none"):
        scorer.score(comet, replace(damaged, references=()))


def test_two_processes_give_the_scores_of_one(scorer: Any, tiny_comet: Path, damaged: Hypotheses) -> None:
    alone, both = (scorer.make(tiny_comet, processes=count) for count in (1, 2))
    expected = scorer.score(alone, damaged, cache="alone")
    assert scorer.score(both, damaged, cache="both") == expected
    assert scorer.steps[-1] == (40, 40)


def test_a_score_tells_the_model_its_revision_and_all_versions(
    checkpoints: Path, scorer: Any, tiny_comet: Path, damaged: Hypotheses
) -> None:
    snapshot = scorer.folder / "models--Unbabel--wmt22-comet-da" / "snapshots" / "2760a223"
    shutil.copytree(tiny_comet, snapshot)
    found = scorer.score(scorer.make(snapshot, precision="bfloat16"), damaged)
    versions = r"comet:2\.2\.7\|torch:\d+\.\d+\.\d+\|transformers:4\.\d+\.\d+"
    assert found.metric == "wmt22-comet-da"
    assert found.higher_is_better
    assert re.fullmatch(
        rf"model:wmt22-comet-da\|revision:2760a223\|references:yes\|precision:bfloat16\|{versions}",
        found.signature,
    )


def test_replicates_are_the_means_of_the_runs_resamples(
    scorer: Any, tiny_comet: Path, damaged: Hypotheses
) -> None:
    found = scorer.score(scorer.make(tiny_comet), damaged, resamples={"count": 50, "seed": 12345})
    indices = np.random.default_rng(12345).choice(40, size=(50, 40), replace=True)
    expected = [sum(found.segments[index] for index in row) / 40 for row in indices]
    assert found.replicates == pytest.approx(expected, abs=1e-12)
    assert found.value == pytest.approx(sum(found.segments) / 40, abs=1e-12)


def test_a_segment_is_judged_once_in_all_runs(scorer: Any, tiny_comet: Path, damaged: Hypotheses) -> None:
    scorer.score(scorer.make(tiny_comet), damaged)
    with sqlite3.connect(scorer.folder / "cache" / "scores.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM scores").fetchone() == (40,)
        database.execute("UPDATE scores SET value = 0.25")
    scorer.steps.clear()
    again = scorer.score(scorer.make(tiny_comet), damaged)
    assert set(again.segments) == {0.25}
    assert scorer.steps == []


@pytest.mark.parametrize("model", ["tiny-comet", "unified", "xcomet"])
def test_half_precisions_come_near_float32(
    model: str, checkpoints: Path, scorer: Any, damaged: Hypotheses
) -> None:
    scores = [
        scorer.score(scorer.make(checkpoints / model, precision=precision), damaged).segments
        for precision in ("float32", "float16", "bfloat16")
    ]
    whole, half, short = map(np.array, scores)
    # Not the mean: the error spans of XCOMET, and with them a few scores, may come out otherwise.
    assert 0 < np.median(np.abs(half - whole)) < np.median(np.abs(short - whole)) < 0.05


def test_equal_segments_are_judged_once(scorer: Any, tiny_comet: Path, damaged: Hypotheses) -> None:
    columns = (damaged.sources, damaged.hypotheses, damaged.references)
    doubled = Hypotheses("24 layers", *(column * 2 for column in columns))
    found = scorer.score(scorer.make(tiny_comet), doubled)
    assert scorer.steps == [(8, 40), (16, 40), (24, 40), (32, 40), (40, 40)]
    assert found.segments[:40] == found.segments[40:]


def test_a_checkpoint_that_would_run_code_is_refused_and_does_not(
    comet_python: str, comet_variables: dict[str, str], scorer: Any, tiny_comet: Path, damaged: Hypotheses
) -> None:
    marker, folder = scorer.folder / "marker", scorer.folder
    for name in ("pickle", "settings"):
        shutil.copytree(tiny_comet, folder / name)
    command = [comet_python, "-c", BAD_CHECKPOINTS, str(folder), str(marker)]
    subprocess.run(command, check=True, env=comet_variables)
    complaints = {"pickle": "model.ckpt: refused: .*posix.system", "settings": "instantiator .* was blocked"}
    for name, complaint in complaints.items():
        with pytest.raises(RunFailed, match=complaint):
            scorer.score(scorer.make(folder / name), damaged)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        (
            "checkpoints/model.ckpt",
            "version https://git-lfs.github.com/spec/v1",
            f"model/checkpoints/model.ckpt: {REFUSED} or is damaged: Unsupported operand 118",
        ),
        ("hparams.yaml", "class_identifier: bleu", f"model: COMET knows no 'bleu'; one of {KNOWN}"),
    ],
)
def test_what_is_no_model_of_comets_is_told(
    scorer: Any, tiny_comet: Path, damaged: Hypotheses, file: str, content: str, complaint: str
) -> None:
    folder = shutil.copytree(tiny_comet, scorer.folder / "model")
    (folder / file).write_text(content)
    with pytest.raises(RunFailed, match=f": {scorer.folder}/{complaint}$"):
        scorer.score(scorer.make(folder), damaged)


def test_a_score_that_is_no_number_is_refused(scorer: Any, tiny_comet: Path, damaged: Hypotheses) -> None:
    folder = shutil.copytree(tiny_comet, scorer.folder / "mine")
    path = folder / "checkpoints" / "model.ckpt"
    content = torch.load(path, weights_only=True)
    content["state_dict"]["estimator.ff.0.bias"].fill_(math.nan)
    torch.save(content, path)
    told = "mine in float32: a score is no finite number; half precisions overflow where float32 doesn't"
    with pytest.raises(RunFailed, match=f": {told}$"):
        scorer.score(scorer.make(folder), damaged)


def test_no_segment_at_all_is_refused(scorer: Any, tiny_comet: Path) -> None:
    with pytest.raises(RunFailed, match=r": 24 layers: no segment to score$"):
        scorer.score(scorer.make(tiny_comet), Hypotheses("24 layers", (), (), ()))


def test_the_implementation_keeps_the_contract_in_its_own_environment(
    comet_python: str, comet_variables: dict[str, str]
) -> None:
    options: dict[str, Any] = options_schema(COMET)["properties"]
    told = [
        {
            "kind": "evaluate",
            "name": "comet",
            "implementation": COMET.implementation,
            "options": {name: option.get("default") for name, option in options.items()},
        }
    ]
    ended = subprocess.run(
        [comet_python, "-m", "lp_runner.testing.inspection"],
        input=json.dumps(told),
        env=comet_variables,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert json.loads(ended.stdout) == []
