"""Every error that a user can meet beside a recipe's own mistakes (tests/broken_recipes): where, what, which remedy.

Each is planted for real and told by the command itself: the whole text on stderr, and the exit code by the README's table.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from lp_runner.checkpoint.config import cut_config
from lp_runner.cli.main import main
from lp_runner.cli.runs import alone
from lp_runner.store import RunFolder
from tests.hub import StandIn
from tests.messages import commands, corpora, faults, models, recipes, strategies, translating, weights
from tests.messages import runs as of_runs
from tests.messages.case import RUN, Case, data

from .conftest import PATIENCE_S, LpRun, Started


@pytest.fixture
def here(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny recipe's folder, worked in, on a device of its own."""
    monkeypatch.chdir(tiny)
    monkeypatch.setenv("LP_RUN_DEVICES", "cpu:7")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("LP_RUN_CACHE", str(tiny / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("LP_RUN_TRACEBACK", raising=False)
    (tiny / "site").mkdir()
    monkeypatch.syspath_prepend(tiny / "site")
    monkeypatch.setenv("PYTHONPATH", str(tiny / "site"), prepend=":")
    return tiny


@pytest.fixture
def begun(here: Path, finished: Path) -> Path:
    """The same where the tiny recipe has been run: what a case leaves as it is needs not be done again."""
    shutil.copytree(finished / "runs", here / "runs", symlinks=True)
    return here


def exit_code(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Of the command; argparse ends the process itself."""
    for name, value in case.variables.items():
        monkeypatch.setenv(name, value.format(tiny=folder))
    try:
        return main(case.words)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(
    "case",
    [*models.CASES, *weights.CASES, *corpora.CASES, *recipes.CASES, *commands.CASES, *translating.CASES],
    ids=lambda case: case.name,
)
def test_an_error_says_where_what_and_the_remedy(
    case: Case, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case.plant(here)
    capsys.readouterr()
    assert exit_code(case, here, monkeypatch) == case.code
    assert capsys.readouterr().err == case.told.format(tiny=here)


@pytest.mark.parametrize("case", [*strategies.CASES, *faults.CASES], ids=lambda case: case.name)
def test_an_error_of_a_strategy_says_the_same(
    case: Case, begun: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case.plant(begun)
    capsys.readouterr()
    assert exit_code(case, begun, monkeypatch) == case.code
    assert capsys.readouterr().err == case.told.format(tiny=begun)


@pytest.mark.parametrize("case", of_runs.CASES, ids=lambda case: case.name)
def test_an_error_about_a_finished_run_says_the_same(
    case: Case, runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs)
    case.plant(runs)
    assert exit_code(case, runs, monkeypatch) == case.code
    assert capsys.readouterr().err == case.told.format(tiny=runs)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("report", "tiny"), "{runs}/runs/tiny is in use by process {pid}\n"),
        (("remove", "tiny", "--yes"), "runs/tiny is in use by process {pid}; nothing is removed\n"),
        (("prune-cache", "--yes"), "runs/tiny is in use by process {pid}; nothing is removed\n"),
    ],
)
def test_a_run_that_another_process_works_on_is_left_alone(
    words: tuple[str, ...],
    told: str,
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(runs)
    with alone(RunFolder(runs / "runs/tiny")):
        assert main(words) == 1
    said = capsys.readouterr().err
    assert said == told.format(runs=runs, pid=os.getpid()) + "hint: wait for it, or stop it\n"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            GatedRepoError,
            (
                "tiny: -o model.path=acme/model: acme/model is gated\n"
                "hint: accept its terms on the hub and log in with `hf auth login`\n"
            ),
        ),
        (
            RepositoryNotFoundError,
            "tiny: -o model.path=acme/model: the hub has no acme/model (or hides it from you)\n",
        ),
    ],
)
def test_a_model_that_the_hub_keeps_is_told_with_what_opens_it(
    error: type[Exception],
    told: str,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def kept(*args: object, **options: object) -> str:
        raise error.__new__(error)

    monkeypatch.setattr("huggingface_hub.snapshot_download", kept)
    assert main((*RUN, "-o", "model.path=acme/model")) == 5
    assert capsys.readouterr().err == told


@pytest.fixture
def uncut(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that lacks its pruned model, worked in."""
    own = Path(shutil.copytree(finished, tmp_path / "own", symlinks=True))
    monkeypatch.chdir(own)
    shutil.rmtree((own / "runs/tiny/steps/09-cut-3").resolve())
    return own


def test_a_model_that_shrinks_while_it_is_cut_is_named(
    uncut: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = uncut / "model/model.safetensors"

    def meanwhile(*known: Any) -> dict[str, Any]:
        os.truncate(weights, 9000)
        return cut_config(*known)

    monkeypatch.setattr(import_module("lp_runner.checkpoint.cut"), "cut_config", meanwhile)
    assert main(RUN) == 1
    told = f"tiny: tiny.yaml:4:15: model.path: {weights}: became shorter while it was copied\n"
    assert capsys.readouterr().err == told


def test_a_disk_that_fills_up_while_a_model_is_cut_is_named(
    uncut: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*asked: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "copy_file_range", full)
    assert main(RUN) == 5
    line, hint = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tiny: {uncut}/runs/.store: its file system, mounted at ")
    assert hint == "hint: make room and run the same command again"


def test_a_gate_that_is_not_met_is_told_with_what_was_reached(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shutil.copytree(finished, tmp_path / "own", symlinks=True))
    gate = "gates=[{system: 3, metric: chrf++, at_least: 99}]"
    assert main(("run", "--quiet", "tiny.yaml", "-o", gate)) == 4
    told = "tiny: gate not met: 3 must have chrf++ of 99.0 or better; reached 0.00\n"
    assert capsys.readouterr().err == told


def test_a_full_disk_is_told_before_the_step_that_it_is_too_small_for(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = SimpleNamespace(total=10**9, used=10**9, free=0)
    monkeypatch.setattr("lp_runner.store.disk.shutil.disk_usage", lambda folder: full)
    assert main(RUN) == 5
    mount = next(folder for folder in here.parents if folder.is_mount())
    assert capsys.readouterr().err == (
        f"tiny: {here}/runs/.store: its file system, mounted at {mount}, is full (0 bytes free, 1.0 MB needed)\n"
        "hint: make room and run the same command again\n"
    )


def test_what_a_plugin_raised_is_in_the_log_that_is_named(begun: Path) -> None:
    faults.RAISING(begun)
    assert main(data("raising")) == 1
    assert "Traceback" in (begun / "runs" / "tiny" / "logs" / "worker-1.log").read_text("utf-8")


def test_a_folder_of_locks_that_belongs_to_someone_else_is_not_used(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="lp_runner-"))
    user = folder.name.removeprefix("lp_runner-")
    monkeypatch.setattr("lp_runner.run.devices.os", SimpleNamespace(getuid=lambda: user))
    assert main(RUN) == 5
    folder.rmdir()
    told = f"{folder}: belongs to someone else, and device locks must be there\nhint: its owner or root can remove it\n"
    assert capsys.readouterr().err == f"tiny: {told}"


def test_a_mistake_of_lp_runner_itself_is_a_line_with_the_way_to_its_traceback(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs)
    monkeypatch.delenv("LP_RUN_TRACEBACK", raising=False)
    monkeypatch.setattr("lp_runner.cli.list.overview", {}.__getitem__)
    assert main(("list",)) == 1
    told = "internal error: KeyError: PosixPath('runs/tiny')\nhint: LP_RUN_TRACEBACK=1 shows where\n"
    assert capsys.readouterr().err == told


def test_a_completion_that_another_shtab_writes_is_told_with_the_one_that_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shtab.complete", lambda parser, shell: "complete -F other lp-run")
    assert main(("completion", "bash")) == 5
    assert capsys.readouterr().err == (
        f"this shtab ({version('shtab')}) writes another script for bash than is known\n"
        "hint: pip install 'shtab==1.13.*'\n"
    )


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        (
            signal.SIGINT,
            130,
            """
lp-run: finishes the candidate, checkpoint or step in hand, then stops; the same command continues there
hint: Ctrl-C again leaves at once, and that unit is made anew
""",
        ),
        (signal.SIGTERM, 143, "\nlp-run: stopping; the same command continues where this one left off\n"),
    ],
)
def test_a_run_that_is_asked_to_stop_says_what_it_does_and_how_to_go_on(
    number: signal.Signals, code: int, told: str, reading: Started, run: Path
) -> None:
    assert reading.stderr
    reading.send_signal(number)
    said = "".join(reading.stderr.readline() for _ in told.splitlines())
    (run / "go-on").touch()
    assert reading.wait(PATIENCE_S) == code
    assert said + reading.stderr.read() == told


PUBLISH = ("publish", "tiny", "3", "--repo", "me/small", "--yes")
ONLINE = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": "hf_" + "s3cret" * 6}
LOG_IN = "hint: log in with `hf auth login`, or set HF_TOKEN\n"
MAY_WRITE = "hint: take a token with write access to it\n"
LATER = "hint: the same command sends again only what isn't there\n"


@pytest.mark.parametrize(
    ("part", "status", "code", "told"),
    [
        ("create", 401, 5, f"{{hub}} refuses the token, or was given none\n{LOG_IN}"),
        ("create", 403, 5, f"{{hub}}: this token may not write to me/small\n{MAY_WRITE}"),
        ("preupload", 404, 5, f"{{hub}} has no me/small, or hides it from this token\n{MAY_WRITE}"),
        ("commit", 500, 5, f"{{hub}} answered 500 to me/small\n{LATER}"),
        ("validate", 400, 2, "{hub} refuses the card: Invalid metadata in README.md. - no such licence\n"),
    ],
)
def test_a_hub_that_refuses_a_model_is_told_with_the_way_to_send_it(
    part: str, status: int, code: int, told: str, hub: StandIn, runs: Path, lp_run: LpRun
) -> None:
    hub.refuses[part] = status
    done = lp_run(*PUBLISH, folder=runs, HF_ENDPOINT=hub.url, HF_HOME=str(runs), **ONLINE)
    assert (done.returncode, done.stderr) == (code, told.format(hub=hub.url))


def test_a_hub_that_cannot_be_reached_is_told_with_what_a_second_try_would_send(
    runs: Path, lp_run: LpRun
) -> None:
    done = lp_run(*PUBLISH, folder=runs, HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(runs), **ONLINE)
    refused = "can't be reached, or broke off: ConnectError: [Errno 111] Connection refused\n"
    assert (done.returncode, done.stderr) == (5, f"http://127.0.0.1:9 {refused}{LATER}")
