"""Declares the evaluator `comet` and the environment that COMET needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lp_runner.api import Declaration, Environment, ModelSize
from lp_runner.hookspecs import hookimpl

ENVIRONMENT = Environment(
    "comet",
    requires=(
        "unbabel-comet==2.2.7",
        "pytorch-lightning>=2.6.6",  # older ones run code that a checkpoint's settings name: CVE-2026-58659
        "transformers<4.56",  # newer 4.x: CVE-2026-4372
        "setuptools<82",  # torchmetrics and COMET import pkg_resources, which 82 has no more
    ),
    # torch before 2.10 runs code of a checkpoint in spite of weights_only: CVE-2026-24747
    platform={"cpu": ("torch==2.13.0",), "cuda": ("torch>=2.10",)},
    python=">=3.11,<3.13",  # COMET wants numpy<2, which ends at Python 3.12
    about_bytes=1_470_000_000,
)
PARAMETERS = {"-xxl": 10_700_000_000, "-xl": 3_480_000_000, "": 580_000_000}
"""Of the models on the hub, by how their names end; the last are over XLM-R large or InfoXLM large."""
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


def device_bytes(options: Mapping[str, Any], judged: ModelSize) -> int:
    """By the model's name alone: the weights and a fifth more, whatever model is judged."""
    name = str(options["model"]).lower()
    parameters = next(count for ending, count in PARAMETERS.items() if name.endswith(ending))
    return int(1.2 * parameters * BYTES[options["precision"]])


COMET = Declaration(
    name="comet",
    summary="COMET, CometKiwi and XCOMET: neural metrics with or without references (Rei et al. 2020–2023)",
    implementation="lp_comet.comet:Comet",
    options="lp_comet:comet.schema.json",
    environment=ENVIRONMENT,
    traits=frozenset({"device"}),
    device_bytes=device_bytes,
)


@hookimpl
def lp_evaluators() -> list[Declaration]:
    return [COMET]
