"""A checkpoint cut on disk is the loaded model with those layers skipped, bit for bit."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor, nn

from lp_runner import checkpoint
from lp_runner.errors import RunFailed, UsageError

Tiny = Callable[..., Path]
DECODERS = ("cohere", "cohere2", "llama", "mistral", "qwen3", "gemma3")
REMOVED = [("decoder", 1), ("decoder", 2), ("decoder", 4)]
CUTS = [
    *(pytest.param(family, REMOVED, id=family) for family in DECODERS),
    pytest.param("nllb", [("decoder", 1), ("decoder", 2)], id="nllb decoder"),
    pytest.param("nllb", [("encoder", 0), ("encoder", 3)], id="nllb encoder"),
    pytest.param("nllb", [("encoder", 2), ("decoder", 3)], id="nllb both"),
]
PROMPT = torch.tensor([[1, 17, 9, 33, 21, 40, 8, 55, 12, 3, 60, 27]])


class Skip(nn.Module):
    def forward(self, hidden_states: Tensor, *_: object, **__: object) -> Tensor:
        return hidden_states


@pytest.mark.parametrize(("family", "removed"), CUTS)
def test_logits_equal_bit_for_bit_those_of_the_loaded_model_with_the_layers_skipped(
    tiny: Tiny, tmp_path: Path, family: str, removed: list[tuple[str, int]]
) -> None:
    checkpoint.cut(tiny(family), removed, tmp_path)
    whole = load(tiny(family))
    for stack, index in removed:
        layers_of(whole, stack)[index] = Skip()
    assert torch.equal(logits(load(tmp_path)), logits(whole))


@pytest.mark.parametrize(("family", "removed"), CUTS)
def test_stock_from_pretrained_finds_every_key_and_no_other(
    tiny: Tiny, tmp_path: Path, family: str, removed: list[tuple[str, int]]
) -> None:
    checkpoint.cut(tiny(family), removed, tmp_path)
    _, info = auto(tmp_path).from_pretrained(tmp_path, output_loading_info=True)
    assert {name: list(found) for name, found in info.items() if found} == {}


@pytest.mark.parametrize(("family", "removed"), CUTS)
def test_generation_with_a_cache_equals_generation_without(
    tiny: Tiny, tmp_path: Path, family: str, removed: list[tuple[str, int]]
) -> None:
    checkpoint.cut(tiny(family), removed, tmp_path)
    model = load(tmp_path)
    limits = {"max_new_tokens": 8, "min_new_tokens": 8, "do_sample": False}
    with_cache = model.generate(PROMPT, use_cache=True, **limits)
    assert torch.equal(with_cache, model.generate(PROMPT, use_cache=False, **limits))


def test_a_pattern_by_layer_number_does_not_shift(reconfigured: Tiny, tiny: Tiny, tmp_path: Path) -> None:
    published = {"layer_types": ..., "_sliding_window_pattern": ..., "sliding_window_pattern": 3}
    checkpoint.cut(reconfigured("gemma3", **published), REMOVED, tmp_path / make(tmp_path, "published"))
    checkpoint.cut(tiny("gemma3"), REMOVED, tmp_path / make(tmp_path, "listed"))
    assert torch.equal(logits(load(tmp_path / "published")), logits(load(tmp_path / "listed")))


def test_a_model_in_shards_is_cut_to_the_same_logits(tiny: Tiny, tmp_path: Path) -> None:
    checkpoint.cut(tiny("gemma3"), REMOVED, tmp_path / make(tmp_path, "one"))
    checkpoint.cut(tiny("gemma3", max_shard_size="40KB"), REMOVED, tmp_path / make(tmp_path, "many"))
    assert len(list((tmp_path / "many").glob("model-*.safetensors"))) > 1
    assert torch.equal(logits(load(tmp_path / "many")), logits(load(tmp_path / "one")))


def test_a_shard_that_loses_all_its_tensors_is_not_written(tiny: Tiny, tmp_path: Path) -> None:
    source = tiny("llama", max_shard_size="20KB")
    checkpoint.cut(source, [("decoder", index) for index in range(1, 6)], tmp_path)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert sorted(set(index["weight_map"].values())) == sorted(p.name for p in tmp_path.glob("*.safetensors"))
    assert len(list(tmp_path.glob("*.safetensors"))) < len(list(source.glob("*.safetensors")))


def test_the_index_counts_what_is_left(tiny: Tiny, tmp_path: Path) -> None:
    checkpoint.cut(tiny("llama", max_shard_size="40KB"), REMOVED, tmp_path)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    params = sum(tensor.numel() for tensor in load(tmp_path).state_dict().values())
    assert index["metadata"] == {"total_parameters": params, "total_size": 4 * params}


def test_the_hashes_of_many_pieces_and_shards_are_those_of_the_files(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small pieces, so that a hash taken out of order would show."""
    monkeypatch.setattr(sys.modules["lp_runner.checkpoint.cut"], "PIECE_BYTES", 256)
    for turn in range(20):
        into = tmp_path / make(tmp_path, f"turn-{turn}")
        hashes = checkpoint.cut(tiny("llama"), REMOVED, into)
        assert hashes == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in into.iterdir()}


