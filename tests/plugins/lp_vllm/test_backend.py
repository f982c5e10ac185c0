"""The vllm backend in a real worker with a real vLLM on a CPU, held against Transformers in float32."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lp_models.encoder import TokenizerEncoder
from transformers import AutoConfig, AutoModelForSeq2SeqLM

from lp_runner.api import PromptSpec, Segment
from lp_runner.errors import EnvironmentFailed, RunFailed
from lp_runner.worker.death import OutOfMemory

from .conftest import DEFAULTS, Backend, bend, by_transformers, halved, make_model

pytestmark = pytest.mark.timeout(2400)  # the environment may have to be built first

STOPS = [2, 5]
PROMPTS = [[1, 30, 31], [1, 40], [1, 50, 51, 52, 53, 7], [1, 60, 61, 62], [1, 70]]
LIMITS = [4, 9, 7, 0, 11]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("llama", tmp_path_factory.mktemp("llama"))


@pytest.fixture
def loaded(backend: Backend, llama: Path) -> Iterator[Backend]:
    backend.load(llama)
    yield backend
    backend.unload()


@pytest.mark.parametrize("architecture", ["cohere", "llama", "qwen3", "gemma3_text"])
def test_its_ids_are_those_of_transformers_for_the_whole_model_and_half_its_layers(
    architecture: str, context: Any, backend: Backend, tmp_path: Path
) -> None:
    whole = make_model(architecture, tmp_path / "whole")
    for model in (whole, halved(whole, tmp_path / "half")):
        backend.load(model)
        try:
            found = backend.generate(PROMPTS, LIMITS, STOPS)
        finally:
            backend.unload()
        assert found == by_transformers(context, model, PROMPTS, LIMITS, STOPS)
        assert found[3] == ()


def test_sampling_penalties_and_limits_of_the_folder_never_count(
    context: Any, backend: Backend, tmp_path: Path
) -> None:
    model = make_model("llama", tmp_path / "model")
    expected = by_transformers(context, model, PROMPTS, LIMITS, STOPS)
    bend(
        model,
        do_sample=True,
        temperature=1.9,
        top_k=3,
        repetition_penalty=5.0,
        max_new_tokens=2,
        eos_token_id=[expected[1][0], expected[4][2]],
    )
    backend.load(model)
    try:
        assert backend.generate(PROMPTS, LIMITS, STOPS) == expected
        fixed = backend.generate(PROMPTS, LIMITS, STOPS, fixed=True)
        assert fixed[1][0] == expected[1][0]
    finally:
        backend.unload()


def test_at_a_fixed_length_every_row_is_as_long_as_its_limit(loaded: Backend) -> None:
    stop = loaded.generate(PROMPTS, LIMITS, [])[1][0]
    found = loaded.generate(PROMPTS, LIMITS, [stop], fixed=True)
    assert [len(row) for row in found] == LIMITS
    assert stop not in {new for row in found for new in row}


def test_a_row_ends_before_its_stop_id(loaded: Backend) -> None:
    whole = loaded.generate(PROMPTS, LIMITS, [])
    stop = whole[4][3]
    assert loaded.generate(PROMPTS, LIMITS, [stop])[4] == whole[4][: whole[4].index(stop)]


def test_times_count_seconds_and_new_tokens(loaded: Backend) -> None:
    loaded.generate(PROMPTS, LIMITS, [], fixed=True)
    assert loaded.times is not None
    assert loaded.times["new_tokens"] == 31
    assert loaded.times["load_s"] > 0
    assert loaded.times["generate_s"] > 0


def test_a_prompt_that_is_too_long_is_refused_with_the_option_to_raise(loaded: Backend) -> None:
    message = (
        "a prompt of 60 tokens and 5 new ones are longer than the 64 that the engine allows; raise max_model_len, "
        "if the model can have more, or lower max_new_tokens"
    )
    with pytest.raises(RunFailed, match=f": {message}$"):
        loaded.generate([[1] * 60], [5], STOPS)
    assert len(loaded.generate([[1] * 60], [4], [])[0]) == 4


def test_samples_are_the_same_again_and_others_with_another_seed(backend: Backend, llama: Path) -> None:
    twins = [[1, 30, 31]] * 4
    backend.load(llama, temperature=1.5, top_k=50, top_p=0.99)
    try:
        first, again, other = (backend.generate(twins, [12] * 4, [], seed=seed) for seed in (7, 7, 8000))
    finally:
        backend.unload()
    assert first == again
    assert first != other
    assert len(set(first)) == 4


def test_the_prompts_that_vllm_continues_are_the_encoders_with_one_bos(
    context: Any, backend: Backend, llama: Path, model_folder: Callable[..., Path], tmp_path: Path
) -> None:
    encoder = TokenizerEncoder()
    encoder.open(context, model_folder(), PromptSpec("Translate: {source}", True, "Czech", "German"))
    segments = [Segment("Muž vidí psa v parku."), Segment("Žena čte knihu.")]
    prompts = [each.prompt_ids for each in encoder.encode(segments)]
    recording = Backend(backend.worker, tmp_path, "recording:Recording")
    recording.load(make_model("llama", tmp_path / "llama", vocabulary=400), max_model_len=60)
    try:
        found = recording.generate(prompts, [2, 2], encoder.stop_ids())
    finally:
        recording.unload()
    assert found == prompts
    assert [row.count(1) for row in found] == [1, 1]


def test_a_cache_that_holds_no_block_is_out_of_memory_with_the_option_to_raise(
    backend: Backend, llama: Path
) -> None:
    message = (
        f"{llama}: too little memory for keys and values; lower max_model_len or max_num_seqs, or raise "
        "cpu_kv_cache_gib (on a GPU gpu_memory_utilization): "
    )
    with pytest.raises(OutOfMemory, match=re.escape(message)):
        backend.load(llama, cpu_kv_cache_gib=1e-6)


def test_an_architecture_that_vllm_lacks_is_bad_input(backend: Backend, tmp_path: Path) -> None:
    sizes = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "vocab_size": 97}
    config = AutoConfig.for_model("m2m_100", **sizes, encoder_attention_heads=4, decoder_attention_heads=4)
    AutoModelForSeq2SeqLM.from_config(config).save_pretrained(tmp_path / "nllb")
    with pytest.raises(RunFailed, match=r"nllb: vLLM can't run it: .*M2M100"):
        backend.load(tmp_path / "nllb")


def test_a_run_on_another_device_than_this_vllm_is_for_is_refused(backend: Backend, llama: Path) -> None:
    backend.worker.make("elsewhere", "infer", backend.implementation, DEFAULTS)
    around = {"seed": 7, "device": "cuda:0", "dtype": "float32", "scratch": str(backend.folder / "scratch")}
    with pytest.raises(EnvironmentFailed, match="this vLLM is for 'cpu', and the run is on a GPU"):
        backend.worker.do("elsewhere", "load", {"model": str(llama)}, around)


def test_unloading_gives_the_memory_back(backend: Backend, llama: Path) -> None:
    backend.load(llama, cpu_kv_cache_gib=1)
    full = resident_bytes(backend.worker.pid)
    backend.unload()
    assert full - resident_bytes(backend.worker.pid) > 0.95 * 2**30


def test_a_second_engine_in_one_process_is_refused_and_harms_nothing(loaded: Backend, llama: Path) -> None:
    before = loaded.generate(PROMPTS, LIMITS, STOPS)
    second = Backend(loaded.worker, loaded.folder, name="second")
    with pytest.raises(RunFailed, match="this process has a vLLM engine already; unload it first"):
        second.load(llama)
    assert loaded.generate(PROMPTS, LIMITS, STOPS) == before


@pytest.mark.real
def test_two_processes_that_share_the_layers_give_the_same_ids(
    context: Any, backend: Backend, llama: Path
) -> None:
    expected = by_transformers(context, llama, PROMPTS, LIMITS, STOPS)
    backend.load(llama, tensor_parallel_size=2, cpu_threads=2)
    try:
        assert backend.generate(PROMPTS, LIMITS, STOPS) == expected
    finally:
        backend.unload()


def resident_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
