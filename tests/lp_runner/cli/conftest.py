"""A tiny random translator, a recipe for it, and the command as a user has it: a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import CohereConfig, CohereForCausalLM, PreTrainedTokenizerFast

from tests.hub import StandIn
from tests.messages.case import installed

LpRun = Callable[..., subprocess.CompletedProcess[str]]
Started = subprocess.Popen[str]
PATIENCE_S = 200
COMMAND = "import sys; from lp_runner.cli import main; sys.exit(main())"
WORDS = ["<pad>", "<bos>", "<end>", "<unk>", "Hund", "Katze", "Haus", "sieht", "pes", "kočka", "dům", "vidí"]
PATIENT = """\
import pathlib, time
from lp_runner.api import Segment

class Strategy:
    def read(self, context):
        pathlib.Path("reading").touch()
        while not pathlib.Path("go-on").exists():
            time.sleep(0.05)
        yield Segment("pes", "Hund")
"""
RECIPE = """\
version: 1
name: tiny
device: auto
model: {path: ./model, dtype: float32}
languages: {source: Czech, target: German}
prompt: {template: "{source}", chat: false}
data:
  dev: {use: tsv, with: {path: dev.tsv}}
  test: {use: tsv, with: {path: test.tsv}}
importance: {use: random}
prune: {use: one-shot, with: {remove: 1}}
evaluate: [chrf++]
infer: {use: transformers, max_new_tokens: 4}
"""


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny.yaml and all that it names; not to be written to."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "tiny.yaml").write_text(RECIPE, "utf-8")
    (folder / "dev.tsv").write_text("pes vidí\tHund sieht\n", "utf-8")
    (folder / "test.tsv").write_text("kočka vidí dům\tKatze sieht Haus\ndům\tHaus\n", "utf-8")
    numbered = {word: place for place, word in enumerate(WORDS)}
    words = Tokenizer(models.WordLevel(numbered, unk_token="<unk>"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<end>", "unk_token": "<unk>"}
    fast: Any = PreTrainedTokenizerFast
    fast(tokenizer_object=words, **names).save_pretrained(folder / "model")
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "vocab_size": len(WORDS),
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 4,
    }
    ids: dict[str, Any] = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "num_attention_heads": 2}
    CohereForCausalLM(CohereConfig(**sizes, **ids)).save_pretrained(folder / "model")
    return folder


@pytest.fixture
def tiny(original: Path, tmp_path: Path) -> Path:
    """A copy of one's own, never run."""
    return Path(shutil.copytree(original, tmp_path / "tiny"))


@pytest.fixture(scope="session")
def finished(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose recipe has been run to its end, once for all tests."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("finished") / "tiny"))
    done = command("run", "--quiet", "tiny.yaml", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def runs(finished: Path, tmp_path: Path) -> Path:
    """A folder whose `runs/` has the finished run "tiny" and its store, to be changed."""
    shutil.copytree(finished / "runs", tmp_path / "copy" / "runs", symlinks=True)
    return tmp_path / "copy"


@pytest.fixture
def lp_run() -> LpRun:
    return command


def command(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`lp-run words...` in a folder."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        cwd=folder,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture
def run(tiny: Path) -> Path:
    """The run's folder; what its workers call their own."""
    return tiny / "runs" / "tiny"


@pytest.fixture
def reading(tiny: Path, run: Path) -> Iterator[Started]:
    """A run in the middle of its first step, which ends once there is a file `go-on`."""
    installed("patient", "read.patient", strategy=PATIENT)(tiny)
    path = os.pathsep.join([str(tiny / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    started = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", "--quiet", "tiny.yaml", "-o", "data.dev={use: patient}"],
        cwd=tiny,
        env={**os.environ, "PYTHONPATH": path, "LP_RUN_DEVICES": "cpu:6"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: (run / "reading").exists(), started)
        yield started
    finally:
        started.kill()
        started.communicate()


def wait_for(true: Callable[[], bool], started: Started) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def hub() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
