"""What crosses a seam: layers, segments, prompts, scores, questions, measurements. Frozen, JSON-able."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Need = Literal["scores", "winner"]
Quantity = Literal["quality", "speed", "params", "bytes"]
ScoreKind = Literal["exact", "bound", "estimate"]
"""A bound: the value is at least this, which is enough to lose."""
Json = Any
"""Whatever `json.dumps` takes; results cross the process boundary in this form."""


@dataclass(frozen=True, slots=True, order=True)
class Layer:
    """One layer, named by its place in the unpruned model whatever has gone since."""

    index: int
    """From 0."""
    stack: str = "decoder"
    """"decoder", or "encoder" in an encoder-decoder model."""
    type: str = field(default="", compare=False, repr=False)
    """As the checkpoint's `layer_types` has it, "full_attention" say; empty where it has none. Known to policies,
    and no part of the layer's name: equal layers may differ in it."""

    def __str__(self) -> str:
        return f"{self.stack}.{self.index}"

    @classmethod
    def parse(cls, text: str | int) -> Layer:
        """From "decoder.13" or 13. Raises ValueError on anything else."""
        stack, _, index = str(text).rpartition(".")
        return cls(int(index), stack or "decoder")


Removal = frozenset[Layer]
"""A removal set: the layers that a candidate model lacks."""


def removal_to_json(removal: Removal) -> list[str]:
    return [str(layer) for layer in sorted(removal)]


def removal_from_json(names: Sequence[str]) -> Removal:
    return frozenset(Layer.parse(name) for name in names)


@dataclass(frozen=True, slots=True)
class Segment:
    """One source text and, where there is one, its reference translation."""

    source: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """How a source text becomes a prompt."""

    template: str
    """With {source}, {source_language}, {target_language}."""
    chat: bool
    """Through the tokenizer's chat template, as a user's turn."""
    source_language: str
    target_language: str


@dataclass(frozen=True, slots=True)
class EncodedSegment:
    """A segment as every trainer, metric and backend gets it: text, and the one true token ids of it."""

    source: str
    reference: str | None
    prompt_ids: tuple[int, ...]
    """With exactly one BOS where the model has one; up to where the translation begins."""
    target_ids: tuple[int, ...]
    """The reference's ids with the ending that the model should produce; empty without a reference."""


@dataclass(frozen=True, slots=True)
class Score:
    """How much the model needs the layers of one removal set. Higher means more important."""

    removed: Removal
    value: float
    """In the metric's own unit: chrF++ points (0-100), nats per token, …"""
    raw: float | None = None
    """What was measured before it became an importance, unrounded; for a quality metric the pruned score."""
    kind: ScoreKind = "exact"
    """A bound only where the question needs no more than the winner."""

    def to_json(self) -> dict[str, Json]:
        names = removal_to_json(self.removed)
        return {"removed": names, "value": self.value, "raw": self.raw, "kind": self.kind}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Score:
        return cls(removal_from_json(data["removed"]), data["value"], data["raw"], data["kind"])


@dataclass(frozen=True, slots=True)
class Ask:
    """A policy's question: how important is each of these removal sets, as a whole?"""

    sets: tuple[Removal, ...]
    metric: str = "importance"
    """The recipe's importance metric, or the name of an option of the policy that nests another."""
    need: Need = "scores"
    """"winner": the least important set alone is wanted, so a metric may answer the others with a bound, which must
    be strictly above the winner's value: a tie is decided by the policy, and needs exact scores."""

    def to_json(self) -> dict[str, Json]:
        sets = [removal_to_json(removal) for removal in self.sets]
        return {"sets": sets, "metric": self.metric, "need": self.need}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Ask:
        sets = tuple(removal_from_json(names) for names in data["sets"])
        return cls(sets, data["metric"], data["need"])


@dataclass(frozen=True, slots=True)
class Measured:
    """One quantity of one pruned model, and between which values it lies."""

    value: float
    low: float
    high: float
    """`low` and `high` are the value itself where it is counted and not sampled."""

    def to_json(self) -> dict[str, Json]:
        return {"value": self.value, "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Measured:
        return cls(data["value"], data["low"], data["high"])


@dataclass(frozen=True, slots=True)
class Measure:
    """A policy's question: what is the model without these layers like? Answered with a Measured per quantity."""

    removed: Removal
    """Empty for the unpruned model."""
    quantities: tuple[Quantity, ...]
    """params: parameters, those that are shared counted once. bytes: of the weights as stored.
    quality: percent of the unpruned model's score that is kept, with the 95 % interval of the paired bootstrap, by
    the evaluator and the backend that the policy nests in its options `metric` and `backend`.
    speed: new tokens per second in units of the unpruned model's, the median of paired rounds with the slowest and
    the fastest, on the backend that the policy nests in its option `backend`."""

    def to_json(self) -> dict[str, Json]:
        return {"removed": removal_to_json(self.removed), "quantities": list(self.quantities)}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Measure:
        return cls(removal_from_json(data["removed"]), tuple(data["quantities"]))


Question = Ask | Measure


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """What one system made of a test set, in the order of the segments."""

    system: str
    sources: tuple[str, ...]
    hypotheses: tuple[str, ...]
    references: tuple[str, ...]
    """Empty where there are none; a metric that needs them raises ValueError."""


@dataclass(frozen=True, slots=True)
class Resamples:
    """The run's bootstrap, one for all metrics and systems.

    Replicate r of n segments is made of the segments `indices[r]`, where
    `indices = numpy.random.default_rng(seed).choice(n, size=(count, n), replace=True)`,
    which is also sacreBLEU's (Koehn 2004; Post 2018).
    """

    count: int = 1000
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One metric's judgement of one system."""

    metric: str
    value: float
    signature: str
    """What must be equal for two values to be comparable."""
    segments: tuple[float, ...] = ()
    """One value per segment, in order."""
    replicates: tuple[float, ...] = ()
    """One value per resample, in order; empty where none were asked for."""
    higher_is_better: bool = True

    def to_json(self) -> dict[str, Json]:
        return {
            "metric": self.metric,
            "value": self.value,
            "signature": self.signature,
            "segments": list(self.segments),
            "replicates": list(self.replicates),
            "higher_is_better": self.higher_is_better,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Evaluation:
        lists = {name: tuple(data[name]) for name in ("segments", "replicates")}
        return cls(**{**data, **lists})


@dataclass(frozen=True, slots=True)
class Generations:
    """A backend's answer: token ids per prompt, in order, and what it took."""

    ids: tuple[tuple[int, ...], ...]
    """New tokens only, without the stop token."""
    times: Mapping[str, float] = field(default_factory=dict)
    """Seconds by name: load_s, generate_s, …; and new_tokens, a count."""
