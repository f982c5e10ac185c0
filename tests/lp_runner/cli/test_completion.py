"""`lp-run completion`: bash's as bash does it, the others' as far as can be told without them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lp_runner.cli.main import COMMANDS

from .conftest import COMMAND, LpRun

ASK = """\
eval "$(lp-run completion bash)"
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE="${{COMP_WORDS[*]}}"
COMP_POINT=${{#COMP_LINE}}
{function} lp-run "${{COMP_WORDS[COMP_CWORD]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def there(finished: Path, tmp_path: Path) -> Path:
    """A folder with the finished run, and an `lp-run` to be found on the way."""
    shutil.copytree(finished / "runs", tmp_path / "runs", symlinks=True)
    shutil.copy(finished / "tiny.yaml", tmp_path)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/lp-run"
    script.write_text(f"#!{sys.executable}\n{COMMAND}\n")
    script.chmod(0o755)
    return tmp_path


def completed(words: str, folder: Path) -> list[str]:
    """What bash offers after these words, the last of which is begun."""
    text = ASK.format(words=words, function="_shtab_lp_run")
    done = subprocess.run(
        ["bash", "--norc", "-c", text],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder}/bin{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=500,
        check=True,
    )
    return done.stdout.split()


def test_bash_completes_commands(there: Path) -> None:
    assert completed("lp-run pl", there) == ["plan", "plugins"]


def test_bash_completes_names_of_runs(there: Path) -> None:
    assert completed("lp-run show ti", there) == ["tiny"]


def test_a_folder_s_name_is_no_command_of_the_shell(there: Path) -> None:
    shutil.copytree(there / "runs/tiny", there / "runs/$(touch owned)", symlinks=True)
    assert completed("lp-run show ''", there) == ["tiny"]
    assert not (there / "owned").exists()


def test_bash_completes_names_of_plugins(there: Path) -> None:
    assert completed("lp-run plugins recover.s", there) == ["recover.sft"]


def test_bash_completes_names_of_shipped_recipes(there: Path) -> None:
    assert completed("lp-run init quick", there) == ["quickstart-vllm-comet", "quickstart"]


def test_bash_completes_files_where_a_recipe_stands_for_a_command(there: Path, lp_run: LpRun) -> None:
    script = lp_run("completion", "bash", folder=there).stdout
    assert script.rstrip().endswith("complete -o bashdefault -o default -F _shtab_lp_run lp-run")


def test_bash_offers_recipe_files_before_others(there: Path) -> None:
    assert completed("lp-run check ti", there) == ["tiny.yaml"]
    assert completed("lp-run check no", there) == []


def test_bash_completes_options_and_their_choices(there: Path) -> None:
    assert completed("lp-run compare --form", there) == ["--format"]
    assert completed("lp-run compare --format la", there) == ["latex"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_get_every_command_too(shell: str, there: Path, lp_run: LpRun) -> None:
    done = lp_run("completion", shell, folder=there)
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in COMMANDS if name not in done.stdout] == []
    assert "lp-run completion --words runs" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def test_another_shell_is_refused(tmp_path: Path, lp_run: LpRun) -> None:
    done = lp_run("completion", "csh", folder=tmp_path)
    assert done.returncode == 2
    assert "invalid choice: 'csh' (choose from" in done.stderr
