"""The contract's Context, answered by messages to the core."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lp_runner.api import Evaluation, Hypotheses, Json, Resamples
from lp_runner.worker.formats import write_outputs
from lp_runner.worker.protocol import Item, Message, Progress, Record

AskCore = Callable[[str, Mapping[str, Json]], Json]
"""A call's name and arguments → its answer. Raises RuntimeError if the core couldn't."""


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The surroundings of one request."""

    request_id: int
    surroundings: Mapping[str, Json]
    send: Callable[[Message], None]
    call: AskCore
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def seed(self) -> int:
        return int(self._given("seed"))

    @property
    def device(self) -> str:
        return str(self._given("device"))

    @property
    def dtype(self) -> str:
        return str(self._given("dtype"))

    @property
    def scratch(self) -> Path:
        folder = Path(self._given("scratch"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def cache(self) -> Path:
        folder = Path(self._given("cache"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def checkpoints(self) -> CallingCheckpoints:
        return CallingCheckpoints(self)

    def progress(self, done: int, total: int, note: str = "") -> None:
        self.send(Progress(self.request_id, done, total, note))

    def record(self, **facts: float | str) -> None:
        self.send(Record(self.request_id, facts))

    def item(self, item: Json) -> None:
        """A part of the result (for adapters, not in the contract)."""
        self.send(Item(self.request_id, item))

    def evaluator(self, option: str) -> CallingEvaluator:
        return CallingEvaluator(self, option)

    def fresh_name(self, stem: str) -> Path:
        """A path in scratch that no other call of this request gets."""
        return self.scratch / f"{stem}-{self.request_id}-{next(self._numbers)}"

    def _given(self, name: str) -> Json:
        if name not in self.surroundings:
            raise RuntimeError(f"this piece of work has no {name}")
        return self.surroundings[name]


@dataclass(frozen=True, slots=True)
class CallingCheckpoints:
    """The core publishes what is written in scratch."""

    context: WorkerContext

    def save(self, step: int, write: Callable[[Path], None]) -> None:
        folder = self.context.fresh_name("checkpoint")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write(folder)
        self.context.call("checkpoint.save", {"step": step, "folder": str(folder)})

    def latest(self) -> tuple[int, Path] | None:
        answer = self.context.call("checkpoint.latest", {})
        return None if answer is None else (answer["step"], Path(answer["folder"]))


@dataclass(frozen=True, slots=True)
class CallingEvaluator:
    """The core scores the outputs, wherever the evaluator's environment is."""

    context: WorkerContext
    option: str

    def score(self, system: Hypotheses, resamples: Resamples | None = None) -> Sequence[Evaluation]:
        arguments = {"resamples": asdict(resamples)} if resamples else {}
        return [Evaluation.from_json(each) for each in self._ask(system, arguments)]

    def reach(self, system: Hypotheses, room: Sequence[int]) -> tuple[float, float] | None:
        found = self._ask(system, {"room": list(room)})
        return None if found is None else (found[0], found[1])

    def _ask(self, system: Hypotheses, arguments: Mapping[str, Json]) -> Json:
        outputs = self.context.fresh_name("outputs")
        write_outputs(outputs, system)
        whose = {"option": self.option, "outputs": str(outputs), "system": system.system}
        try:
            return self.context.call("evaluator", whose | dict(arguments))
        finally:
            outputs.unlink(missing_ok=True)
