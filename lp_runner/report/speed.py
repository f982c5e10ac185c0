"""A benchmark's artefact → speeds with their spread, and beside each speed-up what memory traffic alone would allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from lp_runner.api import Json
from lp_runner.checkpoint import Checkpoint
from lp_runner.report.artefacts import Artefacts

UNPRUNED = "unpruned"


def speed(made: Artefacts, step_id: str) -> dict[str, Json]:
    """What was measured, with each row's rates, and its speed-up over the unpruned model where that was timed too."""
    told: dict[str, Json] = made.json(step_id, "benchmark.json")
    rows = told.pop("measurements")
    timed = {row["system"] for row in rows}
    models = {s["name"]: made.checkpoint(s["model"]) for s in made.plan["systems"] if s["name"] in timed}
    unpruned = {_setting(row): row for row in rows if row["system"] == UNPRUNED}
    whole, backends = made.checkpoint(None), [row["backend"] for row in rows]
    measurements = [
        {"label": label(row["backend"], backends)}
        | _measured(row, unpruned.get(_setting(row)), whole, models[row["system"]], told)
        for row in rows
    ]
    return {**told, "measurements": measurements}


def label(backend: Mapping[str, Json], others: Sequence[Mapping[str, Json]]) -> str:
    """A backend's name, with the options in which it differs from others of the same name."""
    same = [other["with"] for other in others if other["use"] == backend["use"]]
    options = backend["with"]
    told = [f"{name} {value}" for name, value in options.items() if any(one[name] != value for one in same)]
    return f"{backend['use']} ({', '.join(told)})" if told else str(backend["use"])


def ideal_speedup(unpruned: Checkpoint, pruned: Checkpoint) -> float:
    """If a token took the time to read the weights that it needs, and nothing else (batch 1, short texts)."""
    return params_read_per_token(unpruned) / params_read_per_token(pruned)


def params_read_per_token(model: Checkpoint) -> int:
    """All layers of the decoder and the output head; of an embedding that isn't the head, one row, which is nothing."""
    untied = model.embedding_params if model.head_params else 0
    return model.params - untied - sum(model.layer_params.get("encoder", ()))


def _setting(row: Mapping[str, Json]) -> str:
    """What must be equal for two rows to compare."""
    return repr((row["backend"], row["batch_size"]))


def _measured(
    row: Mapping[str, Json],
    unpruned: Mapping[str, Json] | None,
    whole: Checkpoint,
    model: Checkpoint,
    settings: Mapping[str, Json],
) -> dict[str, Json]:
    segments = settings["settings"]["segments"]
    speedup = unpruned and row["system"] != UNPRUNED
    return {
        **row,
        "tokens_per_s": _spread([one["new_tokens"] / one["seconds"] for one in row["rounds"]]),
        "segments_per_s": _spread([segments / one["seconds"] for one in row["rounds"]]),
        "speedup": _speedup(row["rounds"], unpruned["rounds"]) if unpruned and speedup else None,
        "ideal_speedup": ideal_speedup(whole, model) if speedup else None,
    }


def _speedup(ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Round by round, since the two of a round ran one after the other."""
    return _spread([other["seconds"] / one["seconds"] for one, other in zip(ours, theirs, strict=True)])


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}
