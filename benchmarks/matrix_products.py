"""How fast this machine multiplies by a model's weights, and an engine's share of that."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from lp_models.layers import stacks
from lp_models.products import by_onednn
from torch import nn


@torch.inference_mode()
def reached(model: Any, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """1024 rows at a time, in operations per second. Args: steps, with the engine's work and seconds."""
    linears = [part for part in stacks(model)["decoder"].layers[0].modules() if isinstance(part, nn.Linear)]
    hidden = torch.randn(1024, model.config.hidden_size)
    rows = [torch.randn(1024, linear.in_features).to(model.dtype) for linear in linears]
    operations = 2 * 1024 * sum(linear.weight.numel() for linear in linears)
    own_s = sum(map(best_of_5, linears, rows))
    with by_onednn(model):
        layer_s = sum(map(best_of_5, linears, rows))
    head = model.get_output_embeddings().weight
    head_s, head_dtype = min(
        (best_of_5(partial(products, head.to(dtype)), hidden.to(dtype)), str(dtype).removeprefix("torch."))
        for dtype in (model.dtype, torch.bfloat16)
    )
    work, seconds = [step["work"]["exact"] for step in steps], sum(step["seconds"]["exact"] for step in steps)
    alone_s = sum(one["layer_tokens"] * layer_s + one["head_tokens"] * head_s for one in work) / 1024
    return {
        "own_flop_per_s": operations / own_s,
        "layer_flop_per_s": operations / layer_s,
        "head_flop_per_s": 2 * 1024 * head.numel() / head_s,
        "head_dtype": head_dtype,
        "share": alone_s / seconds,
    }


def products(weight: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    return rows @ weight.T


def best_of_5(call: Any, rows: torch.Tensor) -> float:
    return min(_seconds(call, rows) for _ in range(5))


def _seconds(call: Any, rows: torch.Tensor) -> float:
    started = time.perf_counter()
    call(rows)
    return time.perf_counter() - started
