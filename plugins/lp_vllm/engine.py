"""One vLLM engine: a model folder and arguments in, ids for ids out, all memory given back at the end.

Importing this imports vLLM, which reads the environment's variables only once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import set_num_threads  # vLLM puts a function that does nothing in its place
from vllm import LLM, SamplingParams, TokensPrompt
from vllm.distributed import cleanup_dist_env_and_memory, model_parallel_is_initialized
from vllm.platforms import current_platform

TOO_LITTLE_MEMORY = (
    "No available memory for the cache blocks",
    "larger than the available KV cache memory",
    "less than desired",
    "less than requested memory",
    "Cannot auto-fit max_model_len",
)
"""Parts of what vLLM says in a ValueError where memory is what it lacks."""


class Engine:
    """Loaded when made; one at a time in a process, for what one shuts down is shared."""

    def __init__(self, model: Path, arguments: Mapping[str, Any], on_cpu: bool, scratch: Path) -> None:
        """Raises MemoryError, ValueError for a model that vLLM can't run, OSError where vLLM is for another device."""
        _check_device(on_cpu)
        if model_parallel_is_initialized():
            raise RuntimeError("this process has a vLLM engine already; unload it first")
        if on_cpu:
            set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
            torch._dynamo.config.disable = bool(arguments["enforce_eager"])
        try:
            self._llm = LLM(str(model), generation_config=_no_generation_config(scratch), **arguments)
        except (ValueError, NotImplementedError) as error:
            cleanup_dist_env_and_memory()
            raise _explained(error, model) from error
        self._most_tokens = self._llm.llm_engine.vllm_config.model_config.max_model_len

    def generate(
        self, prompts: Sequence[Sequence[int]], settings: Sequence[Mapping[str, Any]]
    ) -> list[list[int]]:
        """New ids for each prompt, a stop id at the end included.

        Args:
            settings: of `SamplingParams`, one for each prompt.
        Raises ValueError where a prompt and its new tokens are longer than the engine allows.
        """
        for prompt, setting in zip(prompts, settings, strict=True):
            self._check_length(len(prompt), setting["max_tokens"])
        inputs = [TokensPrompt(prompt_token_ids=list(prompt)) for prompt in prompts]
        outputs = self._llm.generate(inputs, [SamplingParams(**each) for each in settings], use_tqdm=False)
        for output, prompt in zip(outputs, prompts, strict=True):
            if output.prompt_token_ids != list(prompt):
                raise RuntimeError(f"vLLM changed the prompt {list(prompt)} to {output.prompt_token_ids}")
        return [list(output.outputs[0].token_ids) for output in outputs]

    def stop(self) -> None:
        """Let go of model, caches and processes, so that another engine can be made here."""
        self._llm.llm_engine.engine_core.shutdown()
        del self._llm
        cleanup_dist_env_and_memory()

    def _check_length(self, prompt: int, limit: int) -> None:
        if prompt + limit > self._most_tokens:
            raise ValueError(
                f"a prompt of {prompt} tokens and {limit} new ones are longer than the {self._most_tokens} that "
                f"the engine allows; raise max_model_len, if the model can have more, or lower max_new_tokens"
            )


def _no_generation_config(scratch: Path) -> str:
    """A folder with an empty one: else vLLM still reads the model's, for its stop ids."""
    (scratch / "generation_config.json").write_text(json.dumps({}), encoding="utf-8")
    return str(scratch)


def _check_device(on_cpu: bool) -> None:
    if current_platform.is_cpu() != on_cpu:
        wanted = "a CPU" if on_cpu else "a GPU"
        raise OSError(f"this vLLM is for {current_platform.device_type!r}, and the run is on {wanted}")


def _explained(error: Exception, model: Path) -> Exception:
    text = " ".join(str(error).split())
    if any(part in text for part in TOO_LITTLE_MEMORY):
        return MemoryError(
            f"{model}: too little memory for keys and values; lower max_model_len or max_num_seqs, or raise "
            f"cpu_kv_cache_gib (on a GPU gpu_memory_utilization): {text}"
        )
    return ValueError(f"{model}: vLLM can't run it: {text}")
