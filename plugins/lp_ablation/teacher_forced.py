"""Segments that a model is made to read + removal sets → nats per target token, by a judge of final states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import torch
from lp_models.batching import Batches, recorded_by
from lp_models.teacher_forcing import forced, longest_first
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from lp_ablation.teacher_forced_layers import branches
from lp_runner.api import Context, EncodedSegment, Removal

NOTHING: Removal = frozenset()
Finals = Iterable[tuple[Removal, Tensor, type[ModelOutput]]]
"""Each set, its final states where a target token is asked for, (positions, width), and the output's kind."""


class Judge(Protocol):
    """What is read off a model's final states."""

    def __call__(self, network: PreTrainedModel, finals: Finals, asked: Tensor) -> Mapping[Removal, Tensor]:
        """Nats at every position, (positions,); `asked` is the target id of each."""


class TeacherForced:
    """One loaded model and its segments, longest first; a batch is done for all sets before the next."""

    def __init__(self, network: PreTrainedModel, segments: Sequence[EncodedSegment], rows: int) -> None:
        self._network = network
        self._segments = longest_first(segments)
        self._batches = Batches(rows)
        self._tokens = sum(len(segment.target_ids) for segment in segments)

    def nats(self, context: Context, judge: Judge, sets: Sequence[Removal]) -> list[float]:
        """The judge's mean over all target tokens, for each set. Raises ValueError for an unknown layer."""
        done = 0

        def work(segments: Sequence[EncodedSegment]) -> list[list[float]]:
            nonlocal done
            found = _sums(self._network, judge, sets, segments)
            done += len(segments)
            context.progress(done, len(self._segments), f"segments, {len(sets)} candidates")
            return found

        with torch.inference_mode():
            sums = self._batches.map(self._segments, work, recorded_by(context))
        context.record(passes=len(self._segments) * len(sets))
        return [sum(of_set) / self._tokens for of_set in zip(*sums, strict=True)]


def _sums(
    network: PreTrainedModel, judge: Judge, sets: Sequence[Removal], segments: Sequence[EncodedSegment]
) -> list[list[float]]:
    """Nats of every segment's target, per set."""
    targets = [segment.target_ids for segment in segments]
    batch = forced(network, [segment.prompt_ids for segment in segments], [ids[:-1] for ids in targets])
    counts = [len(ids) for ids in targets]
    asked = torch.tensor([one for ids in targets for one in ids], device=network.device)
    where = batch.last(counts)
    finals = (
        (removed, out["last_hidden_state"][where], type(out))
        for together, out in branches(network, batch, sets)
        for removed in together
    )
    found = judge(network, finals, asked)
    by_set = [torch.split(found[removed].double(), counts) for removed in sets]
    return [[float(of_set[row].sum()) for of_set in by_set] for row in range(len(segments))]
