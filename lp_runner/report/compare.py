"""Several runs → one comparison: what may not be compared is refused, the rest is tested in pairs on the shared test set."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lp_runner.api import Evaluation, Json
from lp_runner.errors import LpError, UsageError
from lp_runner.report import statistics
from lp_runner.report.artefacts import Artefacts
from lp_runner.report.findings import findings
from lp_runner.report.overview import results_of
from lp_runner.report.points import headline
from lp_runner.report.results import BASELINES
from lp_runner.store import Run
from lp_runner.store.manifest import read

_HARDWARE = ("processor", "accelerators")
_TIMED = ("segments", "new_tokens")
_TEST, _PROMPTS = "read-test", "prompts-test"


@dataclass(frozen=True, slots=True)
class Scored:
    """One metric of one system."""

    value: float
    low: float | None
    high: float | None
    test: statistics.Comparison | None
    """Against the row's `against`; None where there is none or the metric has no replicates."""


@dataclass(frozen=True, slots=True)
class Row:
    """One system of one run, or of several that share it."""

    runs: tuple[str, ...]
    system: str
    delivered: bool
    recovered: bool
    layers: str
    """Of each stack: 6+6."""
    depth: int
    """Layers of all stacks together."""
    params: int
    bytes: int
    against: str
    """"RUN: SYSTEM", empty for what everything else stands against."""
    scores: Mapping[str, Scored]
    """By metric."""
    speeds: Mapping[str, Mapping[str, float]]
    """Tokens per second: median, min, max, by backend and batch size."""


@dataclass(frozen=True, slots=True)
class Comparison:
    rows: tuple[Row, ...]
    metrics: tuple[str, ...]
    speeds: tuple[str, ...]
    notes: tuple[str, ...]
    """What isn't compared, and why."""
    headline: str
    """The metric of plots and findings."""
    more_is_better: bool
    """Of that metric."""
    findings: Mapping[str, tuple[str, ...]]
    """Of each run by itself, by its label."""

    @property
    def runs(self) -> list[str]:
        return list(self.findings)

    def owner(self, row: Row) -> str:
        """The run, or the runs, that a model is of."""
        return "all runs" if len(row.runs) == len(self.runs) else ", ".join(row.runs)

    def name(self, row: Row) -> str:
        return f"{self.owner(row)}: {row.system}"


