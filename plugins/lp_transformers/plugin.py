"""Declares the transformers backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lp_models.memory import decoding_bytes, sized_as

from lp_runner.api import Declaration, ModelSize
from lp_runner.hookspecs import hookimpl


def device_bytes(options: Mapping[str, Any], size: ModelSize) -> int:
    """As decoding needs them, in the dtype of the option."""
    return decoding_bytes(options, sized_as(options["dtype"], size))


TRANSFORMERS = Declaration(
    name="transformers",
    summary="Transformers' generate, greedy, in batches by length",
    implementation="lp_transformers.backend:TransformersBackend",
    options="lp_transformers:transformers.schema.json",
    traits=frozenset({"encoder-decoder"}),
    device_bytes=device_bytes,
)


@hookimpl
def lp_inference_backends() -> list[Declaration]:
    return [TRANSFORMERS]
