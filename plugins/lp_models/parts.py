"""A loaded model → the parts of it that the joint decoder runs by itself.

Only architectures are known whose stock `forward` is nothing but embedding, layers, norm and head; any other is left
to the stock model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from lp_models.architectures import CAUSAL, SEQ2SEQ
from lp_models.head import likeliest_by
from lp_models.layers import stacks
from lp_models.reading import Admit, Group, common, joined, joined_beside, rectangle, shares, through
from lp_models.seq2seq import pad_id, split_prompt, start_id
from lp_models.slots import Attend, Continued, CrossSlots, Encoded, Prompts, Slots, Sources
from lp_runner.api import Removal

ROTARY_BY_LAYER_TYPE = ("gemma3_text",)
FIXED_ROPE = ("default", "linear", "llama3", "yarn")
"""Kinds whose rotation doesn't depend on how long the longest text of a batch is."""
PADDING = 0
"""Any id: at the right of a causal prompt nothing looks at it."""
BEGUN = 2
"""Ids that an encoder-decoder model's decoder begins with: its start, and the language's tag."""
Rotation = tuple[Tensor, ...]
"""Cosines and sines, (rows, tokens, width); nothing where positions are in the embedding."""
Last = list[tuple[Sequence[int], Tensor]]
"""Sets that agree, and the last layer's output at their prompts' last tokens, (prompts, width)."""


class Parts(Protocol):
    """Embedding, layers, norm and head of a decoder, and how prompts get into it."""

    device: torch.device
    layers: nn.ModuleList

    def slots(self, rows: int, prompt_tokens: int, new_tokens: int) -> Slots:
        """Empty ones for one layer: rows of prompts and translations of at most so many tokens."""

    def embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        """Both (rows, tokens) → (rows, tokens, width)."""

    def rotations(self, hidden: Tensor, positions: Tensor) -> list[Rotation]:
        """What each layer turns its queries and keys by, for tokens at these positions, (rows, tokens)."""

    def run(self, index: int, hidden: Tensor, rotation: Rotation, attends: Sequence[Attend]) -> Tensor:
        """One layer, (rows, tokens, width) → the same."""

    def likeliest(self, hidden: Tensor) -> Tensor:
        """The last layer's output, (rows, width) → the next ids, (rows,)."""

    def read(
        self, prompts: Sequence[Sequence[int]], sets: Sequence[Removal], admit: Admit
    ) -> tuple[Last, int]:
        """Prompts through the model under every set. Also how many tokens went through a layer, for each layer."""

    def begun(self, prompt: Sequence[int]) -> int:
        """How many tokens of a prompt the decoder is given."""


def parts_of(model: PreTrainedModel) -> Parts:
    """Of a model that is not `unknown`."""
    return Seq2SeqParts(model) if model.config.is_encoder_decoder else CausalParts(model)


def unknown(model: PreTrainedModel) -> str | None:
    """Why the joint decoder can't run this model, or None if it can."""
    config: Any = model.config.get_text_config()
    if model.config.model_type not in CAUSAL + SEQ2SEQ:
        return f"{type(model).__name__} is not one of its architectures"
    kinds = {str(kind) for kind in _rope_types(getattr(config, "rope_parameters", None) or {})}
    if strange := sorted(kinds - set(FIXED_ROPE)):
        return f"rotary embeddings of the kind {strange[0]} depend on the batch"
    if getattr(config, "attn_logit_softcapping", None):
        return "its attention scores are capped"
    if getattr(config, "use_bidirectional_attention", False):
        return "it attends in both directions"
    if getattr(config, "logit_scale", 1) <= 0:
        return "its logits are turned around"
    return None


class CausalParts:
    """A causal language model."""

    def __init__(self, model: PreTrainedModel) -> None:
        stack = stacks(model)["decoder"]
        self._base: Any = stack.owner
        self._config: Any = model.config.get_text_config()
        self.device = model.device
        self.layers = stack.layers
        self._head = likeliest_by(_output(model))

    def slots(self, rows: int, prompt_tokens: int, new_tokens: int) -> Slots:
        return Slots(rows, prompt_tokens + new_tokens, self.device)

    def embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        return cast(Tensor, self._base.embed_tokens(ids))

    def rotations(self, hidden: Tensor, positions: Tensor) -> list[Rotation]:
        kinds = self._kinds()
        by_kind = {kind: self._base.rotary_emb(hidden, positions, *kind) for kind in set(kinds)}
        return [by_kind[kind] for kind in kinds]

    def run(self, index: int, hidden: Tensor, rotation: Rotation, attends: Sequence[Attend]) -> Tensor:
        (attend,) = attends
        return cast(Tensor, self.layers[index](hidden, attention_mask=attend, position_embeddings=rotation))

    def likeliest(self, hidden: Tensor) -> Tensor:
        return self._head(self._base.norm(hidden))

    def read(
        self, prompts: Sequence[Sequence[int]], sets: Sequence[Removal], admit: Admit
    ) -> tuple[Last, int]:
        begun = common(prompts)
        start, rest = [prompts[0][:begun]], [prompt[begun:] for prompt in prompts]
        (ids, lengths), (first, _) = (rectangle(rows, PADDING, self.device) for rows in (rest, start))
        places = torch.arange(begun + ids.shape[1], device=self.device)[None]
        hidden, beside = self.embed(ids, places), self.embed(first, places) if begun else None
        turns = [self.rotations(hidden, part) for part in (places[:, begun:], places[:, :begun])]
        tokens = 0

        def run(index: int, groups: Sequence[Group]) -> list[Group]:
            nonlocal tokens
            tokens += len(groups) * (ids.numel() + begun)
            attend, before = Prompts(), Prompts()
            if begun:
                shared = self.run(index, joined_beside(groups), turns[1][index], [before])
                attend = Continued(before, len(prompts))
                groups = [
                    replace(group, beside=shared[number : number + 1]) for number, group in enumerate(groups)
                ]
            after = self.run(index, joined(groups), turns[0][index], [attend])
            return _admitted(groups, admit, index, after, attend.key, attend.value)

        groups = through("decoder", len(self.layers), [Group(range(len(sets)), hidden, beside)], sets, run)
        rows = torch.arange(len(prompts), device=self.device)
        return [(group.sets, group.hidden[rows, lengths - 1]) for group in groups], tokens

    def begun(self, prompt: Sequence[int]) -> int:
        return len(prompt)

    def _kinds(self) -> list[tuple[str, ...]]:
        if self._config.model_type in ROTARY_BY_LAYER_TYPE:
            return [(kind,) for kind in self._config.layer_types]
        return [()] * len(self.layers)


