"""`lp-run schema`: the JSON Schema of a recipe with every installed plugin's options, or of one plugin's."""

from __future__ import annotations

import argparse

from lp_runner.api import Json
from lp_runner.cli.console import json_text
from lp_runner.cli.plugins import named
from lp_runner.errors import DONE, UsageError
from lp_runner.recipe.schema import published
from lp_runner.registry import Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="PLUGIN", help="a plugin, as sft or recover.sft")


def main(arguments: argparse.Namespace) -> int:
    registry = Registry.installed()
    print(json_text(_of_plugin(arguments.name, registry) if arguments.name else published(registry)))
    return DONE


def _of_plugin(word: str, registry: Registry) -> Json:
    meant = named(word, registry)
    if len(meant) > 1:
        names = ", ".join(f"{entry.kind}.{entry.name}" for entry in meant)
        raise UsageError(f"{word}: there are several: {names}")
    return registry.find(meant[0].kind, meant[0].name).schema
