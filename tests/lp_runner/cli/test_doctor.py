"""`lp-run doctor`: a line for each thing, the remedy, and an exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from .conftest import LpRun


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LP_RUN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LP_RUN_SETTINGS", str(tmp_path / "settings.yaml"))


def examined(folder: Path, lp_run: LpRun, **environment: str) -> tuple[int, dict[str, Any]]:
    done = lp_run("doctor", "--json", folder=folder, **environment)
    told = json.loads(done.stdout)
    assert told["usable"] == (done.returncode == 0)
    return done.returncode, {one["thing"]: one for one in told["findings"]}


def before(folder: Path) -> str:
    """An import path on which this folder's modules hide installed ones."""
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])


def test_a_fit_machine_ends_with_0_and_what_is_not_built_has_its_command(
    tmp_path: Path, lp_run: LpRun
) -> None:
    code, found = examined(tmp_path, lp_run, LP_RUN_DEVICES="cpu")
    assert code == 0
    assert {"python", "torch", "devices", "disk", "environment vllm", "plugins"} <= set(found)
    assert found["environment vllm"]["state"] == "note"
    assert found["environment vllm"]["remedy"] == "a run builds it, or lp-run env build vllm"
    assert found["devices"]["what"].startswith("cpu with ")


def test_without_a_torch_that_can_be_imported_it_ends_with_5(tmp_path: Path, lp_run: LpRun) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/torch.py").write_text("raise ImportError('libcudart.so.12: cannot open')")
    code, found = examined(tmp_path, lp_run, PYTHONPATH=before(tmp_path / "broken"))
    assert code == 5
    assert found["torch"]["what"] == "ImportError: libcudart.so.12: cannot open"
    assert found["torch"]["remedy"].startswith("pip install torch")


def test_a_gpu_that_torch_cannot_use_ends_with_5(tmp_path: Path, lp_run: LpRun) -> None:
    (tmp_path / "blind").mkdir()
    (tmp_path / "blind/torch.py").write_text(
        "class cuda:\n    is_available = staticmethod(lambda: False)\n__version__ = '2.13.0+cpu'\n"
    )
    code, found = examined(tmp_path, lp_run, PYTHONPATH=before(tmp_path / "blind"), LP_RUN_DEVICES="cuda:0")
    assert code == 5
    assert found["devices"]["remedy"] == "install torch's CUDA build, or say LP_RUN_DEVICES=cpu"


def test_an_interpreter_of_ones_own_that_is_gone_ends_with_5(tmp_path: Path, lp_run: LpRun) -> None:
    (tmp_path / "settings.yaml").write_text("environments: {comet: {python: /nowhere/python}}\n")
    code, found = examined(tmp_path, lp_run)
    assert code == 5
    assert found["environment comet"]["what"] == "your own interpreter isn't there: /nowhere/python"


def test_a_broken_environment_is_told_with_the_command_that_removes_it(tmp_path: Path, lp_run: LpRun) -> None:
    (tmp_path / "cache/environments/vllm-1234").mkdir(parents=True)
    _, found = examined(tmp_path, lp_run)
    assert found["environment vllm-1234"]["remedy"] == "lp-run env remove vllm-1234"


def test_people_get_one_line_each(tmp_path: Path, lp_run: LpRun) -> None:
    text = lp_run("doctor", folder=tmp_path).stdout
    assert text.splitlines()[-1] == "recipes can run here"
    assert any(line.startswith("python") for line in text.splitlines())
