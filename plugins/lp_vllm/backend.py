"""Prompts as ids → continuations as ids, by vLLM's offline engine. vLLM itself is imported with the first model.

What the model's folder says about sampling, penalties or lengths never counts: the only settings are ours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lp_runner.api import Context, Generations
from lp_vllm.settings import Options, arguments, sampling, variables

UNSAFE = "VLLM_ALLOW_INSECURE_SERIALIZATION"
"""An environment variable: vLLM's processes would take any pickle from each other."""


class VllmBackend:
    """Times: load_s, generate_s (in all, ids in and ids out), and new_tokens, a count."""

    def __init__(self, **options: Any) -> None:
        self._options = Options(**options)

    def load(self, context: Context, model: Path) -> None:
        """Raises also ValueError for a model that vLLM can't run, OSError where this vLLM is for another device."""
        started = time.perf_counter()
        on_cpu = context.device == "cpu"
        cores = sorted(os.sched_getaffinity(0))
        os.environ.pop(UNSAFE, None)
        os.environ.update(variables(self._options, on_cpu, cores, os.environ))
        from lp_vllm.engine import Engine  # not before the variables are set

        self._engine = Engine(model, arguments(self._options, on_cpu, context.dtype), on_cpu, context.scratch)
        self._load_s = time.perf_counter() - started

    def generate(
        self,
        context: Context,
        prompts: Sequence[Sequence[int]],
        max_new_tokens: Sequence[int],
        stop_ids: Sequence[int],
        fixed_length: bool,
    ) -> Generations:
        """Raises also ValueError where a prompt and its new tokens are longer than the engine allows."""
        started = time.perf_counter()
        rows = [row for row in range(len(prompts)) if max_new_tokens[row] > 0]
        settings = [
            sampling(self._options, max_new_tokens[row], stop_ids, fixed_length, context.seed + row)
            for row in rows
        ]
        answers = self._engine.generate([prompts[row] for row in rows], settings)
        by_row = dict(zip(rows, answers, strict=True))
        ids = tuple(_cut(by_row.get(row, ()), stop_ids) for row in range(len(prompts)))
        return Generations(ids, self._times(time.perf_counter() - started, ids))

    def unload(self) -> None:
        self._engine.stop()
        del self._engine

    def _times(self, generate_s: float, ids: Sequence[Sequence[int]]) -> dict[str, float]:
        new_tokens = sum(len(row) for row in ids)
        return {"load_s": self._load_s, "generate_s": generate_s, "new_tokens": new_tokens}


def _cut(ids: Sequence[int], stop_ids: Sequence[int]) -> tuple[int, ...]:
    """vLLM leaves the stop id at the end."""
    return tuple(ids[:-1] if ids and ids[-1] in stop_ids else ids)
