"""One run's folder: recipe, plan, events, links to its artefacts and models, results. Written by a run, read by a report."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lp_runner.api import Json
from lp_runner.errors import UsageError
from lp_runner.files import (
    holder,
    link_into_place,
    link_or_copy,
    locked,
    rename_into_place,
    write_durably,
)
from lp_runner.store.events import Events, finite, read_events
from lp_runner.store.progress import ProgressFile, read_progress
from lp_runner.store.secrets import Redactor

EVENTS = "events.jsonl"
PROGRESS = "progress.json"
LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The writer's side."""

    path: Path

    @contextmanager
    def lock(
        self, *, wait: bool = True, on_wait: Callable[[int, float], None] | None = None
    ) -> Iterator[None]:
        """One lp-run at a time works on a run. As `files.locked`."""
        self.path.mkdir(parents=True, exist_ok=True)
        with locked(self.path / LOCK, wait=wait, on_wait=on_wait):
            yield

    @property
    def events(self) -> Events:
        """Appends to events.jsonl, without the secrets of this process's environment."""
        return Events(self.path / EVENTS, Redactor.of(os.environ))

    @property
    def progress(self) -> ProgressFile:
        return ProgressFile(self.path / PROGRESS, Redactor.of(os.environ))

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def _results(self) -> Path:
        return self.path / "results.json"

    def begin(self, recipe: str, plan: Mapping[str, Json]) -> None:
        """The recipe as resolved and the plan; links of an earlier plan are forgotten."""
        self.path.mkdir(parents=True, exist_ok=True)
        hide = Redactor.of(os.environ)
        write_durably(self.path / "recipe.yaml", hide.text(recipe))
        write_durably(self.path / "plan.json", _pretty(hide.json(plan)))
        for link in self.path.glob("steps/*"):
            link.unlink()

    def link_step(self, number: int, kind: str, artefact: Path) -> None:
        """`steps/07-evaluate` → the artefact in the store."""
        self._link("steps", f"{number:02}-{kind}", artefact)

    def write_model(self, name: str, checkpoint: Path, extras: Mapping[str, str]) -> None:
        """`models/<name>`: the checkpoint's files, shared with the store where the disk allows, and `extras`."""
        target = self.path / "models" / name
        aside = target.with_name(f".{name}.new")
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(checkpoint, aside, copy_function=link_or_copy)
        for file, text in extras.items():
            (aside / file).unlink(missing_ok=True)
            (aside / file).write_text(text, encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        rename_into_place(aside, target)

    def has_results(self, results: Mapping[str, Json]) -> bool:
        """Whether results.json says the same."""
        try:
            return self._results.read_text(encoding="utf-8") == _pretty(finite(results))
        except (OSError, ValueError):
            return False

    def write_results(self, results: Mapping[str, Json]) -> None:
        write_durably(self._results, _pretty(finite(results)))

    def write_report(self, page: str) -> None:
        write_durably(self.report, page)

    def keep_models(self, names: set[str]) -> None:
        """Delete those of an earlier plan."""
        for folder in self.path.glob("models/*"):
            if folder.name not in names:
                shutil.rmtree(folder)

    def _link(self, where: str, name: str, artefact: Path) -> None:
        (self.path / where).mkdir(exist_ok=True)
        link_into_place(artefact, self.path / where / name)


@dataclass(frozen=True, slots=True)
class Run:
    """The reader's side: what a run folder holds, whoever wrote it and however far it came."""

    folder: Path
    plan: Mapping[str, Json]
    steps: Mapping[str, Path]
    """Artefact folders by link name ("07-evaluate"), in order; only those that are done."""
    models: Mapping[str, Path]
    """Model folders by name."""

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Raises UsageError where there is no run."""
        try:
            plan = json.loads((folder / "plan.json").read_bytes())
        except FileNotFoundError:
            raise UsageError(f"{folder}: not a run folder (no plan.json)") from None
        except ValueError:
            raise UsageError(f"{folder / 'plan.json'}: not JSON") from None
        if not isinstance(plan, dict) or not isinstance(plan.get("steps"), list):
            raise UsageError(f"{folder / 'plan.json'}: not a plan")
        return cls(folder, plan, _linked(folder / "steps"), _linked(folder / "models"))

    @property
    def holder(self) -> int | None:
        """The process that works on it now; 0 where it doesn't say which, None where none does."""
        return holder(self.folder / LOCK)

    @property
    def missing(self) -> list[str]:
        """Steps that were done, and whose artefact isn't there any more; by link name."""
        links = sorted((self.folder / "steps").glob("[!.]*"))
        return [link.name for link in links if not link.exists()]

    @property
    def name(self) -> str:
        """With the cell's of a matrix: study/seed-1."""
        name, cell = self.plan.get("name", self.folder.name), self.plan.get("cell")
        return f"{name}/{cell}" if cell else str(name)

    @property
    def keys(self) -> set[str]:
        """Of every artefact that it has or was making: planned, linked, or begun since it was last started."""
        planned = {step["key"] for step in self.plan["steps"] if step["key"]}
        linked = {path.name for path in self.steps.values()}
        begun: set[str] = set()
        for event in self.events():
            if event["event"] == "run-started":
                begun = set()
            elif event.get("key"):
                begun.add(event["key"])
        return planned | linked | begun

    @property
    def recipe(self) -> str:
        """Text of recipe.yaml, as resolved."""
        return (self.folder / "recipe.yaml").read_text(encoding="utf-8")

    def events(self) -> Iterator[dict[str, Json]]:
        """In order; a torn last line is left out."""
        return read_events(self.folder / EVENTS)

    @property
    def progress(self) -> dict[str, Json] | None:
        """How far the step at work said to be last; it may be of a step that is over."""
        return read_progress(self.folder / PROGRESS)

    @property
    def events_bytes(self) -> int:
        """Grows with every event."""
        events = self.folder / EVENTS
        return events.stat().st_size if events.exists() else 0

    @property
    def journals(self) -> set[str] | None:
        """Of the answers that its searches have asked for; None where an earlier lp_runner didn't note them."""
        noted, answered = set(), False
        for event in self.events():
            answered |= event["event"] in ("score", "measured")
            if event["event"] == "journal":
                noted.add(event["journal"])
        return noted if noted or not answered else None

    def step(self, number: int) -> Path | None:
        """The artefact of the step with this number, if it is done."""
        start = f"{number:02}-"
        return next((path for name, path in self.steps.items() if name.startswith(start)), None)


def is_run(folder: Path) -> bool:
    """A run has been here, however far it came."""
    return any((folder / name).is_file() for name in ("plan.json", ".lock"))


def _linked(folder: Path) -> dict[str, Path]:
    return {link.name: link.resolve() for link in sorted(folder.glob("[!.]*")) if link.exists()}


def _pretty(content: Mapping[str, Json]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
