"""`lp-run completion SHELL`: the completion of this command line, with recipe files, runs and plugins by name."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import shtab

from lp_runner.cli.main import COMMANDS, add_output, parser_of
from lp_runner.errors import DONE
from lp_runner.recipe.gallery import shipped
from lp_runner.registry import Registry
from lp_runner.store import Output

SHELLS = ("bash", "zsh", "fish")
_FILES_TOO = ("complete -o bashdefault -F", "complete -o bashdefault -o default -F")
"""A recipe's file stands where a command may: what is no command is completed as a file."""
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
    return str(shtab.complete(parser, shell=shell)).replace(*_FILES_TOO)


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
_COMPLETIONS = {
    "RUN": shtab.cmd("lp-run completion --words runs 2>/dev/null"),
    "PLUGIN": shtab.cmd("lp-run completion --words plugins 2>/dev/null"),
    "SHIPPED": shtab.cmd("lp-run completion --words shipped 2>/dev/null"),
    "recipe.yaml": shtab.glob("*.yaml", "*.yml"),
    "FOLDER": shtab.DIRECTORY,
    "FILE": shtab.FILE,
}
"""By what an argument is called in its help."""
