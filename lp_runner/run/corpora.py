"""Corpora: read each split, and keep train, dev and test apart by text."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from lp_runner.api import Json
from lp_runner.errors import UsageError
from lp_runner.plan import Step
from lp_runner.run.workplace import SEGMENTS, Workplace
from lp_runner.worker.formats import rows_of, write_rows

_TESTED = ("dev", "search", "test")


def read(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    """One split, as its reader gives it."""
    with work.strategy(step, step.uses["read"]) as reader:
        counted: dict[str, Json] = reader.do("read", {"out": str(into / SEGMENTS)})
    if not counted["count"]:
        raise UsageError(work.plan.recipe.problem(step.uses["read"].place, "has no segments"))
    return counted


def compare(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    """The training split without what is tested elsewhere; every overlap counted.

    Raises UsageError where test text is seen by the search or, unless allowed, anywhere else.
    """
    splits = {split: rows_of(work.made(source) / SEGMENTS) for split, source in step.needs.items()}
    policy = step.facts["overlap"]
    overlaps = _overlaps(splits)
    _refuse(overlaps, policy)
    train, dropped = _without_tested(splits, policy)
    write_rows(into / SEGMENTS, train)
    counts = {split: len(rows) for split, rows in splits.items()}
    facts = {"segments": counts | {"train": len(train)}, "overlaps": overlaps, "dropped_from_train": dropped}
    told = {"schema": "lp_runner/overlaps/1", **facts}
    (into / "overlaps.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return facts


def _text(row: Mapping[str, Json]) -> str:
    """What two segments are compared by: the source, whatever its spacing, case and Unicode form."""
    return " ".join(unicodedata.normalize("NFKC", row["source"]).casefold().split())


def _overlaps(splits: Mapping[str, list[Json]]) -> dict[str, int]:
    """How many segments of the second split stand in the first, for each pair that has any."""
    texts = {split: {_text(row) for row in rows} for split, rows in splits.items()}
    pairs = [("train", "dev"), ("train", "search"), ("train", "test"), ("dev", "test"), ("search", "test")]
    there = [(a, b) for a, b in pairs if a in splits and b in splits]
    counts = {f"{a}-{b}": sum(_text(row) in texts[a] for row in splits[b]) for a, b in there}
    return {pair: count for pair, count in counts.items() if count}


def _refuse(overlaps: Mapping[str, int], policy: str) -> None:
    forbidden = [
        pair for pair in overlaps if policy == "refuse" or (policy != "allow" and pair.endswith("-test"))
    ]
    if policy == "drop-from-train":
        forbidden = [pair for pair in forbidden if not pair.startswith("train-")]
    if forbidden:
        told = ", ".join(
            f"{overlaps[pair]} {'segment' if overlaps[pair] == 1 else 'segments'} in both {pair.replace('-', ' and ')}"
            for pair in forbidden
        )
        raise UsageError(f"data: {told}", "make the corpora disjoint, or say data.overlap: allow")


def _without_tested(splits: Mapping[str, list[Json]], policy: str) -> tuple[list[Json], int]:
    train = splits.get("train", [])
    if policy != "drop-from-train":
        return train, 0
    tested = {_text(row) for split in _TESTED for row in splits.get(split, [])}
    kept = [row for row in train if _text(row) not in tested]
    return kept, len(train) - len(kept)
