"""What would come out wrong without a word is refused, by the name of its key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers

from lp_runner import checkpoint
from lp_runner.errors import LpError, UsageError

Reconfigured = Callable[..., Path]
PATTERN_LLG = {"layer_types": ..., "_sliding_window_pattern": ..., "sliding_window_pattern": "LLG"}
REFUSED = [
    ("llama", {"layer_scales": [1, 1, 1, 1, 1, 1]}, "layer_scales: a list of 6 whose meaning"),
    ("llama", {"temperature": [1, 1, 1, 1, 1, 1]}, "temperature: a list of 6 whose meaning"),
    ("llama", {"inner": {"temperature": [1] * 6}}, r"inner\.temperature: a list of 6"),
    ("llama", {"skip_layers": [3]}, "skip_layers: a list of 1"),
    ("llama", {"layer_types": ["full_attention"] * 5}, "layer_types: 5 entries, but the model has 6"),
    ("llama", {"sliding_window_pattern": 4}, "sliding_window_pattern: 4 goes by layer number"),
    ("llama", {"full_attention_interval": 3}, "full_attention_interval: 3 goes by layer number"),
    ("llama", {"moe_layer_freq": 2}, "moe_layer_freq: 2 goes by layer number"),
    ("llama", {"moe_layer_freq": [0, 1, 1, 1, 1, 1]}, "moe_layer_freq: .* goes by layer number"),
    ("llama", {"num_kv_shared_layers": 2}, "num_kv_shared_layers: 2"),
    ("llama", {"hybrid_override_pattern": "M-M*M-"}, "hybrid_override_pattern"),
    ("llama", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx: True"),
    ("llama", {"model_type": "diffllama"}, "model_type diffllama: its layers compute by their number"),
    ("llama", {"model_type": "exaone4"}, "layer_types is not written out; exaone4"),
    ("gemma3", {"layer_types": ..., "_sliding_window_pattern": 3}, "_sliding_window_pattern: 3 goes by layer"),
    ("gemma3", PATTERN_LLG, "sliding_window_pattern: 'LLG'"),
    ("llama", {"text_config": {"model_type": "llama"}}, "text_config: models made of several models"),
    ("llama", {"auto_map": {"AutoModel": "evil--repo"}}, "auto_map: models that choose code"),
    ("llama", {"_attn_implementation_internal": "evil/repo"}, "_attn_implementation_internal: models that choose"),
    ("llama", {"rope_parameters": {"auto_map": "evil"}}, "auto_map: models that choose code"),
    ("llama", {"quantization_config": {"modules_to_not_convert": ["model.layers.3.mlp"]}}, r"model\.layers\.3\.mlp"),
    ("llama", {"quantization_config": {"bits": {"layers.0": 8}}}, r"layers\.0 names a layer by its number"),
    ("llama", {"num_hidden_layers": 7}, "num_hidden_layers: 7, but the weights have 6 layers"),
    ("llama", {"num_hidden_layers": ...}, "none of num_hidden_layers, .* says how many layers"),
    ("llama", {"decoder_layers": 6}, "decoder_layers: half of an encoder-decoder model"),
    ("nllb", {"layer_types": ["full_attention"] * 4}, "layer_types: a list of 4 whose meaning"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "keys", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_the_error_names_the_key(
    reconfigured: Reconfigured, family: str, keys: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        checkpoint.check(reconfigured(family, **keys))


@pytest.mark.parametrize(("family", "keys", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_cut_is_refused_as_the_check_was(
    reconfigured: Reconfigured, tmp_path: Path, family: str, keys: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        checkpoint.cut(reconfigured(family, **keys), [("decoder", 1)], tmp_path)


HARMLESS = [
    {"eos_token_id": [1, 2, 3, 4, 5, 6]},
    {"_attn_implementation_autoset": True},
    {"moe_layer_freq": 1},
    {"num_kv_shared_layers": 0},
    {"sliding_window_pattern": None},
    {"quantization_config": {"modules_to_not_convert": ["lm_head"]}},
]


@pytest.mark.parametrize("keys", HARMLESS, ids=[next(iter(keys)) for keys in HARMLESS])
def test_what_says_nothing_about_layers_is_carried_over(
    reconfigured: Reconfigured, tmp_path: Path, keys: dict[str, object]
) -> None:
    (tmp_path / "cut").mkdir()
    checkpoint.cut(reconfigured("llama", **keys), [("decoder", 1)], tmp_path / "cut")
    assert keys.items() <= json.loads((tmp_path / "cut" / "config.json").read_text()).items()


@pytest.mark.parametrize(
    ("name", "message"),
    [("modeling_evil.py", "bring their own code"), ("adapter_config.json", "this is an adapter")],
)
def test_files_that_a_loader_would_act_on_are_refused(
    reconfigured: Reconfigured, name: str, message: str
) -> None:
    folder = reconfigured("llama")
    (folder / name).write_text("{}")
    with pytest.raises(UsageError, match=message):
        checkpoint.check(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No such file"),
        ("{", "config.json: "),
        ("[" * 100_000, "config.json: "),
        ('{"a":1,"a":2}', "stands twice"),
    ],
)
def test_a_folder_without_a_whole_config_is_an_error(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(LpError, match=message):
        checkpoint.check(tmp_path)


@pytest.mark.parametrize(
    "text", ['{"auto_map": {"A": ["x.Evil", null]}}', '{"a": 1, "a": [{"auto_map": "x"}]}']
)
def test_code_that_a_tokenizer_names_is_refused(reconfigured: Reconfigured, text: str) -> None:
    folder = reconfigured("llama")
    (folder / "tokenizer_config.json").write_text(text)
    with pytest.raises(UsageError, match=r"tokenizer_config\.json: auto_map"):
        checkpoint.check(folder)


def test_layers_of_other_shape_cannot_move_to_a_place_that_expects_the_first(tmp_path: Path) -> None:
    config = transformers.T5Config(
        vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=3, num_decoder_layers=3, num_heads=4
    )
    torch.manual_seed(0)
    transformers.T5ForConditionalGeneration(config).save_pretrained(tmp_path / "t5")
    (tmp_path / "cut").mkdir()
    with pytest.raises(UsageError, match=r"decoder\.block\.1 has other tensors than layer 0"):
        checkpoint.cut(tmp_path / "t5", [("decoder", 0)], tmp_path / "cut")
