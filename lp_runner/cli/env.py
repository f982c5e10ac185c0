"""`lp-run env`: which environments plugins have, and which are built; build, remove and find them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from lp_runner import recipe
from lp_runner.cli.console import human_bytes, put, show, table
from lp_runner.cli.main import RECIPE_SUFFIXES
from lp_runner.cli.needs import Need, declared, needs
from lp_runner.cli.runs import age
from lp_runner.cli.settings import own_interpreters
from lp_runner.cli.signals import Stop
from lp_runner.envs import Built, Environments
from lp_runner.errors import DONE, EnvironmentFailed, UsageError
from lp_runner.registry import Registry

COLUMNS = ["environment", "state", "size", "age", "python", "used by", "folder"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="every environment: its state, size, age, and who uses it")
    build = verbs.add_parser("build", help="build what is missing for recipes, or environments by name")
    build.add_argument("wanted", nargs="+", metavar="recipe.yaml|NAME")
    remove = verbs.add_parser("remove", help="delete environments by name or folder name")
    remove.add_argument("wanted", nargs="+", metavar="NAME")
    path = verbs.add_parser("path", help="print the folder of a built environment")
    path.add_argument("name", metavar="NAME")


def main(arguments: argparse.Namespace) -> int:
    registry, environments = Registry.installed(), Environments.standard(own_interpreters())
    match arguments.verb:
        case "list":
            _list(registry, environments)
        case "build":
            _build(arguments.wanted, registry, environments)
        case "remove":
            _remove(arguments.wanted, environments)
        case "path":
            put(_path(arguments.name, registry, environments) + "\n")
    return DONE


def _list(registry: Registry, environments: Environments) -> None:
    wanted = declared(registry, environments)
    rows = [_row(need) for need in wanted]
    known = {need.built.folder for need in wanted if need.built}
    for folder, built in environments.cache.all():
        if folder not in known:
            rows.append(_left_over(folder, built))
    show(table(COLUMNS, rows, numbers=["size", "age"]) if rows else "no plugin has an environment of its own")


def _row(need: Need) -> list[str]:
    users = ", ".join(need.users)
    if need.own:
        return [need.spec.name, "your own", "", "", "", users, need.own]
    if need.built is None:
        about = f"about {human_bytes(need.spec.about_bytes)}" if need.spec.about_bytes else ""
        return [need.spec.name, "not built", about, "", need.spec.python, users, ""]
    return [need.spec.name, "built", *_facts(need.built), users, str(need.built.folder)]


def _left_over(folder: Path, built: Built | None) -> list[str]:
    if built is None:
        return [folder.name, "broken", "", "", "", "nobody", str(folder)]
    return [built.name, "built", *_facts(built), "nobody", str(folder)]


def _facts(built: Built) -> list[str]:
    return [human_bytes(built.bytes), age(_since_s(built.built_at)), built.python]


def _since_s(time: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()


def _build(wanted: Sequence[str], registry: Registry, environments: Environments) -> None:
    known = declared(registry, environments)
    with Stop() as stop:
        for need in [need for word in wanted for need in _meant(word, known, registry, environments)]:
            if need.own:
                show(f"{need.spec.name}: your own interpreter, {need.own}")
                continue
            built = environments.built(need.environment, need.device_class, show, stop.check)
            show(f"{need.spec.name}: {human_bytes(built.bytes)} in {built.folder}")


def _meant(
    word: str, known: Sequence[Need], registry: Registry, environments: Environments
) -> Sequence[Need]:
    """By an environment's name, or all that a recipe's strategies want."""
    named = [need for need in known if need.spec.name == word]
    if named:
        return named
    if word.endswith(RECIPE_SUFFIXES):
        return needs(recipe.load(Path(word), [], registry), registry, environments)
    raise _unknown(word, [need.spec.name for need in known])


def _remove(wanted: Sequence[str], environments: Environments) -> None:
    there = [(folder, built) for folder, built in environments.cache.all()]
    for word in wanted:
        meant = [folder for folder, built in there if word in (folder.name, built.name if built else "")]
        if not meant:
            raise _unknown(word, [folder.name for folder, _ in there])
        for folder in meant:
            environments.cache.remove(folder.name)
            show(f"removed {folder}")


def _path(name: str, registry: Registry, environments: Environments) -> str:
    known = declared(registry, environments)
    need = next((need for need in known if need.spec.name == name), None)
    if need is None:
        raise _unknown(name, [need.spec.name for need in known])
    if need.built is None:
        raise EnvironmentFailed(f"environment {name} is not built", f"lp-run env build {name}")
    return str(need.built.folder)


def _unknown(word: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"no environment is named {word!r}; there are: {', '.join(known) or 'none'}")
