"""`lp-run verify`: what it prints; what it finds is the store's, and tested there."""

from __future__ import annotations

from pathlib import Path

import pytest

from lp_runner.cli.main import main


def test_the_name_of_a_run_cannot_steer_the_terminal(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs)
    (runs / "runs/tiny").rename("runs/\x1b[31m")
    assert main(["verify", "runs/\x1b[31m"]) == 0
    assert capsys.readouterr().out.startswith("runs/\\x1b[31m: ")
