"""Declares the policies that search among sets of layers, and those that end at a size, a speed or a quality."""

from __future__ import annotations

from lp_runner.api import Declaration
from lp_runner.hookspecs import hookimpl

BEAM = Declaration(
    name="beam",
    summary="keep the best few removal sets of each size, and try each with every further layer",
    implementation="lp_search.beam:Beam",
    options="lp_search:beam.schema.json",
)
SWAP = Declaration(
    name="swap",
    summary="refine a finished set: put a removed layer back for a kept one while that helps",
    implementation="lp_search.swap:Swap",
    options="lp_search:swap.schema.json",
)
EVOLUTIONARY = Declaration(
    name="evolutionary",
    summary="mutate the best removal sets and keep the best of parents and offspring (Sieberling et al. 2024)",
    implementation="lp_search.evolutionary:Evolutionary",
    options="lp_search:evolutionary.schema.json",
)
TWO_STAGE = Declaration(
    name="two-stage",
    summary="a cheap metric shortlists a few layers at each step, the recipe's importance decides",
    implementation="lp_search.two_stage:TwoStage",
    options="lp_search:two-stage.schema.json",
)
PARAMS_TARGET = Declaration(
    name="params-target",
    summary="remove the least important layers until the model has few enough parameters",
    implementation="lp_search.targets:ParamsTarget",
    options="lp_search:params-target.schema.json",
)
BYTES_TARGET = Declaration(
    name="bytes-target",
    summary="remove the least important layers until the weights are small enough",
    implementation="lp_search.targets:BytesTarget",
    options="lp_search:bytes-target.schema.json",
)
SPEED_TARGET = Declaration(
    name="speed-target",
    summary="remove the least important layers until the model is measured to be fast enough",
    implementation="lp_search.targets:SpeedTarget",
    options="lp_search:speed-target.schema.json",
)
QUALITY_FLOOR = Declaration(
    name="quality-floor",
    summary="remove the least important layers while enough of the unpruned model's score is kept",
    implementation="lp_search.floor:QualityFloor",
    options="lp_search:quality-floor.schema.json",
)


@hookimpl
def lp_pruning_policies() -> list[Declaration]:
    return [BEAM, SWAP, EVOLUTIONARY, TWO_STAGE, PARAMS_TARGET, BYTES_TARGET, SPEED_TARGET, QUALITY_FLOOR]
