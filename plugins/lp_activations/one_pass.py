"""A number for each layer of the unpruned model, from one look at it; a set of layers → the sum."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from lp_models.layer_sums import LayerSums

from lp_activations.reading import Reading, begin
from lp_runner.api import Context, EncodedSegment, Layer


class OnePass(LayerSums):
    """The data is read when the metric is opened; every question after that is an addition."""

    name: str

    def __init__(self, *, segments: int, batch_size: int | str) -> None:
        self._count = segments
        self._batch_size = batch_size

    def measure(self, reading: Reading) -> dict[Layer, float]:
        """Each layer's importance."""
        raise NotImplementedError

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """Runs the whole model over prompts and targets. Raises ValueError without segments."""
        reading = begin(self.name, context, model, segments[: self._count], self._batch_size)
        with torch.inference_mode():
            self._importance = self.measure(reading)