def test_the_returned_hashes_are_those_of_the_files(tiny: Tiny, tmp_path: Path) -> None:
    hashes = checkpoint.cut(tiny("cohere", max_shard_size="40KB"), REMOVED, tmp_path)
    written = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in tmp_path.iterdir()}
    assert hashes == written


def test_equal_cuts_are_byte_equal(tiny: Tiny, tmp_path: Path) -> None:
    once = checkpoint.cut(tiny("cohere2"), REMOVED, tmp_path / make(tmp_path, "once"))
    assert checkpoint.cut(tiny("cohere2"), reversed(REMOVED), tmp_path / make(tmp_path, "again")) == once


def test_where_the_kernel_cannot_copy_the_bytes_are_the_same(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_kernel = checkpoint.cut(tiny("llama"), REMOVED, tmp_path / make(tmp_path, "kernel"))
    monkeypatch.setattr(os, "copy_file_range", refuse_with(errno.EXDEV))
    assert checkpoint.cut(tiny("llama"), REMOVED, tmp_path / make(tmp_path, "plain")) == by_kernel


def test_a_full_disk_is_told_as_the_system_tells_it(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "copy_file_range", refuse_with(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left") as caught:
        checkpoint.cut(tiny("llama"), REMOVED, tmp_path)
    assert caught.value.errno == errno.ENOSPC


def test_a_source_that_shrinks_meanwhile_is_an_error(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "copy_file_range", lambda *_: 0)
    with pytest.raises(RunFailed, match="became shorter"):
        checkpoint.cut(tiny("llama"), REMOVED, tmp_path)


def test_tokenizer_and_licence_go_along_and_other_weights_stay_behind(
    reconfigured: Tiny, tmp_path: Path
) -> None:
    source = reconfigured("llama")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "LICENSE"):
        (source / name).write_text("{}")
    for name in ("pytorch_model.bin", "training_args.bin", "README.md", ".gitattributes"):
        (source / name).write_text("left")
    (source / "additional_chat_templates").mkdir()
    (source / "additional_chat_templates" / "rag.jinja").write_text("{}")
    written = checkpoint.cut(source, REMOVED, tmp_path / make(tmp_path, "cut"))
    assert sorted(written) == [
        "LICENSE", "additional_chat_templates/rag.jinja", "chat_template.jinja", "config.json",
        "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    ]  # fmt: skip


def test_a_copied_file_is_a_copy_and_not_a_link(reconfigured: Tiny, tmp_path: Path) -> None:
    checkpoint.cut(reconfigured("llama"), REMOVED, tmp_path / make(tmp_path, "cut"))
    assert not (tmp_path / "cut" / "generation_config.json").is_symlink()


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ([("decoder", 6)], r"no layer decoder\.6: the model has 6"),
        ([("decoder", -1)], r"no layer decoder\.-1"),
        ([("encoder", 0)], "no layers named 'encoder'; it has decoder"),
        ([("decoder", index) for index in range(6)], "every decoder layer would be removed"),
    ],
)
def test_layers_that_are_not_there_are_an_error(
    tiny: Tiny, tmp_path: Path, removed: list[tuple[str, int]], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        checkpoint.cut(tiny("llama"), removed, tmp_path)


def test_mergekit_slices_are_the_runs_of_kept_layers() -> None:
    slices = checkpoint.mergekit_slices("org/model", removed=[0, 3, 4], layers=7, dtype="bfloat16")
    assert slices == {
        "slices": [
            {"sources": [{"model": "org/model", "layer_range": [1, 3]}]},
            {"sources": [{"model": "org/model", "layer_range": [5, 7]}]},
        ],
        "merge_method": "passthrough",
        "dtype": "bfloat16",
    }


def make(parent: Path, name: str) -> str:
    (parent / name).mkdir()
    return name


def refuse_with(number: int) -> Callable[..., int]:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return refuse


def auto(folder: Path) -> Any:
    two = json.loads((folder / "config.json").read_text())["model_type"] == "m2m_100"
    return transformers.AutoModelForSeq2SeqLM if two else transformers.AutoModelForCausalLM


def load(folder: Path) -> Any:
    return auto(folder).from_pretrained(folder, dtype=torch.float32).eval()


def layers_of(model: Any, stack: str) -> nn.ModuleList:
    body = getattr(model.model, stack) if hasattr(model.model, stack) else model.model
    layers = body.layers
    assert isinstance(layers, nn.ModuleList)
    return layers


@torch.no_grad()
def logits(model: Any) -> Tensor:
    inputs = {"decoder_input_ids": PROMPT[:, :7]} if model.config.is_encoder_decoder else {"use_cache": False}
    found = model(input_ids=PROMPT, **inputs).logits
    assert isinstance(found, Tensor)
    return found
