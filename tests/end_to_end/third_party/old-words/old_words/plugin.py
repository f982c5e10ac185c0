"""Declares old-words, and an environment in which its library and lp_runner's can't meet."""

from __future__ import annotations

from lp_runner.api import Declaration, Environment
from lp_runner.hookspecs import hookimpl

OLD_WORDS = Declaration(
    name="old-words",
    summary="The share of reference words that a translation has, in percent",
    implementation="old_words.evaluator:OldWords",
    options="old_words:old-words.schema.json",
    environment=Environment(
        "old-words", requires=("packaging==21.3",), python=">=3.11,<3.20", about_bytes=12_000_000
    ),
)


@hookimpl
def lp_evaluators() -> list[Declaration]:
    return [OLD_WORDS]
