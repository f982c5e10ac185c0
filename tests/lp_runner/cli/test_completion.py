"""`lp-run completion`: asked of the shells themselves, those that are on this machine."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lp_runner.cli.main import COMMANDS, main

from .conftest import COMMAND, LpRun

SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config"],
}
READS = {
    "bash": "bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'; source ./script",
    "zsh": 'autoload -Uz compinit; compinit -u -D; eval "$(<./script)"',
    "fish": "source ./script",
}
OFFERS = {
    "lp-run re": ["remove", "report"],
    "lp-run env re": ["remove"],
    "lp-run compare --form": ["--format"],
    "lp-run compare --format la": ["latex"],
    "lp-run show ti": ["tiny"],
    "lp-run compare tiny ti": ["tiny"],
    "lp-run show ru": ["runs/"],
    "lp-run plugins recover.s": ["recover.sft"],
    "lp-run init quickstart-": ["quickstart-vllm-comet"],
    "lp-run check ti": ["tiny.yaml"],
    "lp-run check tiny.yaml ot": ["other.yml"],
    "lp-run ti": ["tiny.yaml"],
    "lp-run tiny.yaml --q": ["--quiet"],
    "lp-run tiny.yaml ot": ["other.yml"],
}
"""What is typed before the tabulator → what the last word may become."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def there(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the finished run, two recipes, and an `lp-run` to be found on the way."""
    folder = tmp_path_factory.mktemp("there")
    shutil.copytree(finished / "runs", folder / "runs", symlinks=True)
    for name in ("tiny.yaml", "other.yml", "ti.txt", "other.txt"):
        (folder / name).touch()
    program(folder / "bin/lp-run", f"#!{sys.executable}\n{COMMAND}\n")
    return folder


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, there: Path) -> str:
    """Its name; its script is `there`."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} isn't on this machine")
    (there / "script").write_text(script(name, there), "utf-8")
    return name


def program(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def surroundings(folder: Path) -> dict[str, str]:
    """Wide enough for any line, and without a user's own settings."""
    return {
        "PATH": f"{folder}/bin{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOME": str(folder / "home"),
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm",
        "COLUMNS": "300",
        "LINES": "50",
        "PS1": "> ",
    }


def script(shell: str, folder: Path) -> str:
    told = subprocess.run(
        [folder / "bin/lp-run", "completion", shell], check=True, capture_output=True, text=True
    )
    return told.stdout


def offered(shell: str, typed: str, wanted: list[str], folder: Path) -> str:
    """What the shell has shown when all that is wanted stands there, or when patience ends."""
    if shell == "fish":
        asked = [*SHELLS[shell], "-c", f"{READS[shell]}; complete -C '{typed}'"]
        told = subprocess.run(
            asked, cwd=folder, env=surroundings(folder), check=True, capture_output=True, text=True
        )
        return "\n".join(line.partition("\t")[0] for line in told.stdout.splitlines())
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(shell, SHELLS[shell], surroundings(folder))  # noqa: S606
    try:
        os.write(terminal, f"{READS[shell]}; echo RE''ADY\n".encode())
        shown(terminal, ["READY"])
        os.write(terminal, f"{typed}\t".encode())
        return shown(terminal, wanted)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def shown(terminal: int, wanted: list[str]) -> str:
    told, text, end = b"", "", time.monotonic() + PATIENCE_S
    while not all(words in text for words in wanted) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            told += os.read(terminal, 1 << 16)
            text = ESCAPES.sub("", told.decode("utf-8", "replace"))
    return text


@pytest.mark.parametrize("typed", OFFERS)
def test_a_word_that_is_begun_is_completed(typed: str, shell: str, there: Path) -> None:
    before, _, begun = typed.rpartition(" ")
    offers = OFFERS[typed]
    one_line = len(offers) == 1 and shell != "fish"
    wanted = [f"{before} {offers[0]}"] if one_line else offers
    told = offered(shell, typed, wanted, there)
    assert [words for words in wanted if words not in told] == []
    assert "txt" not in told
    assert begun == "re" or "report" not in told


def test_no_names_are_asked_for_before_they_are_wanted(shell: str, there: Path, tmp_path: Path) -> None:
    """A run of later is offered too, and a shell starts at once."""
    program(tmp_path / "bin/lp-run", "#!/bin/sh\ntouch asked\n")
    (tmp_path / "script").write_text(script(shell, there), "utf-8")
    words = [word for word in SHELLS[shell] if word != "-i"]
    subprocess.run(
        [*words, "-c", READS[shell]],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        check=True,
        capture_output=True,
    )
    assert not (tmp_path / "asked").exists()


def test_a_folder_s_name_is_no_command_of_the_shell(runs: Path, lp_run: LpRun) -> None:
    """bash's `compgen -W` would run it."""
    shutil.copytree(runs / "runs/tiny", runs / "runs/$(touch owned)", symlinks=True)
    assert lp_run("completion", "--words", "runs", folder=runs).stdout == "tiny\n"


@pytest.mark.parametrize("name", SHELLS)
def test_every_command_is_in_the_script(name: str, there: Path, lp_run: LpRun) -> None:
    done = lp_run("completion", name, folder=there)
    assert (done.returncode, done.stderr) == (0, "")
    assert [command for command in COMMANDS if command not in done.stdout] == []


def test_another_shell_is_refused(tmp_path: Path, lp_run: LpRun) -> None:
    done = lp_run("completion", "csh", folder=tmp_path)
    assert done.returncode == 2
    assert "invalid choice: 'csh' (choose from" in done.stderr


def test_a_folder_of_its_name_makes_no_folder_of_a_command(shell: str, there: Path) -> None:
    """fish offers both."""
    (there / "env").mkdir(exist_ok=True)
    wanted = "env\n" if shell == "fish" else "lp-run env"
    told = offered(shell, "lp-run en", [wanted], there)
    assert wanted in told
    assert shell == "fish" or "env/" not in told


def test_a_script_of_another_shtab_is_not_mended_by_half(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shtab.complete", lambda parser, shell: "complete -F other lp-run")
    assert main(["completion", "bash"]) == 5
    assert "writes another script for bash than is known" in capsys.readouterr().err
