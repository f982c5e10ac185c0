"""One adapter per kind: a request's JSON and files ↔ the methods of the strategy's Protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from lp_runner import api
from lp_runner.api import Json
from lp_runner.worker import formats
from lp_runner.worker.context import WorkerContext

Arguments = Mapping[str, Json]


class Adapter:
    """The base: public methods are what a request may name."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy

    def perform(self, method: str, arguments: Arguments, context: WorkerContext) -> Json:
        """Raises LookupError on a method that the kind doesn't have."""
        if method.startswith("_") or method == "perform" or not hasattr(self, method):
            raise LookupError(f"a {type(self).__name__} has no {method}")
        return getattr(self, method)(arguments, context)


class Reader(Adapter):
    _strategy: api.CorpusReader

    def read(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{out} → {count}; writes segments."""
        return {"count": formats.write_segments(Path(arguments["out"]), self._strategy.read(context))}


class Encoder(Adapter):
    _strategy: api.PromptEncoder

    def open(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{model, prompt}."""
        self._strategy.open(context, Path(arguments["model"]), api.PromptSpec(**arguments["prompt"]))

    def encode(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{segments, out} → {count, stop_ids}; writes encoded segments."""
        segments = list(formats.read_segments(Path(arguments["segments"])))
        count = formats.write_encoded(Path(arguments["out"]), self._strategy.encode(segments))
        return {"count": count, "stop_ids": list(self._strategy.stop_ids())}

    def decode(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{ids, out} → {count}; writes texts."""
        ids = list(formats.read_ids(Path(arguments["ids"])))
        return {"count": formats.write_texts(Path(arguments["out"]), self._strategy.decode(ids))}


class Importance(Adapter):
    _strategy: api.ImportanceMetric

    def open(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{model, segments (encoded), stop_ids}."""
        segments = tuple(formats.read_encoded(Path(arguments["segments"])))
        self._strategy.open(context, Path(arguments["model"]), segments, tuple(arguments["stop_ids"]))

    def score(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{sets, need} → {count}; every score goes out as an item as soon as it is known."""
        sets = tuple(api.removal_from_json(names) for names in arguments["sets"])
        count = 0
        for score in self._strategy.score(context, sets, arguments["need"]):
            context.item(score.to_json())
            count += 1
        return {"count": count}

    def close(self, arguments: Arguments, context: WorkerContext) -> Json:
        self._strategy.close()


class Policy(Adapter):
    _strategy: api.PruningPolicy

    def search(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{layers, types, where known} → {removals}; a question goes to the core as the call "ask" or "measure"."""
        questions = self._strategy.search(_layers(arguments))
        try:
            question = next(questions)
            while True:
                question = questions.send(_answered(question, context))
        except StopIteration as end:
            return {"removals": [str(layer) for layer in end.value]}


class Trainer(Adapter):
    _strategy: api.RecoveryTrainer

    def train(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{model, train, dev (encoded), into} → facts."""
        train, dev = (tuple(formats.read_encoded(Path(arguments[name]))) for name in ("train", "dev"))
        model, into = Path(arguments["model"]), Path(arguments["into"])
        return dict(self._strategy.train(context, model, train, dev, into))


class Evaluator(Adapter):
    _strategy: api.Evaluator

    def score(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{system, outputs, resamples, out} → {metric: value}; writes a list of evaluations."""
        system = formats.read_outputs(Path(arguments["outputs"]), arguments["system"])
        resamples = api.Resamples(**arguments["resamples"]) if arguments["resamples"] else None
        evaluations = self._strategy.score(context, system, resamples)
        content = [evaluation.to_json() for evaluation in evaluations]
        Path(arguments["out"]).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return {evaluation.metric: evaluation.value for evaluation in evaluations}

    def reach(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{system, outputs, room} → [low, high], or null from an evaluator that knows no bounds."""
        if not hasattr(self._strategy, "reach"):
            return None
        bounding = cast(api.BoundingEvaluator, self._strategy)
        system = formats.read_outputs(Path(arguments["outputs"]), arguments["system"])
        return list(bounding.reach(context, system, tuple(arguments["room"])))


class Backend(Adapter):
    _strategy: api.InferenceBackend

    def load(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{model}."""
        self._strategy.load(context, Path(arguments["model"]))

    def generate(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{prompts (encoded), max_new_tokens, stop_ids, fixed_length, out} → {times}; writes ids."""
        prompts = tuple(each.prompt_ids for each in formats.read_encoded(Path(arguments["prompts"])))
        limits, stops = tuple(arguments["max_new_tokens"]), tuple(arguments["stop_ids"])
        made = self._strategy.generate(context, prompts, limits, stops, arguments["fixed_length"])
        formats.write_ids(Path(arguments["out"]), made.ids)
        return {"times": dict(made.times)}

    def unload(self, arguments: Arguments, context: WorkerContext) -> Json:
        self._strategy.unload()


class Observer(Adapter):
    _strategy: api.Observer

    def observe(self, arguments: Arguments, context: WorkerContext) -> Json:
        """{event}."""
        self._strategy.observe(arguments["event"])

    def close(self, arguments: Arguments, context: WorkerContext) -> Json:
        self._strategy.close()


ADAPTERS: Mapping[str, type[Adapter]] = MappingProxyType(
    {
        "read": Reader,
        "encode": Encoder,
        "importance": Importance,
        "prune": Policy,
        "recover": Trainer,
        "evaluate": Evaluator,
        "infer": Backend,
        "observe": Observer,
    }
)
"""By kind."""


def _layers(arguments: Arguments) -> Sequence[api.Layer]:
    named = [api.Layer.parse(name) for name in arguments["layers"]]
    types = arguments.get("types") or [""] * len(named)
    return tuple(replace(layer, type=kind) for layer, kind in zip(named, types, strict=True))


def _answered(question: api.Question, context: WorkerContext) -> Json:
    """Scores in the order of the sets, or a measurement by quantity."""
    if isinstance(question, api.Ask):
        scores = context.call("ask", question.to_json())["scores"]
        return tuple(api.Score.from_json(each) for each in scores)
    measured = context.call("measure", question.to_json())["measured"]
    return {quantity: api.Measured.from_json(each) for quantity, each in measured.items()}
