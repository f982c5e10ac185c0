"""Results and the translations that they name → the segments that a report shows, and why it shows those."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from lp_runner.api import Json
from lp_runner.report.points import headline
from lp_runner.report.words import words

SHOWN = 5
"""Of each choice."""


@dataclass(frozen=True, slots=True)
class Translation:
    """By one system, of one segment."""

    system: str
    text: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Segment:
    """Side by side: what was to be translated, and what each system made of it."""

    number: int
    """In the test set, from 1."""
    source: str
    reference: str | None
    translations: tuple[Translation, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Some segments, and the rule that chose them."""

    title: str
    rule: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """All choices; in each segment every other translation is marked against the baseline's."""

    baseline: str
    metric: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """All that one system wrote."""

    system: str
    rows: Sequence[Mapping[str, Json]]
    scores: Sequence[float] | None


def segments(results: Mapping[str, Json], folder: Path) -> Segments:
    """Of the baselines and every delivered model; judged by the smallest of those.

    Args: folder, the run's, where the paths in the results begin.
    """
    shown = [system for system in results["systems"] if system["kept"] or system["search"] is None]
    sides = {system["name"]: _side(system, folder) for system in shown}
    judged = min(shown, key=lambda system: (not system["kept"], system["params"]))
    metric = headline(judged)
    ours, theirs = sides[judged["name"]], sides[_baseline(judged, shown)]
    worst, changed = _by_scores(ours, theirs, metric) or _by_words(ours, theirs)
    chosen = [
        _choice("Worst", worst, sides, ()),
        _choice("Most changed", changed, sides, worst.numbers[:SHOWN]),
    ]
    seen = [segment.number - 1 for choice in chosen for segment in choice.segments]
    drawn = list(range(len(ours.rows)))
    random.Random(f"{results['seed']} segments").shuffle(drawn)  # noqa: S311
    at_random = _Ranked(drawn, f"Drawn by the run's seed, {results['seed']}, of all that don't stand above.")
    chosen.append(_choice("Random", at_random, sides, seen))
    return Segments(theirs.system, metric["metric"], tuple(chosen))


@dataclass(frozen=True, slots=True)
class _Ranked:
    numbers: Sequence[int]
    rule: str


def _side(system: Mapping[str, Json], folder: Path) -> _Side:
    with (folder / system["segments"]["outputs"]).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    metric, scores = headline(system)["metric"], None
    for name in system["segments"]["evaluations"]:
        for told in json.loads((folder / name).read_text(encoding="utf-8")):
            if told["metric"] == metric and len(told["segments"]) == len(rows):
                scores = told["segments"]
    return _Side(system["name"], rows, scores)


def _baseline(judged: Mapping[str, Json], shown: Sequence[Mapping[str, Json]]) -> str:
    """With the same recovery, where the run has it."""
    whole = [system for system in shown if system["search"] is None]
    same: list[str] = [system["name"] for system in whole if system["recovered"] == judged["recovered"]]
    return same[0] if same else str(whole[0]["name"])


def _by_scores(ours: _Side, theirs: _Side, metric: Mapping[str, Json]) -> tuple[_Ranked, _Ranked] | None:
    """None where the metric has no scores of segments."""
    if not ours.scores or not theirs.scores:
        return None
    sign = 1 if metric["higher_is_better"] else -1
    value, change = ours.scores, [a - b for a, b in zip(ours.scores, theirs.scores, strict=True)]
    name, less = metric["metric"], "lowest" if sign == 1 else "highest"
    return (
        _ranked(ours, lambda n: sign * value[n], f"Where {ours.system} has the {less} {name} of a segment."),
        _ranked(
            ours,
            lambda n: -abs(change[n]),
            f"Where the {name} of {ours.system} is furthest from that of {theirs.system}, for better or worse.",
        ),
    )


def _by_words(ours: _Side, theirs: _Side) -> tuple[_Ranked, _Ranked]:
    """For metrics that score the whole test set only."""

    def common(texts: Callable[[int], str | None]) -> Callable[[int], float]:
        return lambda n: _shared(ours.rows[n]["hypothesis"], texts(n) or "")

    told = "The metric scores no single segments, so by words: where {} shares the fewest with {}."
    return (
        _ranked(ours, common(lambda n: ours.rows[n]["reference"]), told.format(ours.system, "the reference")),
        _ranked(
            ours, common(lambda n: theirs.rows[n]["hypothesis"]), told.format(ours.system, theirs.system)
        ),
    )


def _shared(one: str, other: str) -> float:
    """From 0 to 1, all of them in the same order."""
    return SequenceMatcher(None, words(one), words(other), autojunk=False).ratio()


def _ranked(ours: _Side, key: Callable[[int], float], rule: str) -> _Ranked:
    return _Ranked(sorted(range(len(ours.rows)), key=key), rule)


def _choice(title: str, ranked: _Ranked, sides: Mapping[str, _Side], seen: Sequence[int]) -> Choice:
    """The first few that don't stand in the report already."""
    numbers = [number for number in ranked.numbers if number not in seen][:SHOWN]
    return Choice(title, ranked.rule, tuple(_segment(number, sides) for number in numbers))


def _segment(number: int, sides: Mapping[str, _Side]) -> Segment:
    first = next(iter(sides.values())).rows[number]
    translations = (
        Translation(name, side.rows[number]["hypothesis"], side.scores[number] if side.scores else None)
        for name, side in sides.items()
    )
    return Segment(number + 1, first["source"], first["reference"], tuple(translations))
