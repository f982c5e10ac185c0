"""What every step is done with: the plan, the store, the workers, and a way to say what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lp_runner.api import Json
from lp_runner.plan import Plan, Step
from lp_runner.plan.keys import Prints
from lp_runner.recipe.recipe import Prompt, Use
from lp_runner.registry import Registry
from lp_runner.run.workers import Meter, Strategy, Workers
from lp_runner.store import Journal, Store
from lp_runner.worker import Progress, Record

MODEL = "model"
"""The folder of a model inside its artefact."""
SEGMENTS = "segments.jsonl"
ENCODED = "encoded.jsonl"
OUTPUTS = "outputs.jsonl"
SEARCH = "search.json"
EVALUATIONS = "evaluations.json"


class Listener(Protocol):
    """Told everything that a run does, as it happens."""

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """A fact; once it is kept in events.jsonl, as it is there."""

    def progress(self, step: str, done: int, total: int, note: str) -> None:
        """How far the step in hand is; only the last is kept, for who looks on."""


@dataclass(slots=True)
class Workplace:
    plan: Plan
    registry: Registry
    store: Store
    workers: Workers
    prints: Prints
    listener: Listener
    keys: Mapping[str, str | None]
    needs_bytes: Mapping[str, int]
    """Disk that each step takes, at most, by its id."""
    should_stop: Callable[[], None]
    """Raises Interrupted where the user or the system wants an end; asked where nothing in hand is lost."""
    scratch: Path
    """Of the step in hand; gone after it."""
    meter: Meter = field(default_factory=Meter)

    def made(self, step_id: str) -> Path:
        """The folder of a step that is done."""
        key = self.keys[step_id]
        assert key is not None  # noqa: S101  steps come after all that they need
        return self.store.path(key)

    def facts(self, step_id: str) -> Mapping[str, Json]:
        """What a step that is done said of itself."""
        manifest = self.store.manifest(str(self.keys[step_id]))
        assert manifest is not None  # noqa: S101
        facts: Mapping[str, Json] = manifest.about["facts"]
        return facts

    def model_of(self, step: Step) -> Path:
        """The model folder that a step works on: another step's, or the recipe's own."""
        source = step.needs.get("model")
        return self.made(source) / MODEL if source else self.plan.model.folder

    def journal(self, step: Step, name: str) -> Journal:
        """Of a step's answers; the run notes that it has it."""
        self.listener.event("journal", {"step": step.id, "journal": name})
        return self.store.journal(name)

    @contextmanager
    def strategy(
        self,
        step: Step,
        use: Use,
        on_record: Callable[[Mapping[str, Json]], None] | None = None,
        meter: Meter | None = None,
    ) -> Iterator[Strategy]:
        """A strategy working for a step: its progress and records become the run's.

        Args:
            meter: of its own, where its time and memory are told apart from the step's.
        """

        def on_event(told: Progress | Record) -> None:
            if isinstance(told, Progress):
                self.listener.progress(step.id, told.done, told.total, told.note)
                return
            self.listener.event("record", {"step": step.id, "facts": dict(told.facts)})
            if on_record:
                on_record(told.facts)

        surroundings = {
            "seed": step.seed,
            "device": "cuda:0" if self.plan.device.startswith("cuda") else "cpu",
            "dtype": self.plan.dtype,
            "scratch": str(self.scratch),
            "cache": str(self.store.cache(f"{use.kind}.{use.name}")),
        }
        with self.workers.use(use, surroundings, on_event, meter or self.meter) as strategy:
            yield strategy


def prompt_arguments(plan: Plan, prompt: Prompt) -> dict[str, Json]:
    """What the encoder opens with."""
    languages = plan.recipe.languages
    words = {
        "template": prompt.template,
        "chat": prompt.chat,
        "source_language": languages.source,
        "target_language": languages.target,
    }
    return {"model": str(plan.model.folder), "prompt": words}
