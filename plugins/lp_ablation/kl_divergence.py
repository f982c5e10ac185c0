"""Removal sets → how far the model's next-token distributions move away from the unpruned model's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from lp_models.batching import Batches, recorded_by
from lp_models.decoding import GreedyDecoder
from lp_models.loading import load
from lp_models.memory import rows_for
from lp_models.teacher_forcing import logits, pieces, refuse_without_references
from torch import Tensor
from transformers import PreTrainedModel

from lp_ablation.limits import limit
from lp_ablation.teacher_forced import NOTHING, Finals, TeacherForced
from lp_runner.api import Context, EncodedSegment, Need, Removal, Score


class KlDivergence:
    """Value: the mean of KL(unpruned ‖ without the set) at every target token, in nats per token, at least 0.

    Both models read the same target: the reference, or what the unpruned model writes. Its end counts as a token.
    Source: Sieberling et al. 2024 (EvoPress), arXiv 2410.14649, which takes this divergence for its fitness.
    """

    def __init__(
        self, *, segments: int, against: str, max_new_tokens: int | str, batch_size: int | str
    ) -> None:
        self._count = segments
        self._against = against
        self._max_new_tokens = max_new_tokens
        self._batch_size = batch_size

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """Translates with the whole model where that is compared with.

        Raises ValueError without segments, or where references are compared with and one is missing.
        """
        segments = segments[: self._count]
        network = load(model, context.device, context.dtype)
        rows = rows_for(self._batch_size, context.device)
        if self._against == "unpruned":
            segments = self._own_words(context, network, segments, stop_ids, rows)
        refuse_without_references("kl-divergence", segments)
        self._forced = TeacherForced(network, segments, rows)

    def score(self, context: Context, sets: Sequence[Removal], need: Need) -> Iterator[Score]:
        """All at once, since they share the work: the scores come after the last batch."""
        _, *nats = self._forced.nats(context, divergence, [NOTHING, *sets])
        for removed, moved in zip(sets, nats, strict=True):
            yield Score(removed, moved)

    def close(self) -> None:
        del self._forced

    def _own_words(
        self,
        context: Context,
        network: PreTrainedModel,
        segments: Sequence[EncodedSegment],
        stop_ids: Sequence[int],
        rows: int,
    ) -> list[EncodedSegment]:
        """The segments with the unpruned model's greedy translations as targets, and an end: whichever, for
        nobody reads a target's last id, nor does the divergence ask for its likelihood."""
        prompts = [segment.prompt_ids for segment in segments]
        decoder = GreedyDecoder(network, Batches(rows), recorded_by(context))
        limits = [limit(self._max_new_tokens, segments, prompts)] * len(prompts) if prompts else []
        found = decoder.translate(prompts, limits, stop_ids, NOTHING)
        return [
            replace(segment, target_ids=(*ids, stop_ids[0]))
            for segment, ids in zip(segments, found, strict=True)
        ]


def divergence(network: PreTrainedModel, finals: Finals, asked: Tensor) -> Mapping[Removal, Tensor]:
    """Σ_w p(w) (log p(w) - log q(w)) in nats, (positions,): p the unpruned model's, q each set's.

    All sets' states are held, so that the unpruned model's head is run once for each piece of them.
    """
    held = [(removed, pieces(network, states), kind) for removed, states, kind in finals]
    unpruned = next(parts for removed, parts, _ in held if removed == NOTHING)
    found: dict[Removal, list[Tensor]] = {removed: [] for removed, _, _ in held}
    for number, states in enumerate(unpruned):
        expected = F.log_softmax(logits(network, states, held[0][2]), dim=-1)
        for removed, parts, kind in held:
            given = F.log_softmax(logits(network, parts[number], kind), dim=-1)
            found[removed].append(F.kl_div(given, expected, reduction="none", log_target=True).sum(-1))
    return {removed: torch.cat(parts) for removed, parts in found.items()}
