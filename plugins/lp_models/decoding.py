"""Prompts as ids + the layers to leave out → greedy translations as ids, by the forward pass of the stock model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from lp_models.batching import Batches, Halved
from lp_models.layers import skipping
from lp_models.padding import left_padded, positions
from lp_models.seq2seq import pad_id, split_prompt, start_id
from lp_runner.api import Removal

Job = tuple[Sequence[int], int]
"""A prompt, and how many new ids it may get: at least 1."""


class GreedyDecoder:
    """One loaded model, its layers skipped in place; batches by length, which ended rows leave at once."""

    def __init__(self, model: PreTrainedModel, batches: Batches, halved: Halved) -> None:
        self._model = model
        self._batches = batches
        self._halved = halved

    def translate(
        self,
        prompts: Sequence[Sequence[int]],
        limits: Sequence[int],
        stop_ids: Sequence[int],
        removed: Removal,
    ) -> list[list[int]]:
        """New ids per prompt, in order, up to its limit or the first stop id, which is not among them.

        Raises MemoryError where one prompt alone is too much for the device.
        """
        rows = [row for row in range(len(prompts)) if limits[row] > 0]
        longest_first = sorted(rows, key=lambda row: -len(prompts[row]))
        jobs = [(prompts[row], limits[row]) for row in longest_first]
        decode = partial(_decode, self._model, frozenset(stop_ids))
        with torch.inference_mode(), skipping(self._model, removed):
            answers = self._batches.map(jobs, decode, self._halved)
        by_row = dict(zip(longest_first, answers, strict=True))
        return [by_row.get(row, []) for row in range(len(prompts))]


class _Rows(Protocol):
    """The rows of a batch that are still being translated."""

    def next_ids(self) -> Tensor:
        """The likeliest next id of every row, (rows,)."""

    def go_on(self, rows: Tensor, ids: Tensor) -> None:
        """Keep only these rows, (kept,), and give each its new id, (kept,)."""


def _decode(model: PreTrainedModel, stop_ids: frozenset[int], jobs: Sequence[Job]) -> list[list[int]]:
    answers: list[list[int]] = [[] for _ in jobs]
    running = list(range(len(jobs)))
    rows = _rows(model, [prompt for prompt, _ in jobs])
    while True:
        ids = rows.next_ids()
        kept = _answer(answers, running, ids.tolist(), stop_ids, [jobs[job][1] for job in running])
        if not kept:
            return answers
        running = [running[row] for row in kept]
        where = torch.tensor(kept, device=ids.device)
        rows.go_on(where, ids[where])


def _answer(
    answers: list[list[int]], running: list[int], ids: list[int], stop_ids: frozenset[int], limits: list[int]
) -> list[int]:
    """Append each running job's new id to its answer; returns the rows that are not at their end."""
    kept = []
    for row, (job, new_id, limit) in enumerate(zip(running, ids, limits, strict=True)):
        if new_id in stop_ids:
            continue
        answers[job].append(new_id)
        if len(answers[job]) < limit:
            kept.append(row)
    return kept


def _rows(model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> _Rows:
    return (_Seq2SeqRows if model.config.is_encoder_decoder else _CausalRows)(model, prompts)


class _CausalRows:
    """Prompts padded at the left, so that every row's next id is at the right edge."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> None:
        self._model = model
        self._ids, self._mask = left_padded(prompts, pad_id(model), model.device)
        self._positions = positions(self._mask)
        self._cache: Any = None

    def next_ids(self) -> Tensor:
        out = self._model(
            input_ids=self._ids,
            attention_mask=self._mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self._cache = out.past_key_values
        return cast(Tensor, out.logits[:, -1].argmax(-1))

    def go_on(self, rows: Tensor, ids: Tensor) -> None:
        if len(rows) < len(self._mask):
            self._cache.batch_select_indices(rows)
            self._mask = self._mask[rows]
        self._ids = ids[:, None]
        self._mask = torch.cat([self._mask, torch.ones_like(self._ids)], dim=-1)
        self._positions = self._positions[rows, -1:] + 1


class _Seq2SeqRows:
    """The encoder has run once; the decoder goes on from its start token and the language's tag."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> None:
        self._model = model
        sources, starts = zip(*(split_prompt(prompt, start_id(model)) for prompt in prompts), strict=True)
        ids, self._mask = left_padded(sources, pad_id(model), model.device)
        self._encoded = model.get_encoder()(input_ids=ids, attention_mask=self._mask).last_hidden_state
        self._ids = torch.tensor(starts, device=model.device)
        self._cache: Any = None

    def next_ids(self) -> Tensor:
        out = self._model(
            encoder_outputs=BaseModelOutput(last_hidden_state=self._encoded),
            attention_mask=self._mask,
            decoder_input_ids=self._ids,
            past_key_values=self._cache,
            use_cache=True,
        )
        self._cache = out.past_key_values
        return cast(Tensor, out.logits[:, -1].argmax(-1))

    def go_on(self, rows: Tensor, ids: Tensor) -> None:
        if len(rows) < len(self._mask):
            self._cache.batch_select_indices(rows)
            self._mask = self._mask[rows]
            self._encoded = self._encoded[rows]
        self._ids = ids[:, None]
