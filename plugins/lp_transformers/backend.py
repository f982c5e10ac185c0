"""Prompts as ids → greedy continuations as ids, by `generate` of a stock Transformers model.

What the model's folder says about sampling, penalties or lengths never counts: the only settings are ours.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lp_models.batching import Batches, recorded_by
from lp_models.loading import load
from lp_models.memory import rows_for
from lp_models.padding import left_padded
from lp_models.seq2seq import pad_id, split_prompt, start_id
from torch import Tensor
from transformers import GenerationConfig, PreTrainedModel

from lp_runner.api import Context, Generations


@dataclass(frozen=True, slots=True)
class Job:
    """One prompt and how many new ids it may get: at least 1."""

    prompt: Sequence[int]
    limit: int


class TransformersBackend:
    """Times: load_s, generate_s (in all, ids in and ids out), and new_tokens, a count."""

    def __init__(self, *, dtype: str, batch_size: int | str) -> None:
        self._dtype = dtype
        self._batch_size = batch_size

    def load(self, context: Context, model: Path) -> None:
        started = time.perf_counter()
        dtype = context.dtype if self._dtype == "auto" else self._dtype
        self._model: Any = load(model, context.device, dtype)
        self._start_id = start_id(self._model) if self._model.config.is_encoder_decoder else None
        self._model.generation_config = _settings(decoder_start_token_id=self._start_id)
        self._batches = Batches(rows_for(self._batch_size, context.device))
        self._load_s = time.perf_counter() - started

    def generate(
        self,
        context: Context,
        prompts: Sequence[Sequence[int]],
        max_new_tokens: Sequence[int],
        stop_ids: Sequence[int],
        fixed_length: bool,
    ) -> Generations:
        started = time.perf_counter()
        rows = [row for row in range(len(prompts)) if max_new_tokens[row] > 0]
        longest_first = sorted(rows, key=lambda row: -len(prompts[row]))
        jobs = [Job(prompts[row], max_new_tokens[row]) for row in longest_first]
        work = partial(self._continue, stop_ids, fixed_length)
        with torch.inference_mode():
            answers = self._batches.map(jobs, work, recorded_by(context))
        by_row = dict(zip(longest_first, answers, strict=True))
        ids = tuple(by_row.get(row, ()) for row in range(len(prompts)))
        return Generations(ids, self._times(time.perf_counter() - started, ids))

    def unload(self) -> None:
        del self._model
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _times(self, generate_s: float, ids: Sequence[Sequence[int]]) -> dict[str, float]:
        new_tokens = sum(len(row) for row in ids)
        return {"load_s": self._load_s, "generate_s": generate_s, "new_tokens": new_tokens}

    def _continue(self, stop_ids: Sequence[int], fixed: bool, jobs: Sequence[Job]) -> list[tuple[int, ...]]:
        longest = max(job.limit for job in jobs)
        settings = greedy(longest, longest if fixed else 0, stop_ids, pad_id(self._model))
        inputs, begun = self._inputs([job.prompt for job in jobs])
        rows = self._model.generate(**inputs, generation_config=settings)[:, begun:].tolist()
        return [_cut(row[: job.limit], stop_ids) for row, job in zip(rows, jobs, strict=True)]

    def _inputs(self, prompts: Sequence[Sequence[int]]) -> tuple[dict[str, Tensor], int]:
        """What generate is called with, and how many of its ids are not new."""
        if self._start_id is None:
            ids, mask = left_padded(prompts, pad_id(self._model), self._model.device)
            return {"input_ids": ids, "attention_mask": mask}, ids.shape[1]
        return _seq2seq_inputs(self._model, prompts, self._start_id), 2


def greedy(longest: int, shortest: int, stop_ids: Sequence[int], pad_id: int) -> GenerationConfig:
    """Everything that could make generate do other than take the likeliest id, said out loud."""
    return _settings(
        max_new_tokens=longest,
        min_new_tokens=shortest or None,
        eos_token_id=list(stop_ids) or None,
        pad_token_id=pad_id,
        do_sample=False,
        num_beams=1,
        use_cache=True,
    )


def _settings(**settings: Any) -> GenerationConfig:
    return GenerationConfig(**settings)  # type: ignore[no-untyped-call]


def _seq2seq_inputs(model: PreTrainedModel, prompts: Sequence[Sequence[int]], start: int) -> dict[str, Any]:
    sources, starts = zip(*(split_prompt(prompt, start) for prompt in prompts), strict=True)
    ids, mask = left_padded(sources, pad_id(model), model.device)
    begun = torch.tensor(starts, device=model.device)
    return {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": begun}


def _cut(ids: Sequence[int], stop_ids: Sequence[int]) -> tuple[int, ...]:
    """Up to the first stop id; what stands after it is padding."""
    end = next((place for place, new_id in enumerate(ids) if new_id in stop_ids), len(ids))
    return tuple(ids[:end])
