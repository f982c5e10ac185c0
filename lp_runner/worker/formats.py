"""The files between steps ↔ the contract's values: JSON Lines, UTF-8, one object a line. Not durable: publishing is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from lp_runner.api import EncodedSegment, Hypotheses, Json, Segment


def read_segments(path: Path) -> Iterator[Segment]:
    """{"source": str, "reference": str | null}."""
    return (Segment(row["source"], row["reference"]) for row in read_rows(path))


def write_segments(path: Path, segments: Iterable[Segment]) -> int:
    """Returns how many."""
    return write_rows(path, ({"source": each.source, "reference": each.reference} for each in segments))


def read_encoded(path: Path) -> Iterator[EncodedSegment]:
    """A segment's with "prompt_ids" and "target_ids"."""
    for row in read_rows(path):
        ids = tuple(row["prompt_ids"]), tuple(row["target_ids"])
        yield EncodedSegment(row["source"], row["reference"], *ids)


def write_encoded(path: Path, segments: Iterable[EncodedSegment]) -> int:
    """Returns how many."""
    return write_rows(path, map(_encoded_row, segments))


def read_ids(path: Path) -> Iterator[tuple[int, ...]]:
    """{"ids": [int, …]}."""
    return (tuple(row["ids"]) for row in read_rows(path))


def write_ids(path: Path, ids: Iterable[Sequence[int]]) -> int:
    """Returns how many."""
    return write_rows(path, ({"ids": list(each)} for each in ids))


def read_texts(path: Path) -> Iterator[str]:
    """{"text": str}."""
    return (row["text"] for row in read_rows(path))


def write_texts(path: Path, texts: Iterable[str]) -> int:
    """Returns how many."""
    return write_rows(path, ({"text": each} for each in texts))


def read_outputs(path: Path, system: str) -> Hypotheses:
    """{"source", "hypothesis", "reference": str | null}; without references unless every row has one."""
    rows = list(read_rows(path))
    references = tuple(row["reference"] for row in rows)
    sources, hypotheses = (tuple(row[name] for row in rows) for name in ("source", "hypothesis"))
    return Hypotheses(system, sources, hypotheses, () if None in references else references)


def write_outputs(path: Path, outputs: Hypotheses) -> int:
    """Returns how many. Raises ValueError if the lists are of different lengths."""
    references = outputs.references or (None,) * len(outputs.sources)
    columns = (outputs.sources, outputs.hypotheses, references)
    sources, hypotheses, there = map(len, columns)
    if not sources == hypotheses == there:
        told = f"{sources} sources, {hypotheses} hypotheses and {there} references"
        raise ValueError(f"{outputs.system}: {told}; a segment has one of each")
    names = ("source", "hypothesis", "reference")
    return write_rows(path, (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)))


def read_rows(path: Path) -> Iterator[dict[str, Json]]:
    with path.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def rows_of(path: Path) -> list[dict[str, Json]]:
    """All at once."""
    return list(read_rows(path))


def write_rows(path: Path, rows: Iterable[Mapping[str, Json]]) -> int:
    """Returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _encoded_row(segment: EncodedSegment) -> dict[str, Json]:
    return {
        "source": segment.source,
        "reference": segment.reference,
        "prompt_ids": list(segment.prompt_ids),
        "target_ids": list(segment.target_ids),
    }
