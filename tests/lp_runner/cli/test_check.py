"""`lp-run check`: everything that is wrong, quickly, without torch."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lp_runner.cli.check import size_bytes
from lp_runner.cli.main import main

from .conftest import LpRun

ROOT = Path(__file__).parents[3]
AYA = ROOT / "tests/lp_runner/checkpoint/aya-expanse-8b"
SOUND = ROOT / "recipes/paper-sound-ces-deu.yaml"
PAPER = (SOUND, ROOT / "recipes/paper-exact-eng-arz.yaml")
HEAVY = ("torch", "transformers", "datasets", "numpy", "huggingface_hub", "sacrebleu", "rich", "matplotlib")
MEASURED = """
import json, os, sys
from lp_runner.cli import main
code = main(["check", *sys.argv[2:]])
spent = os.times()
told = {"code": code, "seconds": spent.user + spent.system, "heavy": [m for m in sys.argv[1].split(",") if m in sys.modules]}
print(json.dumps(told))
"""
LIBRARIES = """
import json, os, argparse, difflib, importlib.metadata, jsonschema, pluggy, yaml
entry_points = importlib.metadata.entry_points()
spent = os.times()
print(json.dumps({"seconds": spent.user + spent.system}))
"""


def told(program: str, *words: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a process of its own prints last, as JSON."""
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=variables)
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last


def checked(recipe: Path, *words: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Exit code, CPU seconds and heavy imports of one `lp-run check`."""
    return told(
        MEASURED, ",".join(HEAVY), str(recipe), "-o", f"model.path={AYA}", *words, variables=variables
    )


@pytest.mark.parametrize("recipe", PAPER)
def test_a_good_recipe_is_checked_in_less_than_0_3_s_without_anything_heavy(recipe: Path) -> None:
    runs = [checked(recipe) for _ in range(3)]

    assert [(run["code"], run["heavy"]) for run in runs] == [(0, [])] * 3
    assert min(run["seconds"] for run in runs) < 0.3


@pytest.mark.parametrize("recipe", PAPER)
def test_a_check_costs_little_more_than_the_libraries_it_needs(recipe: Path, tmp_path: Path) -> None:
    """With byte code kept, as it is for whoever installs lp-run."""
    kept = {"PYTHONPYCACHEPREFIX": str(tmp_path)}
    variables = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"} | kept
    both = [(checked(recipe, variables=variables), told(LIBRARIES, variables=variables)) for _ in range(4)]
    check, libraries = (min(one["seconds"] for one in each) for each in zip(*both, strict=True))

    assert check < 2.5 * libraries


def test_a_check_of_device_memory_needs_no_torch_either() -> None:
    found = checked(SOUND, "--device-memory", "80GB")

    assert found["code"] == 0
    assert not {"torch", "transformers", "datasets"} & set(found["heavy"])


def test_what_fits_no_device_of_a_size_ends_with_5_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", str(SOUND), "-o", f"model.path={AYA}", "--device-memory", "16GB"])

    assert code == 5
    assert capsys.readouterr().err == (
        f"{SOUND}: search by translation-quality, iterative-greedy needs about 36.7 GB of device memory, "
        "more than 16.0 GB\n"
    )


def test_float32_master_weights_of_aya_fit_no_80_gb(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-o", f"model.path={AYA}", "-o", "recover=[{use: sft, with: {gradient_checkpointing: true}}]"]

    code = main(["check", str(SOUND), *words, "--device-memory", "80GB"])

    assert code == 5
    assert "recover unpruned by sft needs about " in capsys.readouterr().err


def test_a_model_of_the_hub_need_not_be_here_to_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(SOUND)]) == 0


def test_a_model_folder_that_is_not_there_ends_with_2_and_its_place(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tiny / "tiny.yaml").write_text(
        (tiny / "tiny.yaml").read_text("utf-8").replace("./model", "./modell"), "utf-8"
    )

    code = main(["check", str(tiny / "tiny.yaml")])

    assert code == 2
    assert capsys.readouterr().err == (
        f"{tiny}/tiny.yaml:4:15: model.path: no such folder: {tiny}/modell; did you mean model?\n"
        "hint: paths are relative to the file that they stand in, of an option to the current folder\n"
    )


def test_every_recipe_is_checked_though_one_is_broken(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tiny / "bad.yaml").write_text("version: 2\n", "utf-8")

    code = main(["check", str(tiny / "bad.yaml"), str(tiny / "tiny.yaml")])

    assert code == 3
    assert capsys.readouterr().out == f"{tiny}/tiny.yaml: good\n"


def test_a_matrix_says_how_many_runs_it_is(tiny: Path, lp_run: LpRun) -> None:
    done = lp_run("check", "tiny.yaml", "-o", "matrix={seed: [1, 2, 3]}", folder=tiny)

    assert done.stdout == "tiny.yaml: good (3 runs)\n"


@pytest.mark.parametrize(
    ("text", "count"),
    [("80GB", 80 * 10**9), ("16 gb", 16 * 10**9), ("1.5TB", 15 * 10**11), ("2GiB", 2**31), ("512", 512)],
)
def test_a_size_is_read_as_people_write_it(text: str, count: int) -> None:
    assert size_bytes(text) == count


@pytest.mark.parametrize("text", ["80 giraffes", "", "-1GB", "GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no size; write it like 80GB"):
        size_bytes(text)


def test_the_name_of_a_recipe_cannot_steer_the_terminal(
    tiny: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny)
    (tiny / "tiny.yaml").rename("\x1b[31m.yaml")
    assert main(["check", "\x1b[31m.yaml"]) == 0
    assert capsys.readouterr().out == "\\x1b[31m.yaml: good\n"


def test_scripts_are_told_what_is_wrong_with_each_recipe(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tiny / "wrong.yaml"
    wrong.write_text((tiny / "tiny.yaml").read_text("utf-8").replace("remove:", "remov:"), "utf-8")
    assert main(["check", str(tiny / "tiny.yaml"), str(wrong), "--json"]) == 3
    out, err = capsys.readouterr()
    good, bad = json.loads(out)
    assert err == ""
    assert (good["good"], good["runs"], good["problems"]) == (True, 1, [])
    assert (bad["good"], bad["recipe"]) == (False, str(wrong))
    assert any(line.endswith("; did you mean remove?") for line in bad["problems"])
    assert main(["check", str(tiny / "tiny.yaml"), "-o", "data.dev.with.path=none.tsv", "--json"]) == 2
    [gone] = json.loads(capsys.readouterr().out)
    assert len(gone["problems"]) == 1
    assert gone["hint"].startswith("paths are relative")
