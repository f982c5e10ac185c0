"""COMET's real environment, tiny checkpoints, and a worker in that environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lp_comet
import pytest

import lp_runner
from lp_runner.api import Evaluation, Hypotheses
from lp_runner.worker import Progress, Worker, default_environment
from lp_runner.worker.formats import write_outputs

HERE = Path(__file__).parent
TINY_COMET = HERE / "tiny-comet"
CORPUS = HERE.parents[2] / "recipes" / "quickstart" / "data" / "test.tsv"
DEFAULTS: dict[str, Any] = {
    "revision": None,
    "precision": "float32",
    "batch_size": 8,
    "processes": 1,
    "references": "auto",
}


@pytest.fixture(scope="session")
def comet_python() -> str:
    """An interpreter that has unbabel-comet."""
    if "LP_RUN_COMET_PYTHON" not in os.environ:
        pytest.skip("LP_RUN_COMET_PYTHON names no interpreter")
    return os.environ["LP_RUN_COMET_PYTHON"]


@pytest.fixture(scope="session")
def comet_variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a process there: lp_runner and lp_comet are all it sees of this environment."""
    links = tmp_path_factory.mktemp("links")
    for package in (lp_runner, lp_comet):
        folder = Path(str(package.__file__)).parent
        (links / folder.name).symlink_to(folder)
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
    return {**default_environment(), **offline, "PYTHONPATH": str(links)}


@pytest.fixture(scope="session")
def checkpoints(
    comet_python: str, comet_variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with models of random weights: `unified/`, `quality-estimation/` and `xcomet/`."""
    folder = tmp_path_factory.mktemp("checkpoints")
    command = [comet_python, str(HERE / "make_checkpoints.py"), str(folder)]
    kinds = ["unified", "quality-estimation", "xcomet"]
    subprocess.run([*command, *kinds], check=True, env=comet_variables, timeout=300)
    return folder


@pytest.fixture(scope="session")
def worker(
    comet_python: str, comet_variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    log = tmp_path_factory.mktemp("worker") / "log"
    started = Worker.start(comet_python, log_path=log, environment=comet_variables)
    yield started
    started.stop()


@dataclass
class Scorer:
    """Asks the worker for scores; the instances that it makes stay loaded."""

    worker: Worker
    folder: Path
    steps: list[tuple[int, int]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def make(self, model: Path, **options: Any) -> str:
        name = f"comet-{self.folder.name}-{len(self.made)}"
        wanted = {**DEFAULTS, "model": str(model), **options}
        self.worker.make(name, "evaluate", "lp_comet.comet:Comet", wanted)
        self.made.append(name)
        return name

    def score(
        self, instance: str, system: Hypotheses, *, resamples: Any = None, cache: str = "cache"
    ) -> Evaluation:
        outputs, out = self.folder / "outputs.jsonl", self.folder / "scores.json"
        write_outputs(outputs, system)
        self.worker.do(
            instance,
            "score",
            {"system": system.system, "outputs": str(outputs), "resamples": resamples, "out": str(out)},
            {"device": "cpu", "cache": str(self.folder / cache)},
            on_event=self._note,
        )
        (evaluation,) = json.loads(out.read_text(encoding="utf-8"))
        return Evaluation.from_json(evaluation)

    def _note(self, event: Any) -> None:
        if isinstance(event, Progress):
            self.steps.append((event.done, event.total))


@pytest.fixture
def scorer(worker: Worker, tmp_path: Path) -> Iterator[Scorer]:
    asking = Scorer(worker, tmp_path)
    yield asking
    for name in asking.made:
        worker.drop(name)


System = Callable[[Sequence[tuple[str, str]], Sequence[str]], Hypotheses]


@pytest.fixture(scope="session")
def held_out() -> list[tuple[str, str]]:
    """Sources and references of the quickstart's test set, which no model of ours has seen."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    return [(source, reference) for source, reference in (line.split("\t") for line in lines)]


@pytest.fixture(scope="session")
def system() -> System:
    """Pairs and hypotheses → what an evaluator is given."""

    def make(pairs: Sequence[tuple[str, str]], hypotheses: Sequence[str]) -> Hypotheses:
        sources, references = zip(*pairs, strict=True)
        return Hypotheses("24 layers", sources, tuple(hypotheses), references)

    return make
