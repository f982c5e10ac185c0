"""A loaded causal language model and examples → the loss in nats, and its gradient.

The head is applied to the positions whose next id is asked for and to no other, some at a time, so neither the
prompt's logits nor all of the targets' ever exist at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from lp_models.memory import LOGITS_AT_ONCE
from torch import Tensor

from lp_sft.examples import Example
from lp_sft.words import Words


class TokenLoss:
    """Cross-entropy of the ids that examples ask for, summed over positions."""

    def __init__(self, model: Any, device: torch.device, autocast: torch.dtype | None) -> None:
        self.model = model
        self._device = device
        self._autocast = autocast
        self._trunk = model.get_decoder()

    def backward(self, batch: Sequence[Example], share_of: int, words: Words) -> float:
        """Add the gradient of (sum of nats / share_of) to the weights; returns the sum of nats."""
        with self._precision():
            states, asked = self._states(batch)
            leaf = states.detach().requires_grad_()
            total = torch.zeros((), device=self._device)
            for nats in self._pieces(leaf, asked, words):
                (nats / share_of).backward()  # type: ignore[no-untyped-call]
                total += nats.detach()
        states.backward(leaf.grad)  # type: ignore[no-untyped-call]
        return float(total)

    @torch.no_grad()
    def total(self, batch: Sequence[Example], words: Words) -> float:
        """The sum of nats alone."""
        with self._precision():
            return sum(float(nats) for nats in self._pieces(*self._states(batch), words))

    @torch.no_grad()
    def check(self, sample: Example) -> None:
        """Raises ValueError where the model makes its logits in a way that is not known here."""
        with self._precision():
            states, _ = self._states([sample])
            ours = self._logits(states[-1:], Words.all())
            row = torch.tensor([sample.ids], device=self._device)
            theirs = self.model(input_ids=row, use_cache=False).logits[:, -2].float()
        if not torch.allclose(ours, theirs, rtol=1e-2, atol=1e-2 * float(theirs.std())):
            kind = self.model.config.model_type
            raise ValueError(f"{kind} changes its logits after the head in a way that recovery does not know")

    def _precision(self) -> torch.autocast:
        """Without a cache, or every weight's bfloat16 copy would outlive its layer in spite of checkpointing."""
        on = self._autocast is not None
        return torch.autocast(self._device.type, self._autocast, enabled=on, cache_enabled=False)

    def _states(self, batch: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Final hidden states before each id asked for, (asked, width), and those ids, (asked,)."""
        ids, mask = padded(batch, self._device)
        hidden = self._trunk(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        before = torch.tensor(places(batch, ids.shape[1]), device=self._device)
        asked = torch.tensor([word for one in batch for word in one.ids[one.first :]], device=self._device)
        return hidden.flatten(0, 1).index_select(0, before), asked

    def _pieces(self, states: Tensor, asked: Tensor, words: Words) -> Iterator[Tensor]:
        """The sum of nats of some positions after the other."""
        at_once = max(
            1,
            LOGITS_AT_ONCE[self._device.type] // words.count(self.model.config.get_text_config().vocab_size),
        )
        for some, ids in zip(torch.split(states, at_once), torch.split(asked, at_once), strict=True):
            yield F.cross_entropy(self._logits(some, words), words.places(ids), reduction="sum")

    def _logits(self, states: Tensor, words: Words) -> Tensor:
        """As the model's own head makes them: (positions, words), float32."""
        head, config = self.model.get_output_embeddings(), self.model.config.get_text_config()
        weight = words.rows(head.weight)
        bias = None if head.bias is None else words.rows(head.bias)
        logits = F.linear(states.to(weight.dtype), weight, bias).float()
        logits = logits * (getattr(config, "logit_scale", None) or 1.0)  # Cohere
        logits = logits / (getattr(config, "logits_scaling", None) or 1.0)  # Granite
        cap = getattr(config, "final_logit_softcapping", None)  # Gemma
        if cap:
            logits = cap * torch.tanh(logits / cap)
        return words.corrected(logits)


def padded(batch: Sequence[Example], device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids and attention mask, padded at the right: both (batch, tokens)."""
    width = max(len(one.ids) for one in batch)
    ids = [[*one.ids, *[0] * (width - len(one.ids))] for one in batch]
    mask = [[1] * len(one.ids) + [0] * (width - len(one.ids)) for one in batch]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def places(batch: Sequence[Example], width: int) -> list[int]:
    """Where in the flattened batch the state before each id asked for is."""
    rows = enumerate(batch)
    return [row * width + at - 1 for row, one in rows for at in range(one.first, len(one.ids))]


def asked_for(batch: Sequence[Example]) -> int:
    """How many ids the loss of these examples is summed over."""
    return sum(len(one.ids) - one.first for one in batch)
