"""Names in a recipe → optimizers, and the learning rate of each step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor

from lp_sft.settings import Settings


def build(weights: Sequence[Tensor], settings: Settings, device: torch.device) -> torch.optim.Optimizer:
    """Raises OSError where the device can't have it."""
    makers = {"adamw": adamw, "paged-adamw-32bit": paged_adamw}
    return makers[settings.optimizer](weights, settings, device)


def adamw(weights: Sequence[Tensor], settings: Settings, device: torch.device) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019), its state in the weights' dtype."""
    return torch.optim.AdamW(weights, settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def paged_adamw(weights: Sequence[Tensor], settings: Settings, device: torch.device) -> torch.optim.Optimizer:
    """AdamW with a float32 state in memory that the driver pages between device and host."""
    if device.type != "cuda":
        raise OSError("paged-adamw-32bit needs a CUDA device; `optimizer: adamw` does not")
    if find_spec("bitsandbytes") is None:
        raise OSError(
            "paged-adamw-32bit needs bitsandbytes: pip install bitsandbytes, or say `optimizer: adamw`"
        )
    maker = import_module("bitsandbytes.optim").PagedAdamW32bit
    made: torch.optim.Optimizer = maker(
        weights, lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    return made


def rate(step: int, total: int, settings: Settings) -> float:
    """The learning rate of update `step` (from 0) of `total`: a linear warm-up, then the schedule, to zero."""
    warmup = settings.warmup if settings.warmup >= 1 else math.ceil(settings.warmup * total)
    if step < warmup:
        return settings.learning_rate * (step + 1) / (warmup + 1)
    done = (step - warmup) / max(1, total - warmup)
    return settings.learning_rate * part(settings.schedule, done)


def part(schedule: str, done: float) -> float:
    """How much of the peak is left when so much of the schedule, from 0 to 1, is done."""
    if schedule == "cosine":
        return (1 + math.cos(math.pi * done)) / 2
    return 1 - done if schedule == "linear" else 1.0
