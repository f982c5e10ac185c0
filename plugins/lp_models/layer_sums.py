"""A number for each layer of the unpruned model; a set of layers → the sum.

Additive by definition: what a layer is worth once others are gone is not measured again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from torch import nn
from transformers import PreTrainedModel

from lp_models.layers import stacks
from lp_runner.api import Context, Layer, Need, Removal, Score


class LayerSums:
    """What additive metrics do when asked: whoever opens one puts every layer's importance here."""

    _importance: Mapping[Layer, float]

    def score(self, context: Context, sets: Sequence[Removal], need: Need) -> Iterator[Score]:
        for removed in sets:
            yield Score(removed, sum(self._importance[layer] for layer in sorted(removed)))

    def close(self) -> None:
        """The model is gone already."""


def layers_of(network: PreTrainedModel) -> dict[Layer, nn.Module]:
    """All layers of all stacks."""
    return {
        Layer(index, stack.name): module
        for stack in stacks(network).values()
        for index, module in enumerate(stack.layers)
    }
