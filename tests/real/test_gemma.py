"""The gemma recipe on its real model and corpus, cut down to minutes. Needs models/ and data/: see README.md."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "recipes/gemma3-270m-ces-deu.yaml"
SHORT = (
    "importance.with.segments=20",
    "importance.with.bounds=false",
    "importance.with.verify=16",
    "prune.with.remove=1",
    "prune.with.keep_at=[]",
    "recover=[]",
    "controls=[]",
    "data.test.with.limit=8",
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]


def test_a_real_translator_loses_its_least_needed_layer_found_exactly_and_still_translates(
    tmp_path: Path, lp_run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    overrides = [word for override in SHORT for word in ("-o", override)]
    done = lp_run(RECIPE, *overrides, "--quiet", "--output", tmp_path, timeout=1700)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "gemma3-270m-ces-deu/results.json").read_text(encoding="utf-8"))
    unpruned, pruned = results["systems"]
    assert [unpruned["layers"], pruned["layers"]] == [{"decoder": 18}, {"decoder": 17}]
    [search] = results["searches"]
    assert len(search["questions"][0]["scores"]) == 16
    verified = [facts for facts in search["record"] if "verified" in facts]
    assert [(facts["texts"], facts["differing"]) for facts in verified] == [(20, 0)] * 16
    assert min(one["evaluations"][0]["value"] for one in results["systems"]) > 30
