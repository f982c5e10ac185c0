"""Plans of recipes on the exact configuration of Aya-Expanse-8B, without its weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lp_runner import plan
from lp_runner.machine import Device
from lp_runner.plan import Plan
from lp_runner.plan.inputs import Fingerprints
from lp_runner.recipe import load
from lp_runner.registry import Registry

ROOT = Path(__file__).parents[3]
AYA = ROOT / "tests/lp_runner/checkpoint/aya-expanse-8b"
GPU = Device("cuda:0", 80 * 10**9)
RECIPE = """\
version: 1
name: small
model: {path: %s, dtype: bfloat16}
languages: {source: Czech, target: German}
data:
  train: {use: tsv, with: {path: train.tsv, limit: 1000}}
  dev: {use: tsv, with: {path: dev.tsv, limit: 100}}
  test: {use: tsv, with: {path: test.tsv, limit: 50}}
importance: translation-quality
prune: {use: iterative-greedy, with: {remove: 2}}
evaluate: [chrf++]
"""

Planner = Callable[..., Plan]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.installed()


@pytest.fixture
def planned(tmp_path: Path, registry: Registry) -> Planner:
    """The plan of a small recipe with overrides, or of a shipped one by its file's name."""
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.tsv").write_text(f"{split}\t{split}\n", "utf-8")
    (tmp_path / "small.yaml").write_text(RECIPE % AYA, "utf-8")

    def make(*overrides: str, shipped: str = "", device: Device = GPU) -> Plan:
        path = ROOT / "recipes" / shipped if shipped else tmp_path / "small.yaml"
        changed = [f"model.path={AYA}", *overrides]
        return plan.build(load(path, changed, registry)[0], [device], Fingerprints(None))

    return make
