"""The checked recipe: everything explicit, nothing left to look up. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lp_runner.recipe.node import Json, Node, Problem, Trail, spot
from lp_runner.recipe.scalars import to_yaml

Overlap = Literal["drop-from-train", "refuse", "allow"]
Denominator = Literal["unpruned", "unpruned+recovery"]


@dataclass(frozen=True, slots=True)
class Use:
    """A strategy that the recipe names, with all its options."""

    kind: str
    """As in `registry.HOOKS`: importance, prune, recover, evaluate, infer, read, observe."""
    name: str
    options: Mapping[str, Json]
    """Checked, defaults filled in, marked paths absolute, nested strategies as {"use", "with"}."""
    nested: Mapping[str, Use]
    """The same nested strategies, by the option that names them."""
    place: Trail
    """Where in the recipe it is named."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The model to prune."""

    path: str
    """An absolute folder, or a name on the hub."""
    revision: str | None
    dtype: Literal["auto", "float32", "bfloat16", "float16"]

    @property
    def is_local(self) -> bool:
        return Path(self.path).is_absolute()


@dataclass(frozen=True, slots=True)
class Languages:
    """What is translated into what: English names for prompts, BCP 47 tags for model cards."""

    source: str
    target: str
    source_code: str
    target_code: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """How a source text becomes a prompt."""

    template: str
    """With {source}, {source_language}, {target_language}."""
    chat: bool
    """Through the tokenizer's chat template, as a user's turn."""


@dataclass(frozen=True, slots=True)
class Data:
    """Three corpora that share nothing."""

    train: Use | None
    """Absent only where nothing is recovered."""
    dev: Use
    """The search and early stopping see this."""
    test: Use
    """Nothing but the evaluation sees this."""
    overlap: Overlap


@dataclass(frozen=True, slots=True)
class Importance:
    """A metric, and what it looks at where that isn't the recipe's own."""

    use: Use
    prompt: Prompt | None
    """None for the recipe's prompt."""
    data: Use | None
    """None for the recipe's dev data."""


@dataclass(frozen=True, slots=True)
class Control:
    """Another importance metric under the same policy, prompt and data."""

    use: Use
    keep_at: tuple[int, ...]
    """After how many removals its models are kept; empty for the recipe's own."""


@dataclass(frozen=True, slots=True)
class Infer:
    """The backend that translates the test set."""

    use: Use
    max_new_tokens: Literal["auto"] | int


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is timed against what, and how often."""

    backends: tuple[Use, ...]
    """Empty for the recipe's own."""
    systems: tuple[str, ...]
    """Empty for the unpruned model and every delivered one."""
    batch_sizes: tuple[int, ...]
    segments: int
    new_tokens: int
    """Of every output."""
    warmup: int
    """Batches of each size after a load."""
    repeats: int


@dataclass(frozen=True, slots=True)
class Gate:
    """What a system must reach; `keep_percent` of another system's score, or `at_least` this score itself."""

    system: str | int
    """A number of kept layers, or a system's name."""
    metric: str
    keep_percent: float | None
    at_least: float | None
    of: Denominator
    """What is 100 percent."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One run's recipe. Equal recipes describe the same run, wherever they were written."""

    path: Path = field(compare=False)
    """Of the file it was read from."""
    cell: str = field(compare=False)
    """Its place in the matrix, a folder's name; empty where there is no matrix."""
    name: str
    seed: int
    device: str
    """"auto", "cpu", "cuda" or "cuda:N"."""
    model: ModelSpec
    languages: Languages
    prompt: Prompt
    data: Data
    importance: Importance
    prune: Use
    recover: tuple[Use, ...]
    """Stages, one after another."""
    evaluate: tuple[Use, ...]
    infer: Infer
    benchmark: Benchmark | None
    controls: tuple[Control, ...]
    """Searched to the same depths, to see what the importance metric is worth."""
    gates: tuple[Gate, ...]
    observe: tuple[Use, ...]
    resolved: Mapping[str, Json]
    """The same as JSON, without extends, matrix or environment; loads to an equal recipe again."""
    written: Node = field(compare=False, repr=False)
    """What was written, with its places."""

    def uses(self) -> list[Use]:
        """Every strategy that the recipe names, nested ones after those that name them."""
        found = [use for use in (self.data.train, self.data.dev, self.data.test, self.importance.data) if use]
        found += [self.importance.use, self.prune, *self.recover, *self.evaluate, self.infer.use]
        found += self.benchmark.backends if self.benchmark else ()
        found += [*(control.use for control in self.controls), *self.observe]
        for use in found:  # grows as it goes
            found += use.nested.values()
        return found

    def where(self, trail: Trail) -> str:
        """ "file:line:column" of a value, or of the nearest thing around it that was written."""
        return str(spot(self.written, trail)[1])

    def problem(self, trail: Trail, what: str) -> str:
        """A line about a value: where, which, what."""
        return str(Problem(spot(self.written, trail)[1], trail, what))

    def to_yaml(self) -> str:
        """`resolved` as a recipe's text; use this and not a YAML writer, whose strings may read as numbers."""
        return to_yaml(_escaped(self.resolved))


def _escaped(value: Json) -> Json:
    """With text that looks like an interpolation protected from being one."""
    if isinstance(value, Mapping):
        return {name: _escaped(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return value.replace("${env:", "$${env:") if isinstance(value, str) else value
