"""Prompts and what is to follow them → a batch that a model reads; final states → logits, some at a time.

Nothing is generated: the model reads the given text at once, and is asked at every position what comes next
(teacher forcing: Williams and Zipser 1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from lp_models.instead import instead
from lp_models.memory import LOGITS_AT_ONCE
from lp_models.padding import left_padded, positions
from lp_models.seq2seq import pad_id, split_prompt, start_id
from lp_runner.api import EncodedSegment

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class Forced:
    """Texts as one rectangle, padded at the left."""

    inputs: dict[str, Tensor]
    """What the model without its head is called with."""
    masks: dict[str, Tensor]
    """By stack, 1 at real tokens, (rows, tokens)."""

    def last(self, counts: Sequence[int]) -> Tensor:
        """True at the last `counts[row]` positions of what the decoder reads, (rows, tokens)."""
        mask = self.masks["decoder"]
        from_end = torch.arange(mask.shape[1], 0, -1, device=mask.device)
        return from_end <= torch.tensor(counts, device=mask.device)[:, None]


def refuse_without_references(name: str, segments: Sequence[EncodedSegment]) -> None:
    """Raises ValueError, in the metric's name, without segments or where one has no target."""
    if not segments:
        raise ValueError(f"{name} has no segments to read")
    without = [number for number, segment in enumerate(segments, 1) if not segment.target_ids]
    if without:
        raise ValueError(f"segment {without[0]} has no reference, which {name} needs")


def longest_first(segments: Sequence[EncodedSegment]) -> list[EncodedSegment]:
    """By prompt and target together: memory runs out at once or not at all."""
    return sorted(segments, key=lambda one: -len(one.prompt_ids) - len(one.target_ids))


def forced(network: PreTrainedModel, prompts: Sequence[Ids], continuations: Sequence[Ids]) -> Forced:
    """Each prompt with its continuation; an encoder-decoder's encoder reads the prompt up to its last id."""
    read = _seq2seq if network.config.is_encoder_decoder else _causal
    return read(network, prompts, continuations)


def final_states(network: PreTrainedModel, batch: Forced) -> ModelOutput:
    """The model without its head, run on a batch; "last_hidden_state" is (rows, tokens, width)."""
    found: ModelOutput = network.base_model(**batch.inputs, use_cache=False)
    return found


def pieces(network: PreTrainedModel, states: Tensor) -> tuple[Tensor, ...]:
    """Positions, (all, …), in runs short enough for their logits to be in memory at once."""
    words = network.config.get_text_config().vocab_size
    return torch.split(states, max(1, LOGITS_AT_ONCE[states.device.type] // words))


def logits(network: PreTrainedModel, states: Tensor, kind: type[ModelOutput]) -> Tensor:
    """What the stock model makes of final states, with its own scales and caps.

    Args:
        states: (positions, width).
        kind: of the output that the model without head gave them in.
    Returns: (positions, words), float32.
    """
    with instead([network.base_model], lambda *args, **named: kind(last_hidden_state=states[None])):
        found: Tensor = network().logits
    return found[0].float()


def _causal(network: PreTrainedModel, prompts: Sequence[Ids], continuations: Sequence[Ids]) -> Forced:
    rows = [[*prompt, *after] for prompt, after in zip(prompts, continuations, strict=True)]
    ids, mask = left_padded(rows, pad_id(network), network.device)
    inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions(mask)}
    return Forced(inputs, {"decoder": mask})


def _seq2seq(network: PreTrainedModel, prompts: Sequence[Ids], continuations: Sequence[Ids]) -> Forced:
    begun = [split_prompt(prompt, start_id(network)) for prompt in prompts]
    rows = [[*start, *after] for (_, start), after in zip(begun, continuations, strict=True)]
    ids, mask = left_padded([source for source, _ in begun], pad_id(network), network.device)
    decoder_ids, decoder_mask = left_padded(rows, pad_id(network), network.device)
    inputs = {"input_ids": ids, "attention_mask": mask}
    inputs |= {"decoder_input_ids": decoder_ids, "decoder_attention_mask": decoder_mask}
    return Forced(inputs, {"encoder": mask, "decoder": decoder_mask})
