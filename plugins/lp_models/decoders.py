"""A loaded model → the fastest decoder that gives what plain greedy decoding of each cut model gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from transformers import PreTrainedModel

from lp_models.batching import Batches, Halved
from lp_models.decoding import GreedyDecoder
from lp_models.flight import Task
from lp_models.joint import Hopeless, JointDecoder, Translated
from lp_models.memory import rows_for
from lp_models.parts import unknown
from lp_runner.api import Removal


class Decoder(Protocol):
    """Greedy translations of one model lacking each of some removal sets."""

    def translate(self, task: Task, sets: Sequence[Removal], hopeless: Hopeless) -> Iterator[Translated]:
        """Each set as soon as it is done; one that is found hopeless need not come.

        Raises ValueError for a set that the model can't lose, MemoryError where one prompt alone is too much for the
        device.
        """


class OneByOne:
    """The stock model with a set's layers skipped, set after set: for every architecture that Transformers has."""

    def __init__(self, model: PreTrainedModel, rows: int, halved: Halved) -> None:
        self._greedy = GreedyDecoder(model, Batches(rows), halved)

    def translate(self, task: Task, sets: Sequence[Removal], hopeless: Hopeless) -> Iterator[Translated]:
        for number, removed in enumerate(sets):
            yield number, self._greedy.translate(task.prompts, task.limits, list(task.stop_ids), removed)


def decoder_for(model: PreTrainedModel, batch_size: int | str, halved: Halved) -> tuple[Decoder, str]:
    """The decoder, and in a few words which it is; a known architecture's sets are decoded together."""
    reason = unknown(model)
    if reason:
        rows = rows_for(batch_size, str(model.device))
        return OneByOne(model, rows, halved), f"one set at a time: {reason}"
    return JointDecoder(model, None if batch_size == "auto" else int(batch_size), halved), "all sets together"
