"""Options and the run's device → what vLLM is told: its arguments and environment variables. Pure; no vLLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GIB = 2**30
AS_MUCH_AS_FITS = -1
"""vLLM's word for a max_model_len that it finds out: the model's own, or what fits the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As vllm.schema.json describes them."""

    dtype: str
    tensor_parallel_size: int
    quantization: str | None
    max_model_len: int | None
    enable_prefix_caching: bool
    gpu_memory_utilization: float
    cpu_kv_cache_gib: float
    cpu_threads: int | None
    enforce_eager: bool | str
    max_num_seqs: int | None
    temperature: float
    top_p: float
    top_k: int

    def eager(self, on_cpu: bool) -> bool:
        return on_cpu if self.enforce_eager == "auto" else bool(self.enforce_eager)


def arguments(options: Options, on_cpu: bool, dtype: str) -> dict[str, Any]:
    """Of `vllm.LLM`, but for the model's path.

    Args:
        dtype: the run's.
    """
    memory = {"kv_cache_memory_bytes": int(options.cpu_kv_cache_gib * GIB)} if on_cpu else {}
    return {
        "skip_tokenizer_init": True,
        "trust_remote_code": False,
        "load_format": "safetensors",
        "dtype": dtype if options.dtype == "auto" else options.dtype,
        "tensor_parallel_size": options.tensor_parallel_size,
        "quantization": options.quantization,
        "max_model_len": options.max_model_len or AS_MUCH_AS_FITS,
        "enable_prefix_caching": options.enable_prefix_caching,
        "gpu_memory_utilization": options.gpu_memory_utilization,
        "enforce_eager": options.eager(on_cpu),
        "max_num_seqs": options.max_num_seqs,
        **memory,
    }


def sampling(
    options: Options, limit: int, stop_ids: Sequence[int], fixed_length: bool, seed: int
) -> dict[str, Any]:
    """Of `vllm.SamplingParams`: whatever could end or bend a continuation, said out loud."""
    return {
        "temperature": options.temperature,
        "top_p": options.top_p,
        "top_k": options.top_k,
        "min_p": 0.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "seed": seed,
        "max_tokens": limit,
        "min_tokens": limit if fixed_length else 0,  # until then no stop id can be chosen
        "stop_token_ids": list(stop_ids),
        "ignore_eos": True,  # the model's own; the ids above stand for themselves
        "detokenize": False,
    }


def variables(
    options: Options, on_cpu: bool, cores: Sequence[int], surroundings: Mapping[str, str]
) -> dict[str, str]:
    """What the process's environment must have before vLLM is imported.

    An engine on one device lives in the worker's own process, where its memory is measured; it starts in a third
    of the time of vLLM's own process.

    Args:
        cores: the numbers of those that this process may use.
        surroundings: the environment so far.
    Raises ValueError where the cores are too few for the processes.
    """
    parallel = options.tensor_parallel_size
    common = {
        "HF_HUB_OFFLINE": "1",  # the model is a local folder
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_DO_NOT_TRACK": "1",
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0" if parallel == 1 else "1",
    }
    if not on_cpu:
        return common
    threads = options.cpu_threads or int(surroundings.get("OMP_NUM_THREADS") or len(cores))
    if parallel > 1:
        common["VLLM_CPU_OMP_THREADS_BIND"] = _shares(cores[:threads], parallel)
    # Even an eager engine compiles single functions (Cohere's norms), for 14 s and with a C++ compiler.
    compiler = {"TORCH_COMPILE_DISABLE": "1" if options.eager(on_cpu) else "0"}
    return common | compiler | {"OMP_NUM_THREADS": str(threads)}


def _shares(cores: Sequence[int], parallel: int) -> str:
    """ "0,1|2,3": the cores of each process."""
    each = len(cores) // parallel
    if not each:
        raise ValueError(
            f"tensor_parallel_size: {parallel} needs a core for each, and there are {len(cores)}"
        )
    return "|".join(",".join(map(str, cores[rank * each : (rank + 1) * each])) for rank in range(parallel))
