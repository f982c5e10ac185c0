"""Declares the metrics of activations."""

from __future__ import annotations

from lp_models.memory import forward_bytes

from lp_activations.memory import angular_bytes, attention_bytes, cka_bytes
from lp_runner.api import Declaration
from lp_runner.hookspecs import hookimpl

ADDITIVE = frozenset({"no-references", "encoder-decoder", "additive"})
BLOCKS = frozenset({"no-references", "encoder-decoder", "contiguous"})

BLOCK_INFLUENCE = Declaration(
    name="block-influence",
    summary="How far a layer turns the hidden states (ShortGPT)",
    implementation="lp_activations.block_influence:BlockInfluence",
    options="lp_activations:block-influence.schema.json",
    traits=ADDITIVE,
    device_bytes=forward_bytes,
)
RELATIVE_MAGNITUDE = Declaration(
    name="relative-magnitude",
    summary="How long what a layer adds is beside its output (Samragh et al.)",
    implementation="lp_activations.relative_magnitude:RelativeMagnitude",
    options="lp_activations:relative-magnitude.schema.json",
    traits=ADDITIVE,
    device_bytes=forward_bytes,
)
CKA = Declaration(
    name="cka",
    summary="How unlike its input a layer's output is, by linear CKA (Kornblith et al.)",
    implementation="lp_activations.cka:Cka",
    options="lp_activations:cka.schema.json",
    traits=ADDITIVE,
    device_bytes=cka_bytes,
)
ATTENTION_ENTROPY = Declaration(
    name="attention-entropy",
    summary="How choosy a layer's attention is",
    implementation="lp_activations.attention_entropy:AttentionEntropy",
    options="lp_activations:attention-entropy.schema.json",
    traits=ADDITIVE,
    device_bytes=attention_bytes,
)
ATTENTION_DISTANCE = Declaration(
    name="attention-distance",
    summary="How far a layer's attention map is from that of the layer below",
    implementation="lp_activations.attention_distance:AttentionDistance",
    options="lp_activations:attention-distance.schema.json",
    traits=ADDITIVE,
    device_bytes=attention_bytes,
)
ANGULAR_DISTANCE = Declaration(
    name="angular-distance",
    summary="By what angle a block of neighbouring layers turns the hidden states (Gromov et al.)",
    implementation="lp_activations.angular_distance:AngularDistance",
    options="lp_activations:angular-distance.schema.json",
    traits=BLOCKS,
    device_bytes=angular_bytes,
)


@hookimpl
def lp_importance_metrics() -> list[Declaration]:
    return [
        BLOCK_INFLUENCE,
        RELATIVE_MAGNITUDE,
        CKA,
        ATTENTION_ENTROPY,
        ATTENTION_DISTANCE,
        ANGULAR_DISTANCE,
    ]
