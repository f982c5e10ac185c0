"""Segments with references → how steep the loss is in each layer's weights; a set of layers → the sum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from lp_models.layer_sums import LayerSums
from torch import Tensor

from lp_runner.api import Context, EncodedSegment
from lp_weights.gradients import loss_gradients


class GradientNorm(LayerSums):
    """The L2 norm of the gradient in all weights of a layer: nats per target token and unit of weight.

    Of the references' negative log-likelihood. It tells how much the loss depends on small changes to a layer, not
    on its going: a layer that adds nothing but would learn to has a large one. Taylor looks at both.
    Source: gradients' norms as importance, Das et al. 2023 (GBLM-Pruner), arXiv 2311.04902; there of single weights.
    """

    def __init__(self, *, segments: int, batch_size: int) -> None:
        self._count = segments
        self._batch_size = batch_size

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """One pass there and back. Raises ValueError without segments, or where one has no reference."""
        found = loss_gradients("gradient-norm", context, model, segments[: self._count], self._batch_size)
        self._importance = {
            layer: norm([gradient for _, gradient in weights]) for layer, weights in found.items()
        }


def norm(gradients: Sequence[Tensor]) -> float:
    """Of all of them as one long vector."""
    return math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))
