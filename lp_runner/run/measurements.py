"""What a pruned model is like: its size by arithmetic, its quality and its speed by trying it.

Tries are journalled as they were seen, translations' scores and rounds' seconds, so that a replay gives the same
answers. The model that is tried is cut for it and gone afterwards.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from statistics import median

from lp_runner.api import (
    Evaluation,
    Json,
    Measure,
    Measured,
    Quantity,
    Removal,
    removal_from_json,
    removal_to_json,
)
from lp_runner.checkpoint import Checkpoint, cut, inspect
from lp_runner.errors import RunFailed, UsageError
from lp_runner.intervals import retention
from lp_runner.machine import machine
from lp_runner.plan import Step
from lp_runner.plan.estimate import engine_bytes
from lp_runner.plan.inputs import about_the_model
from lp_runner.plan.keys import FORMAT, digest, identity
from lp_runner.plan.steps import ENCODER, RESAMPLES
from lp_runner.recipe.recipe import Use
from lp_runner.run.benchmark import Engine, Timer, batched
from lp_runner.run.evaluate import scores
from lp_runner.run.prompts import decode
from lp_runner.run.translate import auto_limit, joined
from lp_runner.run.workplace import ENCODED, Workplace
from lp_runner.store import Journal
from lp_runner.worker.formats import rows_of, write_rows

MakeRoom = Callable[[int], None]
"""Called with the device memory that a try takes, before it: the device may not hold the metrics' models beside it."""
TIMED = ("segments", "new_tokens", "batch_size", "warmup", "rounds")


class Measurements:
    """Answers to a policy's Measure."""

    def __init__(self, step: Step, work: Workplace, make_room: MakeRoom) -> None:
        self._step, self._work, self._make_room = step, work, make_room

    def answer(self, question: Measure) -> dict[Quantity, Measured]:
        """Raises RunFailed where there can be no such model."""
        try:
            self._left(question.removed)
        except UsageError as error:
            name = self._step.uses["prune"].name
            raise RunFailed(f"{name} measures a model that can't be: {error.message}") from None
        return {quantity: self._one(quantity, question.removed) for quantity in question.quantities}

    def _one(self, quantity: Quantity, removed: Removal) -> Measured:
        match quantity:
            case "params":
                return counted(self._left(removed).params)
            case "bytes":
                return counted(self._left(removed).bytes)
            case "quality":
                measured = self._quality.measured(removed)
            case "speed":
                measured = self._speed.measured(removed)
            case _:
                raise RunFailed(f"{self._step.uses['prune'].name} measures {quantity!r}, which nothing tells")
        told = {"removed": removal_to_json(removed), "quantity": quantity, **measured.to_json()}
        self._work.listener.event("measured", {"step": self._step.id, **told})
        return measured

    def _left(self, removed: Removal) -> Checkpoint:
        return self._whole.without((layer.stack, layer.index) for layer in removed)

    @cached_property
    def _whole(self) -> Checkpoint:
        return inspect(self._work.plan.model.folder)

    @cached_property
    def _quality(self) -> Quality:
        return Quality(self._step, self._work, self._make_room)

    @cached_property
    def _speed(self) -> Speed:
        return Speed(self._step, self._work, self._make_room)


class Quality:
    """Percent of the unpruned model's score that is kept, by the first metric of an evaluator."""

    def __init__(self, step: Step, work: Workplace, make_room: MakeRoom) -> None:
        self._step, self._work, self._make_room = step, work, make_room
        self._policy = step.uses["prune"].name
        self._backend, self._metric = _nested(step, "backend", "infer"), _nested(step, "metric", "evaluate")
        self._segments = _segments(step, work)[: int(_option(step, "segments"))]
        limit = _option(step, "max_new_tokens")
        self._limit = auto_limit(self._segments) if limit == "auto" else int(limit)
        settings = {"segments": len(self._segments), "max_new_tokens": self._limit, "resamples": RESAMPLES}
        self._journal = _journal("quality", step, [self._backend, self._metric], settings, work)
        self._known = {
            removal_from_json(entry["removed"]): Evaluation.from_json(entry["evaluation"])
            for entry in self._journal.entries()
        }

    def measured(self, removed: Removal) -> Measured:
        """Raises RunFailed where the unpruned model's score, or a resample of it, leaves nothing to be a share of."""
        unpruned, pruned = self._evaluation(frozenset()), self._evaluation(removed)
        kept = retention(pruned, unpruned)
        if kept is None:
            raise RunFailed(
                f"prune.{self._policy}: no share of the unpruned model's {unpruned.metric} can be told: "
                "a resample of it is 0",
                "give it more segments, or another metric",
            )
        return Measured(kept.value, kept.low, kept.high)

    def _evaluation(self, removed: Removal) -> Evaluation:
        if removed not in self._known:
            evaluation = self._evaluated(self._translated(removed))
            self._journal.append({"removed": removal_to_json(removed), "evaluation": evaluation.to_json()})
            self._known[removed] = evaluation
        return self._known[removed]

    def _translated(self, removed: Removal) -> Path:
        """Rows for the evaluator."""
        folder = self._work.scratch / "quality"
        folder.mkdir(parents=True, exist_ok=True)
        prompts, ids, texts = (folder / f"{name}.jsonl" for name in ("prompts", "ids", "texts"))
        write_rows(prompts, self._segments)
        request = {
            "prompts": str(prompts),
            "max_new_tokens": [self._limit] * len(self._segments),
            "stop_ids": self._work.facts(self._step.needs["prompts"])["stop_ids"],
            "fixed_length": False,
            "out": str(ids),
        }
        self._make_room(_bytes(self._backend, self._work))
        with _pruned(removed, self._work) as model, self._work.strategy(self._step, self._backend) as backend:
            backend.do("load", {"model": str(model)})
            backend.do("generate", request)
            backend.do("unload", {})
        decode(replace(self._step, uses={"encode": ENCODER}), self._work, ids, texts)
        outputs = folder / "outputs.jsonl"
        write_rows(outputs, joined(self._segments, rows_of(texts)))
        return outputs

    def _evaluated(self, outputs: Path) -> Evaluation:
        with self._work.strategy(self._step, self._metric) as evaluator:
            evaluation = Evaluation.from_json(scores(evaluator, outputs, RESAMPLES)[0])
        if not evaluation.replicates:
            raise RunFailed(
                f"prune.{self._policy}: {evaluation.metric} has no replicates, so what is kept of it would have no "
                "interval"
            )
        return evaluation


