"""One Protocol per kind of plugin. An implementation is a class made with its options as keywords."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from lp_runner.api.context import Context
from lp_runner.api.values import (
    EncodedSegment,
    Evaluation,
    Generations,
    Hypotheses,
    Json,
    Layer,
    Need,
    PromptSpec,
    Question,
    Removal,
    Resamples,
    Score,
    Segment,
)


class ImportanceMetric(Protocol):
    """How much a model needs its layers."""

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """Get ready to be asked, any number of times, about this model folder on these segments."""

    def score(self, context: Context, sets: Sequence[Removal], need: Need) -> Iterator[Score]:
        """One score per removal set, in any order, each as soon as it is known."""

    def close(self) -> None:
        """Let go of model and memory."""


class PruningPolicy(Protocol):
    """Which layers to remove, in which order."""

    def search(self, layers: Sequence[Layer]) -> Generator[Question, Any, Sequence[Layer]]:
        """Yield questions, be sent their answers, return the removals in order.

        An Ask is answered with a Score for each of its sets, in their order; a Measure with a mapping from each of
        its quantities to a Measured.
        Two options have a meaning for the core: `remove`, how many layers go in all (or `layers`, a list of
        them), and `keep_at`, after how many removals a model is kept; mark `keep_at` neutral. A policy with neither
        `remove` nor `layers` says itself where it ends. One that measures quality or speed has the options `backend`
        (nested) and `segments`; for quality also `metric` (nested) and `max_new_tokens`, for speed also `new_tokens`,
        `batch_size`, `warmup` and `rounds`.
        Must depend on nothing but options, layers and answers: a killed search is replayed. Raises ValueError where
        options and layers don't fit, and where an answer leaves nothing to choose.
        """


class RecoveryTrainer(Protocol):
    """Give a pruned model back what it knew."""

    def train(
        self,
        context: Context,
        model: Path,
        train: Sequence[EncodedSegment],
        dev: Sequence[EncodedSegment],
        into: Path,
    ) -> Mapping[str, Json]:
        """Write a complete model folder into the empty folder `into`; return facts for the report.

        `train` and `dev` have targets. Long work saves `context.checkpoints` and starts from the latest.
        """


class Evaluator(Protocol):
    """How good a system's translations are."""

    def score(
        self, context: Context, system: Hypotheses, resamples: Resamples | None
    ) -> Sequence[Evaluation]:
        """One evaluation per metric. Raises ValueError where the metric can't judge the input."""


class BoundingEvaluator(Evaluator, Protocol):
    """An evaluator that can also say what an unfinished system may still come to; a metric may then stop early."""

    def reach(self, context: Context, system: Hypotheses, room: Sequence[int]) -> tuple[float, float]:
        """The lowest and the highest value, of its first metric, that the system can have when all texts are whole.

        `room`: how many characters at most each text will still get, after a space; 0 where it is whole.
        """


class InferenceBackend(Protocol):
    """An engine that continues token ids greedily."""

    def load(self, context: Context, model: Path) -> None:
        """Get a model folder ready to generate. Raises MemoryError where the device is too small."""

    def generate(
        self,
        context: Context,
        prompts: Sequence[Sequence[int]],
        max_new_tokens: Sequence[int],
        stop_ids: Sequence[int],
        fixed_length: bool,
    ) -> Generations:
        """Continue each prompt up to its limit or the first stop id; up to the limit if `fixed_length`.

        Raises MemoryError where the device is too small.
        """

    def unload(self) -> None:
        """Let go of model and memory."""


class CorpusReader(Protocol):
    """Where segments come from."""

    def read(self, context: Context) -> Iterator[Segment]:
        """Segments in a fixed order. Raises ValueError (what, where) on input that can't be read.

        Paths among the options arrive absolute.
        """


class Observer(Protocol):
    """A tracker that is told what a run does."""

    def observe(self, event: Mapping[str, Json]) -> None:
        """One event of events.jsonl. A raise is logged and never stops the run."""

    def close(self) -> None: ...


class PromptEncoder(Protocol):
    """Texts to token ids and back: one for a whole run, so that every backend gets the same ids."""

    def open(self, context: Context, model: Path, prompt: PromptSpec) -> None:
        """Raises ValueError where the tokenizer can't serve the prompt (no chat template, …)."""

    def encode(self, segments: Sequence[Segment]) -> Iterator[EncodedSegment]: ...

    def decode(self, ids: Sequence[Sequence[int]]) -> Iterator[str]:
        """Without special tokens, stripped."""

    def stop_ids(self) -> Sequence[int]:
        """The token ids that end a translation."""
