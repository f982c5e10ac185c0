"""A plugin's declaration: everything known of a strategy before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lp_runner.api.values import Removal

API_VERSION = 1
"""Raised when a strategy written for the old contract would no longer work."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A set of requirements that a strategy runs in. The default is the one that lp-run lives in."""

    name: str = "default"
    requires: tuple[str, ...] = ()
    """PEP 508 requirements."""
    links: tuple[str, ...] = ()
    """Other import packages to make visible there, such as lp_models."""
    python: str = ""
    """Version bounds of the interpreter (PEP 440); empty for any."""
    platform: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """More requirements for "cpu" or "cuda"."""
    leave_out: tuple[str, ...] = ()
    """Distributions that must not be there, though something requires them."""
    about_bytes: int = 0
    """About what it takes on disk, for `lp-run check`; 0 where nobody has looked."""


DEFAULT_ENVIRONMENT = Environment()


@dataclass(frozen=True, slots=True)
class ModelSize:
    """What a plan knows of a model before it is loaded."""

    params: int
    """All, embedding and head counted once where they are tied."""
    layers: int
    layer_params: int
    """Of one layer."""
    embedding_params: int
    hidden_size: int
    kv_width: int
    """Keys and values that one layer keeps per token, in numbers."""
    dtype_bytes: int
    """Of one parameter as loaded: 2 or 4."""
    model_type: str = ""
    """As its configuration names its architecture."""

    @property
    def weight_bytes(self) -> int:
        return self.params * self.dtype_bytes


@dataclass(frozen=True, slots=True)
class SearchSize:
    """What a plan knows of a search before it is run."""

    questions: tuple[tuple[Removal, ...], ...]
    """The removal sets of each question to the metric, at most."""
    prompt_tokens: tuple[int, ...]
    """Of each segment, what all begin with included."""
    target_tokens: tuple[int, ...]
    """The ending included."""
    shared_prompt_tokens: int
    """That all prompts begin with."""

    def first(self, segments: int) -> SearchSize:
        """The same questions on fewer segments."""
        shorter = self.prompt_tokens[:segments], self.target_tokens[:segments]
        return SearchSize(self.questions, *shorter, self.shared_prompt_tokens)


@dataclass(frozen=True, slots=True)
class SearchCost:
    """What all answers to a search take."""

    operations: float
    """Floating-point."""
    told: str = ""
    """What that means on a machine that it names, for people; empty where nobody can say."""


SearchCosts = Callable[[Mapping[str, Any], ModelSize, SearchSize], SearchCost | None]
"""From a metric's options, the model's size and a search's; None where it isn't known for such a model."""
DeviceBytes = Callable[[Mapping[str, Any], ModelSize], int]
"""From a strategy's options and the model's size to the device memory that it needs at its peak, in bytes."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One strategy on offer. Returned by a plugin's hook; light, and imports nothing."""

    name: str
    """As in a recipe's `use:`."""
    summary: str
    """One line for `lp-run plugins`."""
    implementation: str
    """"module:attribute" of the class; imported by a worker alone, made with the options as keywords."""
    options: str
    """"package:file" of the options' JSON schema (draft-07), which holds their only defaults."""
    environment: Environment = DEFAULT_ENVIRONMENT
    traits: frozenset[str] = frozenset()
    """What fits what: "encoder-decoder", "no-references", …"""
    revision: int = 1
    """Raised when the same options give other results."""
    device_bytes: DeviceBytes | None = None
    """For `lp-run plan` and `check --device-memory`; None: the weights and a fifth more."""
    search_cost: SearchCosts | None = None
    """Of an importance metric, for `lp-run plan`; None where nobody has counted."""
    api: int = API_VERSION
