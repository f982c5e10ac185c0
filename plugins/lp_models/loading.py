"""Model folder → a stock Transformers model on its device, ready to be run, never to be trained.

Runs on it are repeatable on the same machine: deterministic kernels where torch has them, no TF32.
The number of threads is left to the surroundings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from lp_models.batching import is_out_of_memory

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def load(folder: Path | str, device: str, dtype: str) -> PreTrainedModel:
    """A causal or encoder-decoder model from a local folder or a hub name, in evaluation mode.

    Only safetensors are read and no code from the folder is run.

    Args:
        device: "cpu" or "cuda:N".
        dtype: "float32", "bfloat16" or "float16".
    Raises: MemoryError where the device is too small, OSError where there is no such device or model,
        ValueError for an architecture that Transformers doesn't know or that brings its own code, and for weights
        that lack a tensor, which Transformers would fill in at random.
    """
    refuse_absent(device)
    be_repeatable()
    disable_progress_bar()  # type: ignore[no-untyped-call]  # a worker's log is no terminal
    try:
        model = _whole(folder, dtype)
        model.to(torch.device(device))  # type: ignore[arg-type]  # its signature lost `self` in a decorator
        return model.eval()  # type: ignore[no-untyped-call, no-any-return]
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise MemoryError(f"{folder} does not fit the memory of {device}") from error
        raise


def refuse_absent(device: str) -> None:
    """Raises OSError where torch has no such device."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise OSError(f"{device}: torch finds no CUDA device here (hint: device: cpu)")


def be_repeatable() -> None:
    """Ask torch for the same result every time; a kernel that can't give it only warns."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, when cuBLAS starts
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # all is written first
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    torch.backends.cudnn.benchmark = False


def _whole(folder: Path | str, dtype: str) -> PreTrainedModel:
    loaded: Any = _class_for(folder).from_pretrained(
        str(folder),
        dtype=DTYPES[dtype],
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
    )
    model: PreTrainedModel = loaded[0]
    if missing := sorted(loaded[1]["missing_keys"]):
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise ValueError(f"{folder}: the weights lack {missing[0]}{more}")
    return model


def _class_for(folder: Path | str) -> type[AutoModelForCausalLM | AutoModelForSeq2SeqLM]:
    config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False)
    return AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
