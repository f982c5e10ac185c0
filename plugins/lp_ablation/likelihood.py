"""Removal sets → how much less likely the references become without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from lp_models.loading import load
from lp_models.memory import rows_for
from lp_models.teacher_forcing import logits, pieces, refuse_without_references
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from lp_ablation.teacher_forced import NOTHING, Finals, TeacherForced
from lp_runner.api import Context, EncodedSegment, Need, Removal, Score


class Likelihood:
    """Value: the references' negative log-likelihood without the set less that of the whole model, in nats per
    target token; below 0 where the model does better without. Raw: the former.

    Source: Song et al. 2024 (SLEB), arXiv 2402.09025, whose metric asks for the loss without each block that
    is left, anew after every removal; there over all tokens of a text, here over the reference's alone.
    """

    def __init__(self, *, segments: int, batch_size: int | str) -> None:
        self._count = segments
        self._batch_size = batch_size

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """Reads the references once with the whole model. Raises ValueError where there are none."""
        segments = segments[: self._count]
        refuse_without_references("likelihood", segments)
        network = load(model, context.device, context.dtype)
        self._forced = TeacherForced(network, segments, rows_for(self._batch_size, context.device))
        self._unpruned = self._forced.nats(context, surprise, [NOTHING])[0]

    def score(self, context: Context, sets: Sequence[Removal], need: Need) -> Iterator[Score]:
        """All at once, since they share the work: the scores come after the last batch."""
        nats = self._forced.nats(context, surprise, sets)
        for removed, without in zip(sets, nats, strict=True):
            yield Score(removed, without - self._unpruned, raw=without)

    def close(self) -> None:
        del self._forced


def surprise(network: PreTrainedModel, finals: Finals, asked: Tensor) -> Mapping[Removal, Tensor]:
    """-log p(asked id) under each set's model, in nats, (positions,)."""
    return {removed: _surprise(network, states, kind, asked) for removed, states, kind in finals}


def _surprise(network: PreTrainedModel, states: Tensor, kind: type[ModelOutput], asked: Tensor) -> Tensor:
    parts = zip(pieces(network, states), pieces(network, asked), strict=True)
    return torch.cat(
        [F.cross_entropy(logits(network, some, kind), ids, reduction="none") for some, ids in parts]
    )
