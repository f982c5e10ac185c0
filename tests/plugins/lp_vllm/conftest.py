"""A worker in vLLM's environment, asked as the core asks it; and models that vLLM's CPU attention can run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import torch
from lp_transformers.backend import TransformersBackend
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

from lp_runner.api import EncodedSegment
from lp_runner.checkpoint import cut
from lp_runner.envs import Interpreter
from lp_runner.worker import Worker
from lp_runner.worker.client import Reply
from lp_runner.worker.formats import read_ids, write_encoded
from lp_runner.worker.process import default_environment

SCHEMA = json.loads(files("lp_vllm").joinpath("vllm.schema.json").read_text(encoding="utf-8"))
DEFAULTS = {name: option["default"] for name, option in SCHEMA["properties"].items()}
SMALL = {"cpu_kv_cache_gib": 0.125}
RECORDING = '''
from lp_runner.api import Generations
from lp_vllm.backend import VllmBackend

class Recording(VllmBackend):
    """Answers with the prompts that vLLM says it has continued."""
    def generate(self, *arguments):
        engine_generate, self.outputs = self._engine._llm.generate, []
        def generate(*inputs, **others):
            self.outputs = engine_generate(*inputs, **others)
            return self.outputs
        self._engine._llm.generate = generate
        super().generate(*arguments)
        return Generations(tuple(tuple(output.prompt_token_ids) for output in self.outputs))
'''
Ids = Sequence[Sequence[int]]


@pytest.fixture(scope="session")
def vllm(interpreter_of: Callable[[str, str], Interpreter]) -> Interpreter:
    """The plugin's environment, built where it isn't yet."""
    return interpreter_of("infer", "vllm")


@dataclass
class Backend:
    """The backend in its worker, one model at a time."""

    worker: Worker
    folder: Path
    implementation: str = "lp_vllm.backend:VllmBackend"
    name: str = "vllm"
    times: dict[str, float] | None = None

    def load(self, model: Path, **options: Any) -> Reply:
        self.worker.make(self.name, "infer", self.implementation, DEFAULTS | SMALL | options)
        return self._do("load", model=str(model))

    def generate(
        self, prompts: Ids, limits: Sequence[int], stops: Sequence[int], fixed: bool = False, seed: int = 7
    ) -> list[tuple[int, ...]]:
        inputs, out = self.folder / "prompts.jsonl", self.folder / "ids.jsonl"
        write_encoded(inputs, [EncodedSegment("", None, tuple(prompt), ()) for prompt in prompts])
        asked = {"max_new_tokens": list(limits), "stop_ids": list(stops), "fixed_length": fixed}
        reply = self._do("generate", seed, prompts=str(inputs), out=str(out), **asked)
        self.times = reply.result["times"]
        return list(read_ids(out))

    def unload(self) -> None:
        self._do("unload")
        self.worker.drop(self.name)

    def _do(self, method: str, seed: int = 7, **arguments: Any) -> Reply:
        around = {"seed": seed, "device": "cpu", "dtype": "float32", "scratch": str(self.folder / "scratch")}
        return self.worker.do(self.name, method, arguments, around, timeout_s=300)


@pytest.fixture(scope="module")
def backend(vllm: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One for a module: importing vLLM takes longer than a tiny model does."""
    folder = tmp_path_factory.mktemp("vllm")
    (folder / "recording.py").write_text(RECORDING)
    variables = {**default_environment(), **vllm.variables}
    variables["PYTHONPATH"] += f"{os.pathsep}{folder}"
    with Worker.start(vllm.python, log_path=folder / "worker.log", environment=variables) as worker:
        yield Backend(worker, folder)


def make_model(architecture: str, folder: Path, layers: int = 4, vocabulary: int = 97) -> Path:
    """Random weights; heads of 32 numbers, the smallest that vLLM has a CPU kernel for."""
    torch.manual_seed(0)
    gemma = {
        "sliding_window": 6,
        "layer_types": (["sliding_attention", "full_attention"] * layers)[:layers],
        "query_pre_attn_scalar": 32,
    }
    config = AutoConfig.for_model(
        architecture,
        vocab_size=vocabulary,
        hidden_size=128,
        intermediate_size=96,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        initializer_range=0.3,
        max_position_embeddings=64,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        **(gemma if architecture == "gemma3_text" else {}),
    )
    AutoModelForCausalLM.from_config(config).float().save_pretrained(folder)
    return folder


def halved(model: Path, into: Path) -> Path:
    """Without its second and third layer of four."""
    into.mkdir()
    cut(model, [("decoder", 1), ("decoder", 2)], into)
    return into


def by_transformers(
    context: Any, model: Path, prompts: Ids, limits: Sequence[int], stops: Sequence[int]
) -> list[tuple[int, ...]]:
    plain = TransformersBackend(dtype="auto", batch_size=1)
    plain.load(context, model)
    return list(plain.generate(context, prompts, limits, stops, False).ids)


def bend(model: Path, **settings: Any) -> None:
    """Give the folder wishes of its own."""
    GenerationConfig(**settings).save_pretrained(model)