class Seq2SeqParts:
    """An encoder-decoder model whose positions are in its embeddings: M2M-100, NLLB."""

    def __init__(self, model: PreTrainedModel) -> None:
        found = stacks(model)
        self._encoder: Any = found["encoder"].owner
        self._decoder: Any = found["decoder"].owner
        self._encoder_layers = found["encoder"].layers
        self._start, self._padding = start_id(model), pad_id(model)
        self.device = model.device
        self.layers = found["decoder"].layers
        self._head = likeliest_by(_output(model))

    def slots(self, rows: int, prompt_tokens: int, new_tokens: int) -> Slots:
        return CrossSlots(rows, BEGUN + new_tokens, prompt_tokens, self.device)

    def embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        """All rows stand at the same positions: each began with two ids."""
        hidden = self._decoder.embed_tokens(ids)
        return cast(Tensor, hidden + self._decoder.embed_positions(ids, hidden, int(positions.min())))

    def rotations(self, hidden: Tensor, positions: Tensor) -> list[Rotation]:
        return [()] * len(self.layers)

    def run(self, index: int, hidden: Tensor, rotation: Rotation, attends: Sequence[Attend]) -> Tensor:
        """What the rows' sources are is known to the second `Attend`; the layer is shown one that isn't used."""
        return self._run(index, hidden, attends, hidden[:1, :1])

    def likeliest(self, hidden: Tensor) -> Tensor:
        return self._head(self._decoder.layer_norm(hidden))

    def read(
        self, prompts: Sequence[Sequence[int]], sets: Sequence[Removal], admit: Admit
    ) -> tuple[Last, int]:
        sources, starts = zip(*(split_prompt(prompt, self._start) for prompt in prompts), strict=True)
        groups, lengths, tokens = self._encoded(sources, sets)
        begun = torch.tensor(starts, device=self.device)
        hidden = self.embed(begun, torch.zeros_like(begun))
        groups = [Group(group.sets, hidden, self._encoder.layer_norm(group.hidden)) for group in groups]

        def run(index: int, groups: Sequence[Group]) -> list[Group]:
            nonlocal tokens
            tokens += len(groups) * begun.numel()
            many = lengths.repeat(len(groups))
            attend, cross = Prompts(), Sources(many)
            after = self._run(index, joined(groups), [attend, cross], joined_beside(groups))
            kept = (attend.key, attend.value, cross.key, cross.value, many[:, None, None, None])
            return _admitted(groups, admit, index, after, *kept)

        groups = through("decoder", len(self.layers), groups, sets, run)
        return [(group.sets, group.hidden[:, -1]) for group in groups], tokens

    def begun(self, prompt: Sequence[int]) -> int:
        return BEGUN

    def _encoded(
        self, sources: Sequence[Sequence[int]], sets: Sequence[Removal]
    ) -> tuple[list[Group], Tensor, int]:
        ids, lengths = rectangle(sources, self._padding, self.device)
        hidden = self._encoder.embed_tokens(ids)
        hidden = hidden + self._encoder.embed_positions(ids, hidden)
        tokens = 0

        def run(index: int, groups: Sequence[Group]) -> list[Group]:
            nonlocal tokens
            tokens += len(groups) * ids.numel()
            attend = Encoded(lengths.repeat(len(groups)))
            after = self._encoder_layers[index](joined(groups), attend)
            return _moved(groups, after)

        start = [Group(range(len(sets)), hidden)]
        return through("encoder", len(self._encoder_layers), start, sets, run), lengths, tokens

    def _run(self, index: int, hidden: Tensor, attends: Sequence[Attend], source: Tensor) -> Tensor:
        attend, cross = attends
        layer = self.layers[index]
        return cast(
            Tensor,
            layer(hidden, attention_mask=attend, encoder_hidden_states=source, encoder_attention_mask=cross),
        )


def _admitted(
    groups: Sequence[Group], admit: Admit, index: int, after: Tensor, *states: Tensor
) -> list[Group]:
    """The groups behind a layer, once its slots have got every set's share of what they keep."""
    for group, kept in zip(groups, shares(groups, *states), strict=True):
        for number in group.sets:
            admit(index, number, kept)
    return _moved(groups, after)


def _moved(groups: Sequence[Group], after: Tensor) -> list[Group]:
    return [
        replace(group, hidden=hidden) for group, (hidden,) in zip(groups, shares(groups, after), strict=True)
    ]


def _output(model: Any) -> nn.Linear:
    return cast(nn.Linear, model.get_output_embeddings())


def _rope_types(rope: dict[str, Any]) -> list[Any]:
    """Of a config with one kind of layer, or with a rotation for each kind."""
    nested = [part for part in rope.values() if isinstance(part, dict)]
    return [part.get("rope_type", "default") for part in nested or [rope]]
