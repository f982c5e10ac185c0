"""Declares the metrics of weights and gradients."""

from __future__ import annotations

from lp_runner.api import Declaration
from lp_runner.hookspecs import hookimpl
from lp_weights.memory import gradient_bytes, no_bytes

MAGNITUDE = Declaration(
    name="magnitude",
    summary="How large a layer's weights are; looks at no data",
    implementation="lp_weights.magnitude:Magnitude",
    options="lp_weights:magnitude.schema.json",
    traits=frozenset({"no-references", "encoder-decoder", "additive"}),
    device_bytes=no_bytes,
)
TAYLOR = Declaration(
    name="taylor",
    summary="What the loss would change by without a layer's weights, to first order (LLM-Pruner)",
    implementation="lp_weights.taylor:Taylor",
    options="lp_weights:taylor.schema.json",
    traits=frozenset({"encoder-decoder", "additive"}),
    device_bytes=gradient_bytes,
)
GRADIENT_NORM = Declaration(
    name="gradient-norm",
    summary="How steep the loss is in a layer's weights",
    implementation="lp_weights.gradient_norm:GradientNorm",
    options="lp_weights:gradient-norm.schema.json",
    traits=frozenset({"encoder-decoder", "additive"}),
    device_bytes=gradient_bytes,
)


@hookimpl
def lp_importance_metrics() -> list[Declaration]:
    return [MAGNITUDE, TAYLOR, GRADIENT_NORM]
