"""`lp-run compare RUN RUN...`: one table over several runs, with paired tests on their shared test set."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from lp_runner.cli.console import put
from lp_runner.cli.main import add_output
from lp_runner.cli.runs import add_runs, found
from lp_runner.errors import DONE, UsageError
from lp_runner.files import write_durably
from lp_runner.report.compare import Comparison, compare
from lp_runner.report.tables import as_json, comma_separated, latex, markdown
from lp_runner.store import Run


def _html(told: Comparison) -> str:
    from lp_runner.report.comparison_page import (
        comparison_page,  # it draws: a second that others needn't wait
    )

    return comparison_page(told)


FORMATS: Mapping[str, Callable[[Comparison], str]] = {
    "markdown": markdown,
    "latex": latex,
    "csv": comma_separated,
    "json": as_json,
    "html": _html,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    parser.add_argument("--format", choices=list(FORMATS), default="markdown", help="of the table (markdown)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there and not to the terminal")
    add_output(parser)


def main(arguments: argparse.Namespace) -> int:
    words = list(dict.fromkeys(word.rstrip("/") for word in arguments.runs))
    if len(words) < 2:
        raise UsageError(f"{words[0]}: one run; a comparison needs two or more")
    told = FORMATS[arguments.format](compare(_labelled(words, arguments.output)))
    if arguments.out is None:
        put(told)
    elif arguments.out.is_dir():
        raise UsageError(f"{arguments.out}: a folder, where the file to write is meant")
    elif arguments.out.parent.is_dir():
        write_durably(arguments.out, told)
    else:
        raise UsageError(f"{arguments.out}: no such folder: {arguments.out.parent}")
    return DONE


def _labelled(words: list[str], output: Path) -> dict[str, Run]:
    """By the runs' own names; by the words themselves where two runs have one name."""
    runs = {word: Run.open(found(word, output)) for word in words}
    named = {word: run.name for word, run in runs.items()}
    counted = Counter(named.values())
    return {named[word] if counted[named[word]] == 1 else word: run for word, run in runs.items()}
