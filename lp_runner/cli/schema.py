"""`lp-run schema`: the JSON Schema of a recipe with every installed plugin's options, or of one plugin's."""

from __future__ import annotations

import argparse

from lp_runner.cli.console import json_text
from lp_runner.errors import DONE
from lp_runner.recipe.schema import published
from lp_runner.registry import Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="PLUGIN", help="a plugin, as kind.name: recover.sft")


def main(arguments: argparse.Namespace) -> int:
    registry = Registry.installed()
    kind, _, name = (arguments.name or "").partition(".")
    schema = registry.find(kind, name).schema if arguments.name else published(registry)
    print(json_text(schema))
    return DONE
