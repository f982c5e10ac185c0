"""One finished run of a tiny recipe, and what looks into run folders."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import HOSTILE

RECIPE = """\
# yaml-language-server: $schema=recipe.schema.json
version: 1
name: tiny
model: {path: ./model, dtype: float32}
languages: {source: Czech, target: German}
prompt: {template: "{source}", chat: true}
data:
  train: {use: tsv, with: {path: train.tsv}}
  dev: {use: tsv, with: {path: dev.tsv}}
  test: {use: tsv, with: {path: test.tsv}}
importance: {use: translation-quality, with: {segments: 12, max_new_tokens: 12}}
prune: {use: iterative-greedy, with: {remove: 2}}
recover: [{use: sft, with: {epochs: 1, batch_size: 24, learning_rate: 1.0e-3}}]
evaluate: [{use: sacrebleu, with: {metrics: [chrf++, bleu]}}]
infer: {use: transformers, max_new_tokens: 16}
controls: [{use: random, keep_at: [1]}]
gates: [{system: 3, metric: chrf++, at_least: 1}]
observe: [tensorboard]
"""
SEGMENT = f"{HOSTILE['a script']} & {HOSTILE['entities']}\t{HOSTILE['a head']}\n"
TIMED = ("MANIFEST.json", ".locks", ".fingerprints")
"""What two equal runs need not have in common: times, and what only lp-run itself looks at."""


@dataclass(frozen=True, slots=True)
class Output:
    """What `--output` names, with the run "tiny" in it."""

    path: Path

    @property
    def run(self) -> Path:
        return self.path / "tiny"

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = (self.run / "events.jsonl").read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    @property
    def results(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.run / "results.json").read_text(encoding="utf-8"))
        return found

    def step(self, name: str) -> Path:
        [link] = self.run.glob(f"steps/??-{name}")
        return link

    def of(self, event: str, since: int = 0) -> list[dict[str, Any]]:
        """Events of this name, without the first `since` events of all."""
        return [one for one in self.events[since:] if one["event"] == event]

    def steps_made(self, since: int = 0) -> list[str]:
        return [event["step"] for event in self.of("step-finished", since)]

    def made_files(self) -> dict[str, bytes]:
        """Everything in the store and the model folders that must be the same in two equal runs."""
        folders = [self.path / ".store", self.run / "models"]
        paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        named = ((path.relative_to(self.path), path) for path in paths)
        return {str(name): path.read_bytes() for name, path in named if not set(name.parts) & set(TIMED)}

    def copied(self, to: Path) -> Output:
        shutil.copytree(self.path, to, symlinks=True)
        return Output(to)


@pytest.fixture(scope="session")
def recipe(tiny_task: Path) -> Path:
    """Its test corpus begins with a hostile segment, whose source stands in train too, in other letters."""
    test, train = tiny_task / "test.tsv", tiny_task / "train.tsv"
    test.write_text(SEGMENT + test.read_text(encoding="utf-8"), encoding="utf-8")
    train.write_text(SEGMENT.upper() + train.read_text(encoding="utf-8"), encoding="utf-8")
    path = tiny_task / "tiny.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished(
    recipe: Path,
    lp_run: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Output:
    output = Output(tmp_path_factory.mktemp("finished"))
    done = lp_run(recipe, "--output", output.path)
    assert (done.returncode, done.stderr) == (0, "")
    return output


@pytest.fixture
def copy(finished: Output, tmp_path: Path) -> Output:
    """The finished run, to be changed."""
    return finished.copied(tmp_path / "copy")


def workers_of(parent: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        status = _status(int(folder.name))
        if status is not None and status[1] == parent:
            yield int(folder.name)


def alive(pid: int) -> bool:
    return _status(pid) is not None


def kill_outright(started: subprocess.Popen[str]) -> None:
    """lp-run alone: workers have process groups of their own."""
    os.killpg(started.pid, signal.SIGKILL)
    started.communicate()


def _status(pid: int) -> tuple[str, int] | None:
    """State and parent; None where the process is no more."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state in "ZX" else (state, int(parent))
