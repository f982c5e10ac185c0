"""What config.json keys say about layers by their number, and what Transformers fills in where it says nothing.

Facts alone, read from the configuration and modelling code of Transformers; config.py and guard.py act on them.
"""

from __future__ import annotations

from collections.abc import Mapping

LAYER_COUNTS: Mapping[str, tuple[str, ...]] = {
    "decoder": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
}
LAYER_COUNTS_OF_TWO: Mapping[str, tuple[str, ...]] = {
    "encoder": ("encoder_layers", "num_encoder_layers", "num_hidden_layers", "num_layers"),
    "decoder": ("decoder_layers", "num_decoder_layers"),
}
"""In an encoder-decoder model num_hidden_layers is the encoder's (M2M100, BART, Marian)."""

PER_LAYER_LISTS = frozenset({
    "layer_types", "mlp_layer_types", "no_rope_layers", "layers_block_type", "indexer_types", "intermediate_size",
    "num_attention_heads", "num_key_value_heads", "num_key_value_heads_per_layer", "activation_sparsity_pattern",
})  # fmt: skip
"""One entry per layer."""

LAYER_INDEX_LISTS = frozenset({"mlp_only_layers", "moe_layers", "attn_layer_indices", "full_attn_idxs"})
"""The numbers of the layers that are of a kind."""

FIRST_LAYERS = frozenset({"first_k_dense_replace", "num_dense_layers", "max_window_layers"})
"""k: the layers before k are of one kind, the others of another."""

SLIDES_AFTER = frozenset({"qwen2", "qwen2_moe", "qwen3", "dots1"})
"""Model types whose layers from max_window_layers on slide, where use_sliding_window says so."""

NOT_BY_LAYER = frozenset({
    "architectures", "eos_token_id", "bos_token_id", "pad_token_id", "suppress_tokens", "begin_suppress_tokens",
    "bad_words_ids", "forced_decoder_ids", "long_factor", "short_factor", "mrope_section", "keys_to_ignore_at_inference",
    "modules_to_not_convert", "ignore", "llm_int8_skip_modules", "weight_block_size",
})  # fmt: skip
"""Lists that have nothing to do with layers, whatever their length."""

PATTERN_REPLACED_BY: Mapping[str, str] = {
    "sliding_window_pattern": "layer_types",
    "_sliding_window_pattern": "layer_types",
    "full_attention_interval": "layer_types",
    "global_attn_every_n_layers": "layer_types",
    "layer_group_size": "layer_types",
    "no_rope_layer_interval": "no_rope_layers",
    "interleave_moe_layer_step": "moe_layers",
}
"""A rule by layer number → the list that says the same and that Transformers prefers."""

PREFERRED_TO: Mapping[str, str] = {"full_attn_idxs": "layer_types"}
"""A list of old → the list that says the same and that Transformers prefers."""

NEUTRAL_PATTERNS: Mapping[str, tuple[object, ...]] = {
    "decoder_sparse_step": (1,),
    "encoder_sparse_step": (1,),
    "moe_layer_freq": (1,),
    "moe_layer_interval": (1,),
    "moe_every_n_layers": (1,),
    "index_topk_freq": (1,),
    "expert_layer_period": (1,),
    "attn_layer_period": (1,),
    "cross_attention_frequency": (),
    "cross_layer_interval": (),
    "num_kv_shared_layers": (0,),
    "num_hash_layers": (0,),
    "hybrid_override_pattern": (),
    "index_topk_pattern": (),
    "attention_types": (),
    "scale_attn_by_inverse_layer_idx": (False,),
    "per_layer_config": (),
}
"""A rule by layer number that no list replaces → the values at which every layer is the same. None always is."""

COUNTED_OUT: Mapping[str, tuple[str, int, str, str]] = {
    "cohere2": ("sliding_window_pattern", 4, "sliding_attention", "full_attention"),
    "gemma2": ("", 2, "sliding_attention", "full_attention"),
    "gemma3_text": ("sliding_window_pattern", 6, "sliding_attention", "full_attention"),
    "gpt_oss": ("", 2, "sliding_attention", "full_attention"),
    "olmo3": ("", 4, "sliding_attention", "full_attention"),
    "qwen3_next": ("full_attention_interval", 4, "linear_attention", "full_attention"),
}
"""Model type → (key of the period, its default, the kind of layer, the kind of every period-th one)."""

MUST_BE_WRITTEN_OUT: Mapping[str, tuple[str, ...]] = {
    "afmoe": ("layer_types",),
    "axk1": ("mlp_layer_types",),
    "axk2": ("mlp_layer_types",),
    "bailing_hybrid": ("layer_types", "mlp_layer_types"),
    "beam": ("layer_types", "mlp_layer_types"),
    "cohere2": ("layer_types",),
    "cohere2_moe": ("layer_types", "mlp_layer_types"),
    "cwm": ("layer_types",),
    "deepseek_v32": ("mlp_layer_types",),
    "deepseek_v4": ("layer_types", "mlp_layer_types"),
    "dots3_note_text": ("layer_types", "mlp_layer_types"),
    "exaone4": ("layer_types",),
    "exaone_moe": ("layer_types", "mlp_layer_types"),
    "flint": ("layer_types",),
    "gemma2": ("layer_types",),
    "gemma3_text": ("layer_types",),
    "gemma4_text": ("layer_types",),
    "gemma4_unified_text": ("layer_types",),
    "glm4_moe_lite": ("mlp_layer_types",),
    "glm_moe_dsa": ("mlp_layer_types",),
    "gpt_oss": ("layer_types",),
    "granite_swa": ("layer_types",),
    "granitemoe_swa": ("layer_types",),
    "hy_v3": ("mlp_layer_types",),
    "hy_v4": ("mlp_layer_types", "indexer_types"),
    "inkling2_text": ("layer_types",),
    "inkling_text": ("layer_types",),
    "kimi_linear": ("layer_types", "mlp_layer_types"),
    "kolibri1": ("layer_types",),
    "laguna": ("mlp_layer_types",),
    "lfm2": ("full_attn_idxs",),
    "lfm3": ("layer_types",),
    "llama4_text": ("layer_types", "no_rope_layers", "moe_layers"),
    "mimo_v2_flash": ("layer_types", "mlp_layer_types"),
    "minimax": ("layer_types",),
    "modernbert-decoder": ("layer_types",),
    "olmo3": ("layer_types",),
    "olmo_hybrid": ("layer_types",),
    "qwen3_5_moe_text": ("layer_types",),
    "qwen3_5_text": ("layer_types",),
    "qwen3_next": ("layer_types",),
    "qwen4_exp_text": ("layer_types",),
    "smollm3": ("no_rope_layers",),
    "vaultgemma": ("layer_types",),
}
"""Model type → the lists that Transformers makes up by layer number where config.json lacks them."""

BY_NUMBER_ALWAYS = frozenset({
    "diffllama", "gemma3n_text", "gpt_neo", "jamba", "nemotron_h", "recurrent_gemma", "reformer", "zamba", "zamba2",
})  # fmt: skip
"""Model types whose layers compute by their number, or lean on another layer, whatever config.json says."""
