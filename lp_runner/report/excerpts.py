"""A run folder → one step, one candidate or one segment of it, as plain data; of an unfinished run what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lp_runner.api import Json
from lp_runner.errors import UsageError
from lp_runner.report.artefacts import Artefacts
from lp_runner.report.overview import done_steps
from lp_runner.report.results import SEARCH, asked
from lp_runner.store import Run
from lp_runner.store.manifest import read


def steps(run: Run) -> list[dict[str, Json]]:
    """Every planned step, in order: done or not, and the seconds that it took."""
    done = {step["id"] for step in done_steps(run)}
    return [_step(number, step, step["id"] in done, run) for number, step in enumerate(run.plan["steps"], 1)]


def step(run: Run, step_id: str) -> dict[str, Json]:
    """All that is known of one: strategies with their options, needs, files, and what it said of itself."""
    number = next(n for n, planned in enumerate(run.plan["steps"], 1) if planned["id"] == step_id)
    planned, artefact = run.plan["steps"][number - 1], run.step(number)
    manifest = read(artefact) if artefact else None
    about = _step(number, planned, planned["id"] in {one["id"] for one in done_steps(run)}, run)
    return about | {
        "key": planned["key"],
        "needs": dict(planned["needs"]),
        "uses": dict(planned["uses"]),
        "artefact": str(artefact) if artefact else None,
        "files": {name: record.size for name, record in manifest.files.items()} if manifest else {},
        "facts": dict(manifest.about["facts"]) if manifest else {},
    }


def candidate(run: Run, layers: str) -> list[dict[str, Json]]:
    """Every score that searches gave to a candidate ("decoder.7", or layers with commas), in order.

    Of a search that isn't done, those that the run has noted so far.
    """
    wanted = sorted(name.strip() for name in layers.split(","))
    return [score for score in _scores(run) if sorted(score["candidate"]) == wanted]


def candidates(run: Run) -> list[str]:
    """All that were ever scored."""
    return list(dict.fromkeys(", ".join(score["candidate"]) for score in _scores(run)))


def segment(run: Run, number: int) -> dict[str, Json]:
    """One of the test set, counted from 1: its source, reference, and each system's hypothesis with its scores.

    Raises UsageError where no system has translated yet, or there are fewer segments.
    """
    made, done = Artefacts(run), {one["id"] for one in done_steps(run)}
    systems = [system for system in run.plan["systems"] if system["translate"] in done]
    if not systems:
        raise UsageError(f"{run.folder}: no system has translated the test set yet")
    rows = {system["name"]: made.lines(system["translate"], "outputs.jsonl") for system in systems}
    first = rows[systems[0]["name"]]
    if not 1 <= number <= len(first):
        raise UsageError(f"{run.folder}: no segment {number}; there are 1 to {len(first)}")
    told = first[number - 1]
    return {
        "segment": number,
        "source": told["source"],
        "reference": told.get("reference"),
        "hypotheses": [
            {
                "system": system["name"],
                "hypothesis": rows[system["name"]][number - 1]["hypothesis"],
                "scores": dict(_segment_scores(system, number, done, made)),
            }
            for system in systems
        ],
    }


def _step(number: int, planned: Mapping[str, Json], done: bool, run: Run) -> dict[str, Json]:
    artefact = run.step(number)
    manifest = read(artefact) if artefact else None
    return {
        "step": planned["id"],
        "title": planned["title"],
        "state": "done" if done else "damaged" if artefact else "due",
        "seconds": manifest.about.get("seconds") if manifest else None,
    }


def _scores(run: Run) -> Iterator[dict[str, Json]]:
    made, done = Artefacts(run), {one["id"] for one in done_steps(run)}
    for planned in made.steps("search"):
        if planned["id"] in done:
            yield from _told(planned["id"], made)
        else:
            yield from _noted(planned["id"], run)


def _told(step_id: str, made: Artefacts) -> Iterator[dict[str, Json]]:
    for number, told in enumerate(made.json(step_id, SEARCH)["questions"], start=1):
        question = asked(told)
        for score in question["scores"]:
            yield {"search": step_id, "question": number, "gone": question["gone"], **score}


def _noted(step_id: str, run: Run) -> Iterator[dict[str, Json]]:
    """A search that isn't done has scores in events.jsonl alone, each set once; what is gone tells the question."""
    found: dict[tuple[str, ...], dict[str, Json]] = {}
    for event in run.events():
        if event["event"] == "score" and event["step"] == step_id:
            names = [name.strip() for name in event["candidate"].split(",") if name.strip()]
            gone = [name for name in event["removed"] if name not in names]
            about = {name: event[name] for name in ("removed", "value", "raw", "kind")}
            found[tuple(event["removed"])] = {"candidate": names, "gone": gone, **about}
    for score in found.values():
        yield {"search": step_id, "question": len(score["gone"]) + 1, **score}


def _segment_scores(
    system: Mapping[str, Json], number: int, done: set[str], made: Artefacts
) -> Iterator[tuple[str, float]]:
    for step_id in system["evaluate"]:
        if step_id in done:
            for evaluation in made.evaluations(step_id):
                if len(evaluation.segments) >= number:
                    yield evaluation.metric, evaluation.segments[number - 1]
