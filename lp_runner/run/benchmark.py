"""Speed: every model and backend in turn, round by round, with outputs of equal length and load times apart.

Times are the backends' own, so pipes and files don't count. The unit is the whole step: a killed one begins again,
since rounds of two sittings don't compare.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lp_runner.api import Json
from lp_runner.errors import RunFailed, UsageError
from lp_runner.machine import machine
from lp_runner.plan import Step
from lp_runner.plan.estimate import engine_bytes, engines_of
from lp_runner.recipe.recipe import Use
from lp_runner.run.workers import Meter, Strategy
from lp_runner.run.workplace import ENCODED, MODEL, Workplace
from lp_runner.worker.formats import rows_of, write_rows

BENCHMARK = "benchmark.json"
SCHEMA = "lp_runner/benchmark/1"

Batches = Sequence[tuple[Path, int]]
"""Files of prompts, each to be given at once, and how many are in it."""


@dataclass(slots=True)
class Engine:
    """One backend with one model: how to load it, and what was measured of it."""

    system: str
    use: Use
    model: Path
    load_s: list[float] = field(default_factory=list)
    rounds: dict[int, list[dict[str, float]]] = field(default_factory=dict)
    """By batch size, in the order of the rounds."""
    meter: Meter = field(default_factory=Meter)


def benchmark(step: Step, work: Workplace, into: Path) -> dict[str, Json]:
    """Everything stays loaded where memory is declared to allow it, and is loaded again in each round otherwise."""
    prompts = _prompts(step, work)
    batches = {size: batched(prompts, size, work.scratch) for size in step.facts["batch_sizes"]}
    engines = _engines(step, work)
    needed = sum(engine_bytes(use, model, work.plan, work.registry) for use, model in engines_of(step))
    resident = needed <= work.plan.memory_bytes
    timer = Timer(step, work, batches)
    (timer.resident if resident else timer.by_rounds)(engines)
    told = {
        "schema": SCHEMA,
        "machine": machine(),
        "settings": {name: step.facts[name] for name in ("segments", "new_tokens", "warmup", "repeats")},
        "prompt_tokens": sum(len(segment["prompt_ids"]) for segment in prompts),
        "resident": resident,
        "order": timer.order,
        "measurements": [row for engine in engines for row in _rows(engine)],
    }
    (into / BENCHMARK).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for engine in engines:
        work.meter.include(engine.meter)
    return {"resident": resident, "engines": len(engines)}


class Timer:
    """Walks the rounds; `order` remembers who was timed when."""

    def __init__(self, step: Step, work: Workplace, batches: dict[int, Batches]) -> None:
        self._step, self._work, self._batches = step, work, batches
        self._repeats = int(step.facts["repeats"])
        self.order: list[Json] = []

    def resident(self, engines: Sequence[Engine]) -> None:
        with ExitStack() as stack:
            loaded = [(engine, stack.enter_context(self._loaded(engine))) for engine in engines]
            for number in range(self._repeats):
                for size in self._batches:
                    for engine, backend in loaded:
                        self._time(engine, backend, size, number, len(engines))

    def by_rounds(self, engines: Sequence[Engine]) -> None:
        for number in range(self._repeats):
            for engine in engines:
                with self._loaded(engine) as backend:
                    for size in self._batches:
                        self._time(engine, backend, size, number, len(engines))

    @contextmanager
    def _loaded(self, engine: Engine) -> Iterator[Strategy]:
        """Warm, and gone from the device afterwards."""
        with self._work.strategy(self._step, engine.use, meter=engine.meter) as backend:
            before_s = engine.meter.seconds
            backend.do("load", {"model": str(engine.model)})
            engine.load_s.append(engine.meter.seconds - before_s)
            for batches in self._batches.values():
                for _ in range(int(self._step.facts["warmup"])):
                    self._generate(backend, *batches[0])
            yield backend
            backend.do("unload", {})

    def _time(self, engine: Engine, backend: Strategy, size: int, number: int, engines: int) -> None:
        """All prompts once, `size` at a time.

        Raises RunFailed where a backend made outputs of other lengths than it was told to.
        """
        seconds, new_tokens = 0.0, 0
        for path, count in self._batches[size]:
            times = self._generate(backend, path, count)
            seconds += times["generate_s"]
            new_tokens += int(times["new_tokens"])
        wanted = int(self._step.facts["segments"]) * int(self._step.facts["new_tokens"])
        if new_tokens != wanted:
            raise RunFailed(f"{engine.use.name}: {new_tokens} new tokens where {wanted} were asked for")
        engine.rounds.setdefault(size, []).append({"seconds": seconds, "new_tokens": new_tokens})
        self.order.append([number, size, engine.use.name, engine.system])
        note = f"{engine.system}, {engine.use.name}, batch {size}: {new_tokens / seconds:.1f} tokens/s"
        everything = self._repeats * len(self._batches) * engines
        self._work.listener.progress(self._step.id, len(self.order), everything, note)

    def _generate(self, backend: Strategy, prompts: Path, count: int) -> dict[str, float]:
        request = {
            "prompts": str(prompts),
            "max_new_tokens": [int(self._step.facts["new_tokens"])] * count,
            "stop_ids": [],
            "fixed_length": True,
            "out": str(self._work.scratch / "ids.jsonl"),
        }
        times: dict[str, float] = backend.do("generate", request)["times"]
        return times


def _prompts(step: Step, work: Workplace) -> list[dict[str, Json]]:
    """The first segments of the test set, as ids. Raises UsageError where there are too few."""
    segments, wanted = rows_of(work.made(step.needs["prompts"]) / ENCODED), int(step.facts["segments"])
    if len(segments) < wanted:
        what = f"{wanted} are asked for, and the test set has {len(segments)}"
        raise UsageError(work.plan.recipe.problem(("benchmark", "segments"), what))
    return segments[:wanted]


def batched(segments: Sequence[dict[str, Json]], size: int, folder: Path) -> Batches:
    """Of `size` prompts each."""
    made = []
    for start in range(0, len(segments), size):
        path, rows = folder / f"prompts-{size}-{start}.jsonl", segments[start : start + size]
        write_rows(path, rows)
        made.append((path, len(rows)))
    return made


def _engines(step: Step, work: Workplace) -> list[Engine]:
    """In the order of a round."""
    names = [name for name in step.facts["systems"] for _ in step.uses]
    return [
        Engine(name, use, work.made(model) / MODEL if model else work.plan.model.folder)
        for name, (use, model) in zip(names, engines_of(step), strict=True)
    ]


def _rows(engine: Engine) -> Iterator[dict[str, Json]]:
    """One for each batch size."""
    for size, rounds in engine.rounds.items():
        yield {
            "system": engine.system,
            "backend": {"use": engine.use.name, "with": dict(engine.use.options)},
            "batch_size": size,
            "load_s": engine.load_s,
            "rounds": rounds,
            "peak_memory_bytes": engine.meter.peak_memory_bytes,
            "device_peak_bytes": engine.meter.device_peak_bytes,
        }
