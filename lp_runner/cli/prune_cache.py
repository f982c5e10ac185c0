"""`lp-run prune-cache`: what no run under --output uses goes from the store, once --yes is said."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from lp_runner.cli.console import human_bytes, json_text, show, table
from lp_runner.cli.main import add_json, add_output
from lp_runner.cli.remove import add_yes
from lp_runner.errors import DONE
from lp_runner.store import Output
from lp_runner.store.prune import Unused, prune, unused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_yes(parser)
    add_output(parser)
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    output = Output(arguments.output)
    things = unused(output)
    if arguments.yes:
        prune(output, things)
    if arguments.json:
        _print(things, arguments.yes)
    else:
        _show(things, output, arguments.yes)
    return DONE


def _print(things: Sequence[Unused], removed: bool) -> None:
    told = [
        {"path": str(thing.path), "kind": thing.kind, "title": thing.title, "bytes": thing.bytes}
        for thing in things
    ]
    print(json_text({"unused": told, "removed": removed}))


def _show(things: Sequence[Unused], output: Output, removed: bool) -> None:
    if not things:
        show(f"{output.path}: nothing that no run uses")
        return
    rows = [[thing.kind, thing.title, human_bytes(thing.bytes), thing.path.name] for thing in things]
    show(table(["kind", "what", "size", "name"], rows, numbers=["size"]))
    total = human_bytes(sum(thing.bytes for thing in things))
    show(f"{total} removed" if removed else f"{total} would go; nothing is removed yet; --yes does it")
