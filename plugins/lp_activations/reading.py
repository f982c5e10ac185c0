"""Segments → what every layer of the unpruned model does while it reads them, prompt and target, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lp_models.batching import Batches, recorded_by
from lp_models.layer_sums import layers_of
from lp_models.loading import load
from lp_models.memory import rows_for
from lp_models.teacher_forcing import Forced, final_states, forced, longest_first
from torch import Tensor, nn
from transformers import PreTrainedModel

from lp_runner.api import Context, EncodedSegment, Layer

R = TypeVar("R")
See = Callable[[Layer, Tensor, Tensor], None]
"""Shown, per layer in the order they run, what a watch is about."""
Watch = Callable[[PreTrainedModel, See], AbstractContextManager[None]]
PerToken = Callable[[Layer, Tensor, Tensor], tuple[Tensor, Tensor]]
"""From what a watch shows: a value at every token, and True where it counts; both (rows, tokens)."""
Sums = Mapping[Layer, tuple[float, int]]
"""Per layer: the sum over a segment's tokens, and how many tokens."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A loaded model and the segments that it is to read, longest first."""

    network: PreTrainedModel
    segments: Sequence[EncodedSegment]
    batches: Batches
    context: Context

    def map(self, work: Callable[[Forced], Sequence[R]]) -> list[R]:
        """One result per segment."""
        return [result for results in self.stream(work) for result in results]

    def stream(self, work: Callable[[Forced], Sequence[R]]) -> Iterator[list[R]]:
        """One result per segment, a batch after the other, so that not all need to be held."""
        done = 0
        while done < len(self.segments):
            batch = self.segments[done : done + self.batches.rows]
            found = self.batches.map(batch, partial(self._read, work), recorded_by(self.context))
            done += len(found)
            self.context.progress(done, len(self.segments), "segments read")
            yield found

    def token_means(self, watch: Watch, per_token: PerToken) -> dict[Layer, float]:
        """Per layer the mean over all tokens that count, of all segments."""
        found = self.map(partial(_sums, self.network, watch, per_token))
        totals = {layer: [sums[layer] for sums in found] for layer in found[0]}
        return {
            layer: sum(total for total, _ in parts) / sum(tokens for _, tokens in parts)
            for layer, parts in totals.items()
        }

    def _read(self, work: Callable[[Forced], Sequence[R]], segments: Sequence[EncodedSegment]) -> Sequence[R]:
        prompts = [segment.prompt_ids for segment in segments]
        return work(forced(self.network, prompts, [segment.target_ids for segment in segments]))


def begin(
    name: str,
    context: Context,
    model: Path,
    segments: Sequence[EncodedSegment],
    batch_size: int | str,
) -> Reading:
    """Loads the model. Raises ValueError without segments, in the metric's name."""
    if not segments:
        raise ValueError(f"{name} has no segments to run")
    context.record(passes=len(segments))
    network = load(model, context.device, context.dtype)
    batches = Batches(rows_for(batch_size, context.device))
    return Reading(network, longest_first(segments), batches, context)


@contextmanager
def around_layers(network: PreTrainedModel, see: See) -> Iterator[None]:
    """Inside, every layer's input and output are seen, (rows, tokens, width); the last's before the final norm."""

    def show(layer: Layer, module: nn.Module, args: tuple[Any, ...], named: dict[str, Any], out: Any) -> None:
        see(layer, args[0] if args else named["hidden_states"], out if isinstance(out, Tensor) else out[0])

    with ExitStack() as until:
        for layer, module in layers_of(network).items():
            hook = partial(show, layer)
            until.callback(module.register_forward_hook(hook, with_kwargs=True).remove)
        yield


def _sums(network: PreTrainedModel, watch: Watch, per_token: PerToken, batch: Forced) -> list[Sums]:
    totals: dict[Layer, tuple[list[float], list[int]]] = {}

    def see(layer: Layer, first: Tensor, second: Tensor) -> None:
        values, counted = per_token(layer, first, second)
        counted = counted & batch.masks[layer.stack].bool()
        totals[layer] = values.where(counted, 0).sum(-1).tolist(), counted.sum(-1).tolist()

    with watch(network, see):
        final_states(network, batch)
    rows = range(len(batch.masks["decoder"]))
    return [{layer: (sums[row], tokens[row]) for layer, (sums, tokens) in totals.items()} for row in rows]
