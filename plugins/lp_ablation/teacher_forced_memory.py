"""Options and a model's size → bytes of device memory of the teacher-forced metrics. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lp_models.memory import LOGITS_AT_ONCE, TOKENS_PER_ROW, forward_bytes, rows_for

from lp_runner.api import ModelSize

FLOAT32 = 4
BLOCKS = 4
"""Both models' log-probabilities, their difference, and a copy on the way."""


def teacher_forced_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """A forward pass, some blocks of logits, and the final states of as many candidates as there are layers,
    taking half of all tokens for targets."""
    tokens = rows_for(options["batch_size"], "cuda") * TOKENS_PER_ROW // 2
    finals = size.layers * tokens * size.hidden_size * size.dtype_bytes
    return forward_bytes(options, size) + BLOCKS * LOGITS_AT_ONCE["cuda"] * FLOAT32 + finals