class Speed:
    """New tokens per second in units of the unpruned model's, both timed in turn on outputs of one length."""

    def __init__(self, step: Step, work: Workplace, make_room: MakeRoom) -> None:
        self._step, self._work, self._make_room = step, work, make_room
        self._backend = _nested(step, "backend", "infer")
        self._settings = {name: int(_option(step, name)) for name in TIMED}
        # All of the backend's options: what is neutral to a result is what a time depends on.
        settings = {**self._settings, "options": dict(self._backend.options), "machine": _machine()}
        self._journal = _journal("speed", step, [self._backend], settings, work)
        self._known: dict[Removal, list[list[float]]] = {
            removal_from_json(entry["removed"]): entry["rounds"] for entry in self._journal.entries()
        }

    def measured(self, removed: Removal) -> Measured:
        """Raises UsageError where there are fewer segments than are to be timed."""
        if removed not in self._known:
            rounds = self._timed(removed)
            self._journal.append({"removed": removal_to_json(removed), "rounds": rounds})
            self._known[removed] = rounds
        ratios = [unpruned_s / pruned_s for unpruned_s, pruned_s in self._known[removed]]
        return Measured(median(ratios), min(ratios), max(ratios))

    def _timed(self, removed: Removal) -> list[list[float]]:
        """Seconds of every round: the unpruned model's, the pruned one's."""
        size = self._settings["batch_size"]
        self._work.scratch.mkdir(parents=True, exist_ok=True)
        batches = {size: batched(self._prompts(), size, self._work.scratch)}
        both = 2 * _bytes(self._backend, self._work)  # as if nothing were cut
        self._make_room(both)
        with _pruned(removed, self._work) as model:
            models = {"unpruned": self._work.plan.model.folder, "pruned": model}
            engines = [Engine(name, self._backend, folder) for name, folder in models.items()]
            timer = Timer(self._timing(), self._work, batches)
            fits = both <= self._work.plan.memory_bytes
            (timer.resident if fits else timer.by_rounds)(engines)
        for engine in engines:
            self._work.meter.include(engine.meter)
        seconds = [[one["seconds"] for one in engine.rounds[size]] for engine in engines]
        return [list(pair) for pair in zip(*seconds, strict=True)]

    def _prompts(self) -> Sequence[Json]:
        segments, wanted = _segments(self._step, self._work), self._settings["segments"]
        if len(segments) < wanted:
            option = (*self._step.uses["prune"].place, "with", "segments")
            what = f"{wanted} are to be timed, and the search has {len(segments)}"
            raise UsageError(self._work.plan.recipe.problem(option, what))
        return segments[:wanted]

    def _timing(self) -> Step:
        facts = {**self._settings, "repeats": self._settings["rounds"]}
        return replace(self._step, uses={"infer": self._backend}, facts=facts)


def _machine() -> dict[str, Json]:
    """What a time depends on."""
    here = machine()
    return {name: here[name] for name in ("processor", "accelerators")}


def counted(value: float) -> Measured:
    return Measured(value, value, value)


@contextmanager
def _pruned(removed: Removal, work: Workplace) -> Iterator[Path]:
    """A model folder for as long as the block lasts."""
    whole = work.plan.model.folder
    if not removed:
        yield whole
        return
    folder = work.scratch / "pruned"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with about_the_model(work.plan.recipe):
            cut(whole, [(layer.stack, layer.index) for layer in removed], folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def _journal(quantity: str, step: Step, uses: Sequence[Use], settings: Json, work: Workplace) -> Journal:
    """Under all that the tries depend on, and never under the policy."""
    told = [identity(use, work.registry, work.prints, step.facts["device"]) for use in uses]
    prompts = work.keys[step.needs["prompts"]]
    return work.journal(step, digest([FORMAT, quantity, told, settings, dict(step.facts), prompts]))


def _bytes(backend: Use, work: Workplace) -> int:
    return engine_bytes(backend, None, work.plan, work.registry)


def _segments(step: Step, work: Workplace) -> list[Json]:
    return list(rows_of(work.made(step.needs["prompts"]) / ENCODED))


def _nested(step: Step, option: str, kind: str) -> Use:
    policy = step.uses["prune"]
    use = policy.nested.get(option)
    if use is None or use.kind != kind:
        raise RunFailed(f"{policy.name} measures with its option {option!r}, and has no such plugin there")
    return use


def _option(step: Step, name: str) -> Json:
    policy = step.uses["prune"]
    if name not in policy.options:
        raise RunFailed(f"{policy.name} measures with an option {name!r} that it doesn't have")
    return policy.options[name]
