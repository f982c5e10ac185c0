"""A run folder → what its steps left, by step id. The one file of this room that opens artefacts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lp_runner.api import Evaluation, Json
from lp_runner.checkpoint import Checkpoint, inspect
from lp_runner.store import Run
from lp_runner.store.manifest import read

MODEL = "model"


@dataclass(frozen=True, slots=True)
class Artefacts:
    """Read-only, and nothing is kept in memory."""

    run: Run

    @property
    def plan(self) -> Mapping[str, Json]:
        return self.run.plan

    def steps(self, kind: str) -> Iterator[Mapping[str, Json]]:
        """The planned steps of a kind, in order."""
        return (step for step in self.plan["steps"] if step["kind"] == kind)

    def link(self, step_id: str) -> str:
        """Its folder, relative to the run's: "steps/07-search"."""
        number = next(n for n, step in enumerate(self.plan["steps"], start=1) if step["id"] == step_id)
        return f"steps/{number:02}-{step_id}"

    def folder(self, step_id: str) -> Path:
        return self.run.folder / self.link(step_id)

    def about(self, step_id: str) -> Mapping[str, Json]:
        """What a step said of itself: facts, seconds, memory, versions."""
        manifest = read(self.folder(step_id))
        assert manifest is not None  # noqa: S101  a report is written of a run that is complete
        return manifest.about

    def json(self, step_id: str, name: str) -> Json:
        return json.loads((self.folder(step_id) / name).read_text(encoding="utf-8"))

    def lines(self, step_id: str, name: str) -> list[Json]:
        with (self.folder(step_id) / name).open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def evaluations(self, step_id: str) -> list[Evaluation]:
        return [Evaluation.from_json(told) for told in self.json(step_id, "evaluations.json")]

    def checkpoint(self, model_step: str | None) -> Checkpoint:
        """Of a model that a step made, or of the unpruned one, which need not be on this machine."""
        told = None if model_step else self.plan["model"].get("checkpoint")
        return _checkpoint(told) if told else inspect(self.model(model_step))

    def model(self, model_step: str | None) -> Path:
        return self.folder(model_step) / MODEL if model_step else Path(self.plan["model"]["folder"])


def _checkpoint(told: Mapping[str, Json]) -> Checkpoint:
    layers = {
        name: {stack: tuple(counts) for stack, counts in told[name].items()}
        for name in ("layer_params", "layer_bytes")
    }
    return Checkpoint(**{**told, **layers})
