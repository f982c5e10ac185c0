from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LP_RUN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LP_RUN_SETTINGS", str(tmp_path / "settings.yaml"))
    return tmp_path / "cache" / "environments"


def test_an_unknown_name_is_answered_with_those_there_are(lp_run: Run, tmp_path: Path) -> None:
    for verb in ("build", "path"):
        done = lp_run("env", verb, "comett", folder=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("no environment is named 'comett'; there are: ")


def test_removing_what_is_not_there_is_an_error(lp_run: Run, tmp_path: Path) -> None:
    done = lp_run("env", "remove", "comet", folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, "no environment is named 'comet'; there are: none\n")


def test_a_broken_environment_is_listed_and_can_be_removed(
    lp_run: Run, own_cache: Path, tmp_path: Path
) -> None:
    (own_cache / "fruit-1234").mkdir(parents=True)
    assert "fruit-1234" in lp_run("env", "list", folder=tmp_path).stdout
    assert lp_run("env", "remove", "fruit-1234", folder=tmp_path).returncode == 0
    assert "fruit-1234" not in lp_run("env", "list", folder=tmp_path).stdout


def test_settings_that_are_wrong_are_told_with_their_places(lp_run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("environments:\n  comet: {pyton: /opt/python}\nenvironment: {}\n")
    done = lp_run("env", "list", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{settings}:3:1: environment: no such setting; did you mean environments?",
        f"{settings}:2:11: environments.comet.pyton: no such setting; did you mean python?",
        f"{settings}:2:3: environments.comet.python: is missing",
    ]


def test_scripts_are_told_every_environment(lp_run: Run, tmp_path: Path) -> None:
    told = {
        one["environment"]: one for one in json.loads(lp_run("env", "list", "--json", folder=tmp_path).stdout)
    }
    assert {"vllm", "comet"} <= set(told)
    assert told["comet"]["users"] == ["evaluate.comet"]
