"""A tiny random translator, a recipe for it, and the command as a user has it: a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import CohereConfig, CohereForCausalLM, PreTrainedTokenizerFast

LpRun = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = "import sys; from lp_runner.cli import main; sys.exit(main())"
WORDS = ["<pad>", "<bos>", "<end>", "<unk>", "Hund", "Katze", "Haus", "sieht", "pes", "kočka", "dům", "vidí"]
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
