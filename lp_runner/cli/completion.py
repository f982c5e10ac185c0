"""`lp-run completion SHELL`: the completion of this command line, with recipe files, runs and plugins by name."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import shtab

from lp_runner.cli.main import COMMANDS, add_output, parser_of
from lp_runner.errors import DONE, EnvironmentFailed
from lp_runner.recipe.gallery import shipped
from lp_runner.registry import Registry
from lp_runner.store import Output

SHELLS = ("bash", "zsh", "fish")
_RECIPES = shtab.glob("*.yaml", "*.yml")
_MENDED: Mapping[str, Sequence[tuple[str, str]]] = {
    "bash": [
        ("complete -o bashdefault -F", "complete -o bashdefault -o default -F"),
        (
            "  word_index=1\n",
            """  word_index=1
  if (( COMP_CWORD > 1 )) && [[ ${COMP_WORDS[1]} != -* && " ${sub_parsers[@]} " != *" ${COMP_WORDS[1]} "* ]]; then
    prefix="${prefix}_run"
    _set_parser_defaults
  fi
""",
        ),
        (
            "  if [[ ${#COMPREPLY[@]} = 0 ]]; then\n",
            f"""  if [[ $COMP_CWORD = 1 && $completing_word != -* ]]; then
    (( ${{#COMPREPLY[@]}} )) || compopt -o filenames 2>/dev/null  # which makes a command of a folder of that name
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <({_RECIPES["bash"]} "$completing_word")
  fi
  if [[ ${{#COMPREPLY[@]}} = 0 ]]; then
""",
        ),
    ],
    "zsh": [
        ('"(*):', '"*:'),  # else the first of several is completed, and no other
        (
            "  _describe 'lp-run commands' _commands\n",
            f"  _describe 'lp-run commands' _commands\n  {_RECIPES['zsh']}\n",
        ),
        (
            "        check) _arguments",
            "        [^-]*.(yaml|yml)) _arguments -C -s $_shtab_lp_run_run_options ;;\n        check) _arguments",
        ),
    ],
    "fish": [
        (
            "        set -g _shtab_lp_run_npos (math",
            """        test -z "$_shtab_lp_run_cmdpath"; and set -g _shtab_lp_run_cmdpath run
        set -g _shtab_lp_run_npos (math""",
        ),
        (
            "complete -c lp-run -f\n",
            f"""complete -c lp-run -f
complete -c lp-run -n '_shtab_lp_run_using; and test $_shtab_lp_run_npos -eq 0' -ka "{_RECIPES["fish"]}"
""",
        ),
    ],
}
"""By shell, what shtab's script has → what it needs: a recipe's file stands where a command may, and is short for `run`."""
INERT = re.compile(r"[\w./+=,:@-]+")
"""bash runs what it finds in the words to choose from: $(…) in the name of a folder."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("shell", nargs="?", choices=SHELLS, help='bash: eval "$(lp-run completion bash)"')
    what.add_argument("--words", choices=list(WORDS), help=argparse.SUPPRESS)
    add_output(parser)


def main(arguments: argparse.Namespace) -> int:
    if arguments.words:
        words = WORDS[arguments.words](arguments.output)
        print("\n".join(word for word in words if INERT.fullmatch(word)))
    else:
        print(_script(arguments.shell))
    return DONE


def _script(shell: str) -> str:
    parser = parser_of(COMMANDS)
    for action in _actions(parser):
        if action.metavar in _COMPLETIONS:
            action.complete = _COMPLETIONS[str(action.metavar)]
    script = str(shtab.complete(parser, shell=shell))
    for made, meant in _MENDED[shell]:
        if made not in script:
            raise EnvironmentFailed(
                f"this shtab ({version('shtab')}) writes another script for {shell} than is known",
                "pip install 'shtab==1.13.*'",
            )
        script = script.replace(made, meant)
    return script


def _actions(parser: argparse.ArgumentParser) -> Iterator[Any]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
        else:
            yield action


def _runs(output: Path) -> Iterable[str]:
    return Output(output).runs()


def _plugins(output: Path) -> Iterable[str]:
    return [f"{entry.kind}.{entry.name}" for entry in Registry.installed().entries()]


def _shipped(output: Path) -> Iterable[str]:
    return shipped(Registry.installed())


WORDS: Mapping[str, Callable[[Path], Iterable[str]]] = {
    "runs": _runs,
    "plugins": _plugins,
    "shipped": _shipped,
}


def _named(words: str, zsh: str = "", fish: str = "") -> dict[str, Any]:
    """What `completion --words` prints, when it is asked for; in zsh and fish `or` something else where nothing fits.

    bash has its own way of falling back to files.
    """
    asked = f"lp-run completion --words {words} 2>/dev/null"
    made: dict[str, Any] = shtab.cmd(asked)
    functions = {
        "zsh": f'_lp_run_{words}() {{ compadd "$@" -- ${{(f)"$({asked})"}}{zsh} }}',
        "fish": f'function _lp_run_{words}; string match -- (commandline -ct)"*" ({asked}){fish}; end',
    }
    return {
        **made,
        "zsh": f"_lp_run_{words}",
        "fish": f"(_lp_run_{words})",
        "preamble": {**made["preamble"], **functions},
    }


_COMPLETIONS = {
    "RUN": _named("runs", zsh=' || _files "$@" -/', fish="; or __fish_complete_directories"),
    "PLUGIN": _named("plugins"),
    "SHIPPED": _named("shipped"),
    "recipe.yaml": _RECIPES,
    "FOLDER": shtab.DIRECTORY,
    "FILE": shtab.FILE,
}
"""By what an argument is called in its help."""
