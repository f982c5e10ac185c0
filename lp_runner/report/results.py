"""Run folder → results.json: everything that a report needs, as plain data (schema: results.schema.json)."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from lp_runner import __version__
from lp_runner.api import Evaluation, Json, Layer
from lp_runner.machine import machine
from lp_runner.report import statistics
from lp_runner.report.artefacts import Artefacts
from lp_runner.report.gates import judged
from lp_runner.report.speed import speed
from lp_runner.store import Run

SCHEMA = "lp_runner/results/1"
BASELINES = ("unpruned", "unpruned+recovery")
SEARCH = "search.json"
_COPIED = ("name", "cell", "seed", "device", "dtype", "languages", "model")


def results(run: Run) -> dict[str, Json]:
    """Of a run that is complete."""
    made = Artefacts(run)
    scores = {system["name"]: _evaluations(system, made) for system in made.plan["systems"]}
    systems = [_system(system, scores, made) for system in made.plan["systems"]]
    told: dict[str, Json] = {"schema": SCHEMA, **{name: made.plan[name] for name in _COPIED}}
    told |= {
        "recipe_sha256": sha256(run.recipe.encode()).hexdigest(),
        "versions": _versions(made),
        "machine": machine(),
        "data": made.about("corpora")["facts"],
        "searches": [_search(step, made) for step in made.steps("search")],
        "systems": systems,
        "benchmark": next((speed(made, step["id"]) for step in made.steps("benchmark")), None),
        "gates": [judged(gate, systems) for gate in made.plan["gates"]],
        "steps": [_step(step, made) for step in made.plan["steps"]],
    }
    return told


def _evaluations(system: Mapping[str, Json], made: Artefacts) -> list[Evaluation]:
    return [evaluation for step in system["evaluate"] for evaluation in made.evaluations(step)]


def _system(
    system: Mapping[str, Json], scores: Mapping[str, list[Evaluation]], made: Artefacts
) -> dict[str, Json]:
    size = made.checkpoint(system["model"])
    name = system["name"]
    return {
        "name": name,
        "search": system["search"],
        "removed": _removed(system, made),
        "layers": dict(size.stacks),
        "params": size.params,
        "bytes": size.bytes,
        "dtype": size.dtype,
        "recovered": system["recovered"],
        "kept": system["kept"],
        "evaluations": [_evaluation(one) for one in scores[name]],
        "compared": [
            line for baseline in BASELINES if baseline in scores for line in _compared(name, baseline, scores)
        ],
        "translation": _translation(system["translate"], made),
        "training": _training(system["model"], made) if system["recovered"] else None,
        "segments": {
            "outputs": f"{made.link(system['translate'])}/outputs.jsonl",
            "evaluations": [f"{made.link(step)}/evaluations.json" for step in system["evaluate"]],
        },
    }


def _removed(system: Mapping[str, Json], made: Artefacts) -> list[str]:
    """In the order of removal."""
    if system["search"] is None:
        return []
    order: list[str] = made.json(system["search"], SEARCH)["removals"]
    return order[: system["removed"]]


def _evaluation(one: Evaluation) -> dict[str, Json]:
    told: dict[str, Json] = {
        "metric": one.metric,
        "value": one.value,
        "signature": one.signature,
        "higher_is_better": one.higher_is_better,
        "low": None,
        "high": None,
    }
    if one.replicates:
        told["low"], told["high"] = statistics.interval(one.replicates)
    return told


def _compared(name: str, baseline: str, scores: Mapping[str, list[Evaluation]]) -> Iterator[dict[str, Json]]:
    """The system against one baseline, metric by metric; a retention always names what is 100 percent."""
    if name == baseline:
        return
    for ours, theirs in zip(scores[name], scores[baseline], strict=True):
        if not ours.replicates or ours.signature != theirs.signature:  # of another version, say
            continue
        difference = statistics.compare(ours, theirs)
        kept = statistics.retention(ours, theirs)
        yield {
            "metric": ours.metric,
            "of": baseline,
            "difference": _estimate(difference.difference),
            "p_value": difference.p_value,
            "verdict": difference.verdict,
            "retention_percent": _estimate(kept) if kept else None,
        }


def _estimate(one: statistics.Estimate) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _translation(step_id: str, made: Artefacts) -> dict[str, Json]:
    about = made.about(step_id)
    times = about["facts"]["times"]
    generate_s = times.get("generate_s")
    tokens = times.get("new_tokens")
    rate = tokens / generate_s if tokens and generate_s else None
    return {
        "backend": about["strategies"]["infer"],
        "times": times,
        "tokens_per_s": rate,
        "max_new_tokens": about["facts"]["max_new_tokens"],
        "peak_memory_bytes": about["peak_memory_bytes"],
        "device_peak_bytes": about["device_peak_bytes"],
    }


def _training(model_step: str, made: Artefacts) -> dict[str, Json]:
    about = made.about(model_step)
    return {
        "trainer": about["strategies"]["recover"],
        "facts": about["facts"],
        "seconds": about["seconds"],
        "peak_memory_bytes": about["peak_memory_bytes"],
        "device_peak_bytes": about["device_peak_bytes"],
        "history": made.lines(model_step, "history.jsonl"),
    }


def _search(step: Mapping[str, Json], made: Artefacts) -> dict[str, Json]:
    """With the score of every candidate at every question."""
    about, told = made.about(step["id"]), made.json(step["id"], SEARCH)
    return {
        "step": step["id"],
        "name": step["id"].removeprefix("search").removeprefix("-"),
        "metric": step["uses"]["importance"],
        "policy": step["uses"]["prune"],
        "removals": about["facts"]["removals"],
        "candidates": about["facts"]["candidates"],
        "seconds": about["seconds"],
        "peak_memory_bytes": about["peak_memory_bytes"],
        "cost": _cost(told.get("record", [])),
        "questions": [asked(question) for question in told["questions"]],
        "measured": told.get("measured", []),
        "record": told.get("record", []),
    }


def _cost(record: Sequence[Mapping[str, Json]]) -> dict[str, int | None]:
    """Passes and new tokens, summed over what the metrics recorded; None where none counts them."""
    counted = {name: [facts[name] for facts in record if name in facts] for name in ("passes", "tokens")}
    return {name: sum(counts) if counts else None for name, counts in counted.items()}


def asked(question: Mapping[str, Json]) -> dict[str, Json]:
    """What all its sets have in common is gone already; the rest of each is the candidate."""
    sets = [{Layer.parse(name) for name in names} for names in question["sets"]]
    gone = set.intersection(*sets) if len(sets) > 1 else set()
    candidates = [[str(layer) for layer in sorted(removal - gone)] for removal in sets]
    scores = [
        {"candidate": candidate, **score}
        for candidate, score in zip(candidates, question["scores"], strict=True)
    ]
    return {"metric": question["metric"], "gone": [str(layer) for layer in sorted(gone)], "scores": scores}


def _step(step: Mapping[str, Json], made: Artefacts) -> dict[str, Json]:
    about = made.about(step["id"])
    named = ("seconds", "strategy_seconds", "peak_memory_bytes", "device_peak_bytes")
    return {
        "id": step["id"],
        "title": step["title"],
        "key": step["key"],
        "seed": step["seed"],
        **{name: about[name] for name in named},
    }


def _versions(made: Artefacts) -> dict[str, str]:
    """Of every distribution that did a step of this run, and of what they stand on."""
    versions = {"lp_runner": __version__, "python": platform.python_version()}
    for step in made.plan["steps"]:
        versions |= made.about(step["id"])["versions"]
    return dict(sorted(versions.items()))
