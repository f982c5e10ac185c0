"""One batch, and removal sets → what the model says without each set; layers below where sets part run once.

The sets' models are the branches of a tree: they are one as long as the same layers were kept, and part where one
keeps a layer that another lacks. The tree is walked depth first, so there is one hidden state for every parting
that is still open: two in all where each set lacks one more layer than the others.

Embeddings, masks, positions and final norm are the stock model's own. It is run once with layers that note what
they are handed and compute nothing; each layer is then called with that, as often as a branch needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from lp_models.instead import instead
from lp_models.layers import Stack, refuse_unknown, stacks
from lp_models.teacher_forcing import Forced
from torch import Tensor
from torch.nn import Module
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from lp_runner.api import Layer, Removal

Branch = tuple[Sequence[Removal], ModelOutput]
"""Sets, and the output that all of them lead to."""


def branches(network: PreTrainedModel, batch: Forced, sets: Sequence[Removal]) -> Iterator[Branch]:
    """The final states (without head) for every set; a set with layers of both stacks is in one branch of each.

    Raises ValueError for a layer that the model doesn't have, or where nothing would be left of a stack.
    """
    found = stacks(network)
    for removed in sets:
        refuse_unknown(removed, found)
    forward = partial(network.base_model, **batch.inputs, use_cache=False)
    if "encoder" not in found:
        yield from _Replay(found["decoder"], forward).branches(sets)
        return
    read = {name: batch.inputs[name] for name in ("input_ids", "attention_mask")}
    for together, encoded in _Replay(found["encoder"], partial(network.get_encoder(), **read)).branches(sets):
        decoder = _Replay(found["decoder"], partial(forward, encoder_outputs=encoded))
        yield from decoder.branches(together)


class _Replay:
    """One stack on one batch, whose layers are run in whatever selection is asked for."""

    def __init__(self, stack: Stack, forward: Callable[[], ModelOutput]) -> None:
        """Args: forward, the stock model from its embeddings to its final norm, with just these layers."""
        self._name = stack.name
        self._layers = list(stack.layers)
        self._forward = forward
        self._handed: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        with instead(self._layers, self._note):
            forward()

    def branches(self, sets: Sequence[Removal]) -> Iterator[Branch]:
        args, named = self._handed[0]
        waiting = [(_state(args, named), 0, sets)]
        while waiting:
            state, index, together = waiting.pop()
            if index == len(self._layers):
                yield together, self._end(state)
                continue
            lacking = [removed for removed in together if Layer(index, self._name) in removed]
            keeping = [removed for removed in together if Layer(index, self._name) not in removed]
            if lacking and keeping:
                waiting.append((state, index, keeping))
            if lacking:
                waiting.append((state, index + 1, lacking))
            else:
                waiting.append((self._run(index, state), index + 1, keeping))

    def _note(self, *args: Any, **named: Any) -> Tensor:
        """Who takes a part of what a layer returns hands less to the next one."""
        state = _state(args, named)
        if self._handed and state.shape != _state(*self._handed[0]).shape:
            raise _more_than_states(self._layers[0])
        self._handed.append((args, named))
        return state

    def _run(self, index: int, state: Tensor) -> Tensor:
        args, named = self._handed[index]
        layer = self._layers[index]
        out = layer(state, *args[1:], **named) if args else layer(**{**named, "hidden_states": state})
        if isinstance(out, Tensor):
            return out
        raise _more_than_states(layer)

    def _end(self, state: Tensor) -> ModelOutput:
        with instead(self._layers, lambda *args, **named: state):
            return self._forward()


def _state(args: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    state: Tensor = args[0] if args else named["hidden_states"]
    return state


def _more_than_states(layer: Module) -> ValueError:
    kind = type(layer).__name__
    return ValueError(f"{kind} returns more than hidden states, which teacher-forced metrics don't know")
