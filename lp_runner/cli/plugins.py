"""`lp-run plugins`: what is installed, and one plugin's options with their defaults."""

from __future__ import annotations

import argparse
import json

from lp_runner.api import Json
from lp_runner.cli.console import json_text, show, table
from lp_runner.cli.main import add_json
from lp_runner.errors import DONE, LpError
from lp_runner.registry import HOOKS, Entry, NameClash, Offer, Registry, UnknownPlugin

COLUMNS = ["kind", "name", "version", "distribution", "environment", "summary"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        metavar="PLUGIN",
        help="show this one's options, e.g. sft or recover.sft; or of all of a kind, e.g. recover",
    )
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    registry = Registry.installed()
    meant = named(arguments.name, registry) if arguments.name else registry.entries()
    if arguments.json:
        print(json_text([_told(entry, registry) for entry in meant]))
    elif not arguments.name:
        told = [_told(entry, registry) for entry in meant]
        show(table(COLUMNS, [[one[column] for column in COLUMNS] for one in told]))
    elif len(meant) == 1:
        _show_options(registry.find(meant[0].kind, meant[0].name))
    else:
        for entry in meant:
            _show_one_of_several(entry, registry)
    return DONE


def _told(entry: Entry, registry: Registry) -> dict[str, Json]:
    schema = None
    try:
        offer = registry.find(entry.kind, entry.name)
        environment, summary = offer.declaration.environment.name, offer.declaration.summary
        schema = offer.schema
    except NameClash as error:
        environment, summary = "?", f"clash: {error.message}"
    except LpError as error:
        environment, summary = "?", f"broken: {error.message}"
    told = (entry.kind, entry.name, entry.version, entry.distribution, environment, summary)
    return dict(zip(COLUMNS, told, strict=True)) | {"options": schema}


def named(word: str, registry: Registry) -> list[Entry]:
    """Every plugin of that name, as sft or recover.sft; or of that kind, as recover. Raises UnknownPlugin."""
    installed = registry.entries()
    found = [one for one in installed if word in (one.name, one.kind, f"{one.kind}.{one.name}")]
    if not found:
        kind, _, rest = word.partition(".")
        if rest and kind in HOOKS:
            raise UnknownPlugin(kind, rest, registry.names(kind))
        raise UnknownPlugin("installed", word, [*HOOKS, *(entry.name for entry in installed)])
    return list({(entry.kind, entry.name): entry for entry in found}.values())


def _show_one_of_several(entry: Entry, registry: Registry) -> None:
    """One that is broken keeps no other from being shown."""
    try:
        _show_options(registry.find(entry.kind, entry.name))
    except LpError as error:
        show(f"{entry.kind}.{entry.name}: broken: {error.message}")


def _show_options(offer: Offer) -> None:
    show(f"{offer.kind}.{offer.declaration.name}: {offer.declaration.summary}")
    required = offer.schema.get("required", [])
    rows = []
    for option, about in offer.schema.get("properties", {}).items():
        default = "(required)" if option in required else json.dumps(about.get("default"), ensure_ascii=False)
        rows.append([option, default, about.get("description", "")])
    show(table(["option", "default", "meaning"], rows) if rows else "no options")