@dataclass(frozen=True, slots=True)
class _Member:
    """One run that takes part."""

    label: str
    made: Artefacts
    results: Mapping[str, Json]

    def evaluations(self, system: str) -> dict[str, Evaluation]:
        """By metric."""
        planned = next(one for one in self.made.plan["systems"] if one["name"] == system)
        found = [one for step in planned["evaluate"] for one in self.made.evaluations(step)]
        return {one.metric: one for one in found}

    def keys(self, system: str) -> tuple[str, ...]:
        """Equal where two runs share the system and its scores."""
        planned = next(one for one in self.made.plan["systems"] if one["name"] == system)
        keys = {step["id"]: step["key"] for step in self.made.plan["steps"]}
        return tuple(keys[step] for step in planned["evaluate"])

    def shown(self) -> list[Mapping[str, Json]]:
        """Baselines and what is delivered."""
        return [one for one in self.results["systems"] if one["kept"] or one["search"] is None]

    def step(self, step_id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = next(one for one in self.made.plan["steps"] if one["id"] == step_id)
        return found


def compare(runs: Mapping[str, Run]) -> Comparison:
    """Runs by their labels, the first of which is what others stand against.

    Raises UsageError with everything that forbids it, LpError where a run isn't complete.
    """
    members = [_member(label, run) for label, run in runs.items()]
    if refused := [line for other in members[1:] for line in _refusals(members[0], other)]:
        raise UsageError("\n".join(refused))
    metrics, notes = _metrics(members)
    if not metrics:
        raise UsageError("\n".join(notes))
    speeds, silent = _speeds(members)
    rows = [
        _row(system, member, members[0], metrics, speeds) for member in members for system in member.shown()
    ]
    keys = [member.keys(system["name"]) for member in members for system in member.shown()]
    told = _headline(members[0], metrics)
    return Comparison(
        tuple(_merged(rows, keys)),
        tuple(metrics),
        tuple(speeds),
        (*notes, *silent, *_timed_twice(rows, keys)),
        told["metric"],
        told["higher_is_better"],
        {member.label: tuple(findings(member.results)) for member in members},
    )


def _member(label: str, run: Run) -> _Member:
    results = results_of(run)
    if results is None:
        raise LpError(f"{label}: has no results of its plan", "the same `lp-run recipe.yaml` continues it")
    return _Member(label, Artefacts(run), results)


def _refusals(one: _Member, other: _Member) -> Iterator[str]:
    both = f"{one.label} and {other.label} can't be compared"
    if _test_set(one) != _test_set(other):
        counts = " and ".join(str(run.results["data"]["segments"]["test"]) for run in (one, other))
        yield f"{both}: their test sets differ ({counts} segments)"
    prompts = [_prompt(run) for run in (one, other)]
    if prompts[0] != prompts[1]:
        names = [name for name in prompts[0] if prompts[0][name] != prompts[1][name]]
        yield f"{both}: their prompts differ: {_differences(prompts, names)}"
    limits = [{"max_new_tokens": _limit(run)} for run in (one, other)]
    if limits[0] != limits[1]:
        yield f"{both}: their decoding differs: {_differences(limits, ['max_new_tokens'])}"


def _test_set(member: _Member) -> str:
    manifest = read(member.made.folder(_TEST))
    assert manifest is not None  # noqa: S101  a run with results has it
    return manifest.files["segments.jsonl"].sha256


def _prompt(member: _Member) -> dict[str, Json]:
    facts = member.step(_PROMPTS)["facts"]
    return {**facts["prompt"], **facts["languages"]}


def _limit(member: _Member) -> Json:
    first = member.made.plan["systems"][0]["translate"]
    return member.step(first)["facts"]["max_new_tokens"]


def _differences(both: Sequence[Mapping[str, Json]], names: Sequence[str]) -> str:
    told = (
        f"{name} is {json.dumps(both[0][name], ensure_ascii=False)} and "
        f"{json.dumps(both[1][name], ensure_ascii=False)}"
        for name in names
    )
    return ", ".join(told)


def _metrics(members: Sequence[_Member]) -> tuple[list[str], list[str]]:
    """Those that all have with one signature; and why others aren't compared."""
    found, notes = [], []
    signatures = [_signatures(member) for member in members]
    for metric in dict.fromkeys(name for one in signatures for name in one):
        told = [one.get(metric) for one in signatures]
        lacking = [member.label for member, signature in zip(members, told, strict=True) if signature is None]
        if lacking:
            notes.append(f"{metric} isn't compared: {', '.join(lacking)} has no such score")
        elif len(set(told)) > 1:
            each = (f"{member.label} {signature}" for member, signature in zip(members, told, strict=True))
            notes.append(f"{metric} isn't compared: its signatures differ: {', '.join(each)}")
        else:
            found.append(metric)
    return found, notes


def _headline(member: _Member, metrics: Sequence[str]) -> Mapping[str, Json]:
    scores = member.results["systems"][0]["evaluations"]
    return headline({"evaluations": [one for one in scores if one["metric"] in metrics]})


def _signatures(member: _Member) -> dict[str, str]:
    return {one["metric"]: one["signature"] for one in member.results["systems"][0]["evaluations"]}


def _speeds(members: Sequence[_Member]) -> tuple[list[str], list[str]]:
    """What was timed, where all that was timed was timed in one way on one kind of machine."""
    timed = [member for member in members if member.results["benchmark"]]
    ways = {json.dumps(_way(member.results), sort_keys=True): member for member in timed}
    if len(ways) > 1:
        each = (f"{member.label} {_told(_way(member.results))}" for member in ways.values())
        return [], [f"speed isn't compared: it was measured in different ways: {'; '.join(each)}"]
    names = (_timing(row) for member in timed for row in member.results["benchmark"]["measurements"])
    return list(dict.fromkeys(names)), []


def _way(results: Mapping[str, Json]) -> dict[str, Json]:
    """A machine with a GPU can time on its processor too."""
    machine, settings = results["benchmark"]["machine"], results["benchmark"]["settings"]
    kind = results["device"].partition(":")[0]
    told = {name: machine[name] for name in _HARDWARE} | {name: settings[name] for name in _TIMED}
    return told | {"device": kind}


def _told(way: Mapping[str, Json]) -> str:
    hardware = ", ".join([way["processor"], *way["accelerators"]])
    return f"by {way['device']} on {hardware}, {way['segments']} segments of {way['new_tokens']} tokens"


def _timing(row: Mapping[str, Json]) -> str:
    return f"{row['label']}, batch {row['batch_size']}"


def _row(
    system: Mapping[str, Json],
    member: _Member,
    first: _Member,
    metrics: Sequence[str],
    speeds: Sequence[str],
) -> Row:
    against = _against(system["name"], member, first)
    ours = member.evaluations(system["name"])
    theirs = first.evaluations(against) if against else {}
    measured = (member.results["benchmark"] or {}).get("measurements", ())
    timed = {_timing(row): row["tokens_per_s"] for row in measured if row["system"] == system["name"]}
    return Row(
        (member.label,),
        system["name"],
        system["kept"],
        system["recovered"],
        "+".join(str(count) for count in system["layers"].values()),
        sum(system["layers"].values()),
        system["params"],
        system["bytes"],
        f"{first.label}: {against}" if against else "",
        {metric: _scored(ours[metric], theirs.get(metric)) for metric in metrics},
        {name: timed[name] for name in speeds if name in timed},
    )


def _against(name: str, member: _Member, first: _Member) -> str:
    """The first run's system of the same name; of that run itself, and where it has none, its strongest baseline."""
    there = [system["name"] for system in first.results["systems"]]
    if member is not first and name in there:
        return name
    baseline = [one for one in BASELINES if one in there][-1]
    return "" if name == baseline else baseline


def _scored(ours: Evaluation, theirs: Evaluation | None) -> Scored:
    if not ours.replicates:
        return Scored(ours.value, None, None, None)
    alike = theirs if theirs and theirs.replicates and theirs.signature == ours.signature else None
    tested = statistics.compare(ours, alike) if alike else None
    return Scored(ours.value, *statistics.interval(ours.replicates), tested)


def _timed_twice(rows: Sequence[Row], keys: Sequence[tuple[str, ...]]) -> list[str]:
    timed = Counter(key for row, key in zip(rows, keys, strict=True) if row.speeds)
    if not timed or max(timed.values()) == 1:
        return []
    return ["speeds of a model that several runs share are those of the first that timed it"]


def _merged(rows: Sequence[Row], keys: Sequence[tuple[str, ...]]) -> list[Row]:
    """A system that several runs share, a baseline say, once."""
    found: dict[tuple[str, tuple[str, ...]], Row] = {}
    for row, key in zip(rows, keys, strict=True):
        known = found.get((row.system, key))
        found[(row.system, key)] = _with_run(known, row) if known else row
    return list(found.values())


def _with_run(known: Row, row: Row) -> Row:
    return replace(known, runs=(*known.runs, *row.runs), speeds={**row.speeds, **known.speeds})
