"""Declares the metrics that try the model without the layers."""

from __future__ import annotations

from lp_models.cost import translation_cost
from lp_models.memory import decoding_bytes

from lp_ablation.teacher_forced_memory import teacher_forced_bytes
from lp_runner.api import Declaration
from lp_runner.hookspecs import hookimpl

TRANSLATION_QUALITY = Declaration(
    name="translation-quality",
    summary="What greedy translations lose without the layers, by any evaluator",
    implementation="lp_ablation.translation_quality:TranslationQuality",
    options="lp_ablation:translation-quality.schema.json",
    traits=frozenset({"encoder-decoder"}),
    device_bytes=decoding_bytes,
    search_cost=translation_cost,
)
LIKELIHOOD = Declaration(
    name="likelihood",
    summary="What the references lose in likelihood without the layers (SLEB)",
    implementation="lp_ablation.likelihood:Likelihood",
    options="lp_ablation:likelihood.schema.json",
    traits=frozenset({"encoder-decoder"}),
    device_bytes=teacher_forced_bytes,
)
KL_DIVERGENCE = Declaration(
    name="kl-divergence",
    summary="How far next-token distributions move away from the unpruned model's (EvoPress)",
    implementation="lp_ablation.kl_divergence:KlDivergence",
    options="lp_ablation:kl-divergence.schema.json",
    traits=frozenset({"encoder-decoder"}),
    device_bytes=teacher_forced_bytes,
)


@hookimpl
def lp_importance_metrics() -> list[Declaration]:
    return [TRANSLATION_QUALITY, LIKELIHOOD, KL_DIVERGENCE]
