"""COMET's real environment, tiny checkpoints, and a worker in that environment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lp_runner.api import Evaluation, Hypotheses
from lp_runner.envs import Interpreter
from lp_runner.worker import Progress, Worker, default_environment
from lp_runner.worker.formats import write_outputs

HERE = Path(__file__).parent
CORPUS = HERE.parents[2] / "recipes" / "quickstart" / "data" / "test.tsv"
DEFAULTS: dict[str, Any] = {
    "revision": None,
    "precision": "float32",
    "batch_size": 8,
    "processes": 1,
    "references": "auto",
}


@pytest.fixture(scope="session")
def tiny_comet() -> Path:
    """A trained model: make_checkpoints.py, beside this file, made it, of the kind `trained`."""
    return HERE.parents[2] / "recipes" / "quickstart" / "tiny-comet"


@pytest.fixture(scope="session")
def comet(interpreter_of: Callable[[str, str], Interpreter]) -> Interpreter:
    """The plugin's environment, built where it isn't yet."""
    return interpreter_of("evaluate", "comet")


@pytest.fixture(scope="session")
def comet_python(comet: Interpreter) -> str:
    return comet.python


@pytest.fixture(scope="session")
def comet_variables(comet: Interpreter) -> dict[str, str]:
    """Of a process there: lp_runner and lp_comet are all it sees of this environment."""
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
    return {**default_environment(), **offline, **comet.variables}


@pytest.fixture(scope="session")
def checkpoints(
    comet_python: str,
    comet_variables: dict[str, str],
    tiny_comet: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with models of random weights, `unified/`, `quality-estimation/`, `xcomet/`, and the trained one."""
    folder = tmp_path_factory.mktemp("checkpoints")
    command = [comet_python, str(HERE / "make_checkpoints.py"), str(folder)]
    kinds = ["unified", "quality-estimation", "xcomet"]
    subprocess.run([*command, *kinds], check=True, env=comet_variables, timeout=300)
    (folder / tiny_comet.name).symlink_to(tiny_comet)
    return folder


@pytest.fixture(scope="session")
def worker(
    comet_python: str, comet_variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    """With the variable that would let checkpoints run code, which must count for nothing."""
    log = tmp_path_factory.mktemp("worker") / "log"
    variables = {**comet_variables, "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    started = Worker.start(comet_python, log_path=log, environment=variables)
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


@pytest.fixture(scope="session")
def held_out() -> list[tuple[str, str]]:
    """Sources and references of the quickstart's test set, which no model of ours has seen."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    return [(source, reference) for source, reference in (line.split("\t") for line in lines)]
