"""Declares the policies that come to an order by one question, by one a step, or by none."""

from __future__ import annotations

from lp_runner.api import Declaration
from lp_runner.hookspecs import hookimpl

BLOCKS = frozenset({"contiguous"})
"""Asks about neighbouring layers, or single ones, or nothing."""
ITERATIVE_GREEDY = Declaration(
    name="iterative-greedy",
    summary="remove the least important layer, ask again about those left, and so on (Moslem et al. 2025)",
    implementation="lp_removal.greedy:IterativeGreedy",
    options="lp_removal:iterative-greedy.schema.json",
)
ONE_SHOT = Declaration(
    name="one-shot",
    summary="ask once about every layer and remove the least important ones (Men et al. 2024)",
    implementation="lp_removal.one_shot:OneShot",
    options="lp_removal:one-shot.schema.json",
    traits=BLOCKS,
)
EXPLICIT = Declaration(
    name="explicit",
    summary="remove the layers that the recipe lists, in its order",
    implementation="lp_removal.explicit:Explicit",
    options="lp_removal:explicit.schema.json",
    traits=BLOCKS,
)

CONTIGUOUS = Declaration(
    name="contiguous",
    summary="ask once about every block of neighbouring layers and remove the least important (Gromov et al. 2024)",
    implementation="lp_removal.contiguous:Contiguous",
    options="lp_removal:contiguous.schema.json",
    traits=BLOCKS,
)
RANDOM = Declaration(
    name="random",
    summary="remove layers in an order drawn from a seed; asks nothing",
    implementation="lp_removal.random_order:RandomOrder",
    options="lp_removal:random.schema.json",
    traits=BLOCKS,
)


@hookimpl
def lp_pruning_policies() -> list[Declaration]:
    return [ITERATIVE_GREEDY, ONE_SHOT, EXPLICIT, CONTIGUOUS, RANDOM]
