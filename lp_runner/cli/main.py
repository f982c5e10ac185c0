"""Words of the command line → one command's exit code. Every error a user can meet ends here as a line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from lp_runner import __version__
from lp_runner.errors import (
    DONE,
    INTERRUPTED,
    RUN_FAILED,
    SOME_FAILED,
    EnvironmentFailed,
    LpError,
    UsageError,
)

COMMANDS = {
    "init": "list the shipped recipes, or copy one with its data",
    "check": "say everything that is wrong with recipes, without running them",
    "run": "run recipes (the default: `lp-run recipe.yaml`)",
    "plan": "show each step: done or will run and why, and what it takes",
    "watch": "show a run that another process is doing, until it ends",
    "list": "list the runs: state, age, headline, disk",
    "show": "show a run's systems and steps, or one step, candidate or segment",
    "report": "make a run's results, report and model cards again, from its folder alone",
    "compare": "one table over several runs, with paired tests: Markdown, LaTeX, CSV, JSON, HTML",
    "verify": "check every artefact of a run against its published hashes",
    "remove": "delete runs; shows what would go, until --yes",
    "prune-cache": "delete what no run uses from the store; shows what would go, until --yes",
    "doctor": "say whether this machine is fit to run recipes, and what would help",
    "env": "list, build and remove the environments of plugins that have their own",
    "plugins": "list the installed plugins, or one plugin's options",
    "schema": "print the JSON Schema of a recipe, or of a plugin's options",
    "publish": "send a run's model to the hub; without --yes, show what would be sent",
    "completion": "print the completion of this command line for a shell",
}
HELP = """\
usage: lp-run recipe.yaml [more ...]     or: lp-run COMMAND [--help] ...

Make translation models smaller by removing layers, and show what was lost.

begin with:
  lp-run init quickstart        copy a shipped recipe with its data
  lp-run check quickstart.yaml  everything that is wrong with it
  lp-run quickstart.yaml        run it; the same again continues

recipes:
  plan                 each step, done or due, and what it takes
  schema, plugins      what a recipe may say
runs:
  watch                one that another process is doing
  list, show           all runs; or one, a step, a candidate, a segment of it
  report, verify       its report again; its files against their hashes
  compare, publish     several in one table, with tests; a model to the hub
  remove, prune-cache  free disk, shown before it is done
this machine:
  doctor, env          is it fit; environments of plugins
  completion           for bash, zsh and fish
"""
"""What `--help` prints: a screen of 80 × 24, the newcomer's three commands first."""
RECIPE_SUFFIXES = (".yaml", ".yml")
TRACEBACK = "LP_RUN_TRACEBACK"
_HELP_HINT = "lp-run --help lists the commands"


def main(argv: Sequence[str] | None = None) -> int:
    try:
        arguments = parsed(sys.argv[1:] if argv is None else argv)
        return int(_module(arguments.command).main(arguments))
    except LpError as error:
        return complain(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return RUN_FAILED
    except Exception as error:  # noqa: BLE001  no user is shown a traceback unasked
        return complain(unexpected(error))


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Without a command's name it is `run`. Ends the process as argparse does where the words are wrong.

    Raises UsageError where the first is neither a command nor a recipe.
    """
    arguments = list(words)
    if not arguments or arguments[0] in {*COMMANDS, "-h", "--help", "--version"}:
        return parser_of(arguments[:1]).parse_args(arguments)
    _refuse_misspelt(arguments[0])
    found = parser_of(["run"]).parse_args(["run", *arguments])
    _refuse_misspelt(str(found.recipes[0]))
    return found


def _refuse_misspelt(word: str) -> None:
    """A command with a slip in it must not start the recipe that follows."""
    path = Path(word)
    if word.startswith("-") or word.endswith(RECIPE_SUFFIXES) or (path.exists() and not path.is_dir()):
        return
    from lp_runner.recipe.complaints import nearest

    raise UsageError(f"{word}: no such command, and no such recipe{nearest(word, COMMANDS)}", _HELP_HINT)


def _module(command: str) -> ModuleType:
    return import_module(f"lp_runner.cli.{command.replace('-', '_')}")


def complain(error: LpError, run: str = "") -> int:
    """Tell it, after the name of the run that it ended; returns the exit code that it means."""
    from lp_runner.visible import visible

    print(visible(redacted(f"{run}: {error}" if run else str(error))), file=sys.stderr)
    return error.exit_code


def redacted(text: str) -> str:
    """Without what the environment keeps secret."""
    from lp_runner.store.secrets import Redactor

    return Redactor.of(os.environ).text(text)


def verdict(codes: Sequence[int]) -> int:
    """One recipe gives its own code; of several some may have failed; a stop is a stop."""
    stopped = [code for code in codes if code > 128]
    if stopped or len(codes) == 1:
        return (stopped or codes)[0]
    return SOME_FAILED if any(codes) else DONE


def unexpected(error: Exception) -> LpError:
    """What the system says of a file, or a bug of ours, as a line; raised as it is where the user wants to see where."""
    if os.environ.get(TRACEBACK):
        raise error
    if isinstance(error, OSError) and error.filename and error.strerror:
        return EnvironmentFailed(f"{error.filename2 or error.filename}: {error.strerror}")
    return LpError(f"internal error: {type(error).__name__}: {error}", f"{TRACEBACK}=1 shows where")


class _Words(argparse.ArgumentParser):
    """Of a command's own words; wrong ones are shown and not obeyed."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What a command doesn't know is its own error, not that of the parser before it."""
        if self._subparsers is None:
            self._refuse_options(args)
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return found, left

    def _refuse_options(self, words: Sequence[str]) -> None:
        """With the nearest there is, and before argparse asks for a recipe."""
        known = [name for name in self._option_string_actions if name.startswith("--")]
        for word in takewhile(lambda word: word != "--", words):
            option = word.partition("=")[0]
            if option.startswith("--") and not any(name.startswith(option) for name in known):
                from lp_runner.recipe.complaints import nearest

                self.error(f"no such option: {option}{nearest(option, known)}")

    def error(self, message: str) -> NoReturn:
        from lp_runner.visible import visible

        super().error(visible(message, keep=""))


class _Parser(_Words):
    """Of the words before a command's own."""

    def format_help(self) -> str:
        return HELP


def parser_of(commands: Collection[str]) -> argparse.ArgumentParser:
    """Knows all commands, and the arguments of these: only their modules are imported."""
    parser = _Parser(prog="lp-run")
    parser.add_argument("--version", action="version", version=f"lp_runner {__version__}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Words)
    for name, summary in COMMANDS.items():
        command = choices.add_parser(name, help=summary, description=summary)
        if name in commands:
            _module(name).add_arguments(command)
    return parser


def add_recipes(parser: argparse.ArgumentParser) -> None:
    """What `run`, `check` and `plan` have in common."""
    parser.add_argument("recipes", nargs="+", type=Path, metavar="recipe.yaml")
    parser.add_argument(
        "-o", dest="overrides", action="append", default=[], metavar="a.b=c", help="set a value of the recipe"
    )
    parser.add_argument(
        "--trust-publisher",
        dest="trusted",
        action="append",
        default=[],
        metavar="NAME",
        help="use this publisher's models too where they are files that can run code (COMET's)",
    )
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("runs"),
        metavar="FOLDER",
        help="where runs and their store are (runs)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")
