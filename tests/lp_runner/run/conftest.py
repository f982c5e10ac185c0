"""A workplace with a real store, real workers of light plugins, and a listener that remembers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from lp_runner.api import ModelSize
from lp_runner.envs import Cache, Environments
from lp_runner.recipe.recipe import Use
from lp_runner.registry import Registry
from lp_runner.run.workers import Workers
from lp_runner.run.workplace import Workplace
from lp_runner.store import Store

LAYERS = 5


@dataclass
class Remembering:
    """A Listener; what every event that is kept has of its own is left out."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)

    def event(self, name: str, fields: Mapping[str, Any]) -> None:
        own = {"schema", "time", "event"}
        self.events.append((name, {key: value for key, value in fields.items() if key not in own}))

    def progress(self, step: str, done: int, total: int, note: str) -> None:
        self.steps.append((done, total))

    def of(self, name: str) -> list[dict[str, Any]]:
        return [fields for known, fields in self.events if known == name]


@pytest.fixture
def listener() -> Remembering:
    return Remembering()


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.installed()


@pytest.fixture
def use(registry: Registry) -> Callable[..., Use]:
    """A strategy with the given options, and the defaults of all others."""

    def make(kind: str, name: str, **options: Any) -> Use:
        properties = registry.find(kind, name).schema.get("properties", {})
        defaults = {option: about["default"] for option, about in properties.items() if "default" in about}
        return Use(kind, name, {**defaults, **options}, {}, ())

    return make


@pytest.fixture
def workers(registry: Registry, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(
        registry,
        Environments(Cache(tmp_path / "environments")),
        tmp_path / "logs",
        tmp_path,
        "cpu",
        lambda: None,
    )
    yield made
    made.close()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A checkpoint of five layers with one number each."""
    folder = tmp_path / "model"
    folder.mkdir()
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": LAYERS}
    (folder / "config.json").write_text(json.dumps(config))
    weights = {f"model.layers.{index}.weight": np.zeros(1, np.float32) for index in range(LAYERS)}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture
def workplace(
    model: Path, registry: Registry, workers: Workers, listener: Remembering, tmp_path: Path
) -> Workplace:
    """With the prompts of a search made, under the key "prompts-key"."""
    store = Store(tmp_path / ".store")
    with store.lock("prompts-key"), store.staging("prompts-key") as staged:
        (staged / "encoded.jsonl").write_text("")
        store.publish("prompts-key", staged, {"facts": {"stop_ids": [2]}})
    plan: Any = SimpleNamespace(
        model=SimpleNamespace(folder=model),
        recipe=SimpleNamespace(seed=0, problem=lambda trail, what: f"{'.'.join(trail)}: {what}"),
        size=ModelSize(5, 5, 1, 0, 1, 2, 4),
        memory_bytes=2**30,
        device="cpu",
        dtype="float32",
    )
    keys = {"prompts-dev": "prompts-key", "search": "search-key"}
    return Workplace(
        plan, registry, store, workers, str, listener, keys, {"search": 0}, lambda: None, tmp_path / "scratch"
    )
