"""What a device can train, and a model made ready for training there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lp_models.loading import load, refuse_absent

from lp_runner.api import Context
from lp_sft.folder import refuse_encoder_decoder
from lp_sft.settings import Settings

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def prepare(context: Context, model: Path, settings: Settings) -> Any:
    """Load a decoder-only model in the dtype that its weights are trained in.

    Raises ValueError for an encoder-decoder model or float16 weights, OSError where the device can't serve.
    """
    refuse_encoder_decoder(model)
    dtype = "float32" if settings.weights == "float32" else context.dtype
    require(context, dtype)
    network: Any = load(model, context.device, dtype)
    if settings.gradient_checkpointing:
        network.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return network


def require(context: Context, dtype: str) -> None:
    """Refuse, or remark on, a device that does not go with the dtype of the trained weights."""
    if dtype == "float16":
        raise ValueError("float16 weights can't be trained: small gradients vanish (hint: weights: float32)")
    refuse_absent(context.device)
    if autocast(context) is not None and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise OSError(f"{context.device} has no bfloat16 (hint: model.dtype: float32)")
    if context.device == "cpu" and dtype == "bfloat16" and not cpu_has_bfloat16():
        context.record(slow="training in bfloat16 on a CPU without bfloat16 units; float32 is much faster")


def autocast(context: Context) -> torch.dtype | None:
    """The dtype of matrix products where it is not the weights' own: bfloat16 models on a GPU."""
    return torch.bfloat16 if context.device.startswith("cuda") and context.dtype == "bfloat16" else None


def cpu_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the CPU multiplies bfloat16 matrices itself, as far as the system says."""
    flags = cpuinfo.read_text("utf-8") if cpuinfo.exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags
