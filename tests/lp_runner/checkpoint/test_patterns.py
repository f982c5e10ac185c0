"""Our table of patterns that Transformers makes up is complete for the Transformers that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import transformers
from huggingface_hub.errors import StrictDataclassError
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from lp_runner.checkpoint.config import cut_config, write_out
from lp_runner.checkpoint.layers import Stack
from lp_runner.checkpoint.patterns import BY_NUMBER_ALWAYS, COUNTED_OUT, MUST_BE_WRITTEN_OUT


def made_up_lists() -> Iterator[tuple[str, str]]:
    """(model type, key) of every list by layer that a bare configuration of this type comes with."""
    for kind in sorted(set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES) & set(transformers.CONFIG_MAPPING)):
        try:
            config = transformers.CONFIG_MAPPING[kind]()
        except (TypeError, ValueError, StrictDataclassError):
            continue  # a class without defaults makes nothing up
        for key, value in config.to_dict().items():
            if varies_by_layer(value, getattr(config, "num_hidden_layers", None)):
                yield kind, key


def varies_by_layer(value: Any, layers: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == layers and len(set(map(str, value))) > 1


def test_every_made_up_list_is_written_out_or_refused() -> None:
    unknown = [
        (kind, key)
        for kind, key in made_up_lists()
        if kind not in BY_NUMBER_ALWAYS and key not in MUST_BE_WRITTEN_OUT.get(kind, ())
    ]
    assert unknown == []


@pytest.mark.parametrize("kind", sorted(COUNTED_OUT))
def test_a_list_that_we_write_out_is_the_one_that_transformers_makes_up(kind: str) -> None:
    config = transformers.CONFIG_MAPPING[kind](num_hidden_layers=13)
    assert write_out({"model_type": kind}, 13)["layer_types"] == config.layer_types


def test_a_list_of_old_needs_not_be_there_where_the_one_preferred_to_it_is() -> None:
    kinds = ["conv", "conv", "full_attention", "conv"]
    config = transformers.CONFIG_MAPPING["lfm2"](num_hidden_layers=4, layer_types=kinds)
    smaller = cut_config(
        write_out(config.to_dict(), 4), (Stack("decoder", "model.layers.", 4),), {"decoder": (0, 2)}
    )
    assert transformers.CONFIG_MAPPING["lfm2"](**smaller).layer_types == ["conv", "full_attention"]
