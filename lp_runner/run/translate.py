"""Translations: one system's, of the whole test set, with what they took."""

from __future__ import annotations

from pathlib import Path

from lp_runner.api import Json
from lp_runner.plan import Step
from lp_runner.run.prompts import decode
from lp_runner.run.workplace import ENCODED, OUTPUTS, Workplace
from lp_runner.worker.formats import rows_of, write_rows


def translate(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    prompts = work.made(step.needs["prompts"]) / ENCODED
    segments = rows_of(prompts)
    limit = _limit(step, work)
    ids, texts = into / "ids.jsonl", into / "texts.jsonl"
    request = {
        "prompts": str(prompts),
        "max_new_tokens": [limit] * len(segments),
        "stop_ids": work.facts(step.needs["prompts"])["stop_ids"],
        "fixed_length": False,
        "out": str(ids),
    }
    with work.strategy(step, step.uses["infer"]) as backend:
        backend.do("load", {"model": str(work.model_of(step))})
        times = backend.do("generate", request)["times"]
        backend.do("unload", {})
    decode(step, work, ids, texts)
    write_rows(into / OUTPUTS, joined(segments, rows_of(texts)))
    texts.unlink()
    return {"times": times, "max_new_tokens": limit, "segments": len(segments)}


def joined(segments: list[Json], texts: list[Json]) -> list[Json]:
    """Rows for an evaluator, from encoded segments and their translations."""
    return [
        {"source": segment["source"], "hypothesis": text["text"], "reference": segment["reference"]}
        for segment, text in zip(segments, texts, strict=True)
    ]


def auto_limit(segments: list[Json]) -> int:
    """New tokens of a translation: half as long again as the longest reference, and 8."""
    longest = max((len(segment["target_ids"]) for segment in segments), default=0)
    return int(1.5 * longest) + 8


def _limit(step: Step, work: Workplace) -> int:
    """`auto` looks at dev; the test set has no say in it."""
    if step.facts["max_new_tokens"] != "auto":
        return int(step.facts["max_new_tokens"])
    return auto_limit(rows_of(work.made(step.needs["dev"]) / ENCODED))
