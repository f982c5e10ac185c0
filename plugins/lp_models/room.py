"""A device and a model → how many rows its memory has room for, as measured now."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psutil
import torch
from transformers import PreTrainedModel

from lp_models.layers import stacks

CONTAINER = Path("/sys/fs/cgroup")
SHARE = 0.7
"""Of the free memory, for keys and values; the rest is for what passes through the layers."""


def rows_with_room(model: PreTrainedModel, tokens: int) -> int:
    """How many rows of so many tokens have room for keys and values in every layer: at least 1."""
    return max(1, int(SHARE * free_bytes(model.device)) // (tokens * bytes_per_token(model)))


def bytes_per_token(model: PreTrainedModel) -> int:
    """Of the keys and values in all layers."""
    config: Any = model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * heads * width * len(stacks(model)["decoder"].layers) * model.dtype.itemsize)


def free_bytes(device: torch.device) -> int:
    """What a process can still have: of a GPU, with what torch keeps for itself; of a CPU's host, without swapping."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    return min(int(psutil.virtual_memory().available), _left_to_the_container())


def _left_to_the_container() -> int:
    """Of what its control group may have; more than there is where nothing limits it."""
    try:
        most, used = (int((CONTAINER / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no such files, or "max"
        return sys.maxsize
    return most - used
