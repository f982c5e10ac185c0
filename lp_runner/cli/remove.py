"""`lp-run remove RUN...`: run folders go, once --yes is said. Artefacts stay in the store until `lp-run prune-cache`."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path

from lp_runner.cli.console import human_bytes, json_text, show, table
from lp_runner.cli.main import add_json, add_output
from lp_runner.cli.runs import add_runs, unknown
from lp_runner.errors import DONE, UsageError
from lp_runner.store import Output
from lp_runner.store.output import Inodes, inodes
from lp_runner.store.remove import half_removed, remove


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    add_yes(parser)
    add_output(parser)
    add_json(parser)


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do it; without, it is only shown")


def main(arguments: argparse.Namespace) -> int:
    output = Output(arguments.output)
    known = {**half_removed(output), **output.runs()}
    names = list(dict.fromkeys(_name(word, output, known) for word in arguments.runs))
    stored = inodes(output.store.root)
    sizes = {name: _bytes(known[name], stored) for name in names}
    if arguments.yes:
        remove(output, names)
    if arguments.json:
        print(
            json_text(
                {
                    "runs": [{"name": name, "bytes": size} for name, size in sizes.items()],
                    "removed": arguments.yes,
                }
            )
        )
        return DONE
    verb = "removed" if arguments.yes else "would be removed"
    show(table(["run", verb], [[name, human_bytes(size)] for name, size in sizes.items()], numbers=[verb]))
    if not arguments.yes:
        show("nothing is removed yet; --yes does it")
    show("what no other run uses stays in the store until `lp-run prune-cache`")
    return DONE


def _name(word: str, output: Output, known: Collection[str]) -> str:
    """Of a run under the output folder, or of what a kill left of one; a run elsewhere is nobody's to remove here."""
    named = {(output.path / name).resolve(): name for name in known}
    if word in known:
        return word
    if Path(word).is_symlink():
        raise UsageError(f"{word}: a symbolic link, and nothing outside {output.path} is removed")
    if (name := named.get(Path(word).resolve())) is not None:
        return name
    raise UsageError(unknown(word, output.path, list(known)))


def _bytes(folder: Path, stored: Inodes) -> int:
    """What the folder has alone; a model's files are the store's too."""
    return sum(size for inode, size in inodes(folder).items() if inode not in stored)
