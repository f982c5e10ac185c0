"""Models that can run code: from known publishers, pinned by a commit, unless the user says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

LpRun = Callable[..., CompletedProcess[str]]


def naming(model: str) -> tuple[str, str]:
    return ("-o", f"evaluate=[{{use: comet, with: {model}}}]")


@pytest.mark.parametrize("command", ["check", "plan", "run"])
def test_a_publisher_that_nobody_knows_is_refused(command: str, tiny: Path, lp_run: LpRun) -> None:
    model = naming("{model: stranger/comet, revision: abc}")
    done = lp_run(command, "tiny.yaml", *model, folder=tiny)
    assert done.returncode == 2
    assert done.stderr == (
        f"{model[0]} {model[1]}: evaluate.0.with.model: stranger is none of comet's known publishers (Unbabel), "
        "and its models can run code; --trust-publisher stranger if you trust it\n"
    )


def test_the_user_may_trust_one_on_the_command_line(tiny: Path, lp_run: LpRun) -> None:
    model = naming("{model: stranger/comet, revision: abc}")
    assert lp_run("check", "tiny.yaml", *model, "--trust-publisher", "stranger", folder=tiny).returncode == 0
    assert lp_run("check", "tiny.yaml", *model, "--trust-publisher", "another", folder=tiny).returncode == 2


def test_a_known_publisher_needs_no_word_and_a_commit(tiny: Path, lp_run: LpRun) -> None:
    pinned = naming("{model: Unbabel/wmt22-comet-da, revision: abc}")
    assert lp_run("check", "tiny.yaml", *pinned, folder=tiny).returncode == 0
    loose = naming("{model: Unbabel/wmt22-comet-da}")
    done = lp_run("check", "tiny.yaml", *loose, folder=tiny)
    assert done.returncode == 2
    assert "Unbabel/wmt22-comet-da is no folder here; a model of the hub needs its commit in `revision`" in (
        done.stderr
    )


def test_a_folder_is_the_users_own_and_must_be_there(tiny: Path, lp_run: LpRun) -> None:
    (tiny / "comet").mkdir()
    assert lp_run("check", "tiny.yaml", *naming("{model: ./comet}"), folder=tiny).returncode == 0
    done = lp_run("check", "tiny.yaml", *naming("{model: ./commet}"), folder=tiny)
    assert done.returncode == 2
    assert f"evaluate.0.with.model: no such file: {tiny / 'commet'}" in done.stderr
