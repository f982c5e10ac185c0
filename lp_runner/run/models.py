"""Models: cut layers out of the unpruned one, and recover what that cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lp_runner.api import Json, Layer
from lp_runner.checkpoint import cut as cut_files
from lp_runner.errors import RunFailed
from lp_runner.plan import Step
from lp_runner.plan.inputs import about_the_model
from lp_runner.run.search import removals
from lp_runner.run.workplace import ENCODED, MODEL, Workplace
from lp_runner.store.checkpoints import CheckpointShelf
from lp_runner.worker.formats import rows_of, write_rows

HISTORY = "history.jsonl"


def cut(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    """The unpruned model without the first `count` layers of a search's order; all of them where that is None."""
    order = removals(work.made(step.needs["search"]))
    removed = [Layer.parse(name) for name in order[: step.facts["count"]]]
    folder = into / MODEL
    folder.mkdir()
    with about_the_model(work.plan.recipe):
        hashes = cut_files(work.plan.model.folder, [(layer.stack, layer.index) for layer in removed], folder)
    return {"removed": [str(layer) for layer in removed], "hashes": hashes}


def recover(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    """A trainer's work, from its latest whole checkpoint; what it recorded is kept beside the model."""
    folder = into / MODEL
    folder.mkdir()
    name, shelf = step.uses["recover"].name, work.store.checkpoints(str(work.keys[step.id]))
    training = _Training(name, shelf, [], work.should_stop)
    arguments = {
        "model": str(work.model_of(step)),
        "train": str(work.made(step.needs["train"]) / ENCODED),
        "dev": str(work.made(step.needs["dev"]) / ENCODED),
        "into": str(folder),
    }
    with work.strategy(step, step.uses["recover"], on_record=training.record) as trainer:
        facts: dict[str, Json] = trainer.do("train", arguments, on_call=training.answer)
    if not (folder / "config.json").is_file():
        raise RunFailed(f"{name} left no model in the folder that it was given")
    write_rows(into / HISTORY, training.history)
    return facts


@dataclass(frozen=True, slots=True)
class _Training:
    """What a trainer recorded, which goes with its checkpoints, so that a continued history has no gap."""

    trainer: str
    checkpoints: CheckpointShelf
    history: list[Json]
    should_stop: Callable[[], None]

    def record(self, facts: Mapping[str, Json]) -> None:
        self.history.append(dict(facts))

    def answer(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """A trainer's call."""
        if name == "checkpoint.save":
            folder = Path(arguments["folder"])
            write_rows(folder / HISTORY, self.history)
            self.checkpoints.save(int(arguments["step"]), folder)
            return self.should_stop()
        if name == "checkpoint.latest":
            return self._latest()
        raise RunFailed(f"{self.trainer} calls {name!r}, which lp_runner doesn't offer to a trainer")

    def _latest(self) -> Json:
        latest = self.checkpoints.latest()
        if latest is None:
            return None
        kept = latest[1] / HISTORY
        self.history[:] = rows_of(kept) if kept.exists() else []
        return {"step": latest[0], "folder": str(latest[1])}
