"""Words of the command line → one command's exit code. Every error a user can meet ends here as a line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from lp_runner import __version__
from lp_runner.errors import DONE, INTERRUPTED, RUN_FAILED, SOME_FAILED, EnvironmentFailed, LpError

COMMANDS = {
    "run": "run recipes (the default: `lp-run recipe.yaml`)",
    "check": "say everything that is wrong with recipes, without running them",
    "plan": "show each step: done or will run and why, and what it takes",
    "watch": "show a run that another process is doing, until it ends",
    "env": "list, build and remove the environments of plugins that have their own",
    "plugins": "list the installed plugins, or one plugin's options",
    "schema": "print the JSON Schema of a recipe, or of a plugin's options",
    "verify": "check every artefact of a run against its published hashes",
}
TRACEBACK = "LP_RUN_TRACEBACK"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] not in {*COMMANDS, "-h", "--help", "--version"}:
        arguments.insert(0, "run")
    parsed = _parser(arguments).parse_args(arguments)
    try:
        return int(import_module(f"lp_runner.cli.{parsed.command}").main(parsed))
    except LpError as error:
        return complain(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return RUN_FAILED
    except Exception as error:  # noqa: BLE001  no user is shown a traceback unasked
        return complain(unexpected(error))


def complain(error: LpError, run: str = "") -> int:
    """Tell it, after the name of the run that it ended; returns the exit code that it means."""
    from lp_runner.cli.console import printable
    from lp_runner.store.secrets import Redactor

    told = Redactor.of(os.environ).text(f"{run}: {error}" if run else str(error))
    print(printable(told), file=sys.stderr)
    return error.exit_code


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
        return EnvironmentFailed(f"{error.filename}: {error.strerror}")
    return LpError(f"internal error: {type(error).__name__}: {error}", f"{TRACEBACK}=1 shows where")


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lp-run",
        description="Make translation models smaller by removing layers, and show what was lost.",
    )
    parser.add_argument("--version", action="version", version=f"lp_runner {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if arguments and arguments[0] == name:
            import_module(f"lp_runner.cli.{name}").add_arguments(command)
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
