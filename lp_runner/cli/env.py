"""`lp-run env`: which environments plugins have, and which are built; build, remove and find them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lp_runner import recipe
from lp_runner.api import Json
from lp_runner.cli.console import human_bytes, json_text, put, show, table
from lp_runner.cli.main import RECIPE_SUFFIXES, add_json
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
    listed = verbs.add_parser("list", help="every environment: its state, size, age, and who uses it")
    add_json(listed)
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
            _list(registry, environments, arguments.json)
        case "build":
            _build(arguments.wanted, registry, environments)
        case "remove":
            _remove(arguments.wanted, environments)
        case "path":
            put(_path(arguments.name, registry, environments) + "\n")
    return DONE


def _list(registry: Registry, environments: Environments, as_json: bool) -> None:
    wanted = declared(registry, environments)
    known = {need.built.folder for need in wanted if need.built}
    left_over = [
        _left_over(folder, built) for folder, built in environments.cache.all() if folder not in known
    ]
    told = [*map(_told, wanted), *left_over]
    if as_json:
        print(json_text(told))
    elif told:
        show(table(COLUMNS, [_row(one) for one in told], numbers=["size", "age"]))
    else:
        show("no plugin has an environment of its own")


def _told(need: Need) -> dict[str, Json]:
    name, users = need.spec.name, list(need.users)
    if need.own:
        return _entry(name, "your own", users, need.own)
    if need.built is None:
        unbuilt = _entry(name, "not built", users, "")
        return unbuilt | {"bytes": need.spec.about_bytes or None, "python": need.spec.python}
    return _entry(name, "built", users, str(need.built.folder)) | _facts(need.built)


def _left_over(folder: Path, built: Built | None) -> dict[str, Json]:
    if built is None:
        return _entry(folder.name, "broken", [], str(folder))
    return _entry(built.name, "built", [], str(folder)) | _facts(built)


def _entry(name: str, state: str, users: list[str], folder: str) -> dict[str, Json]:
    facts = {"bytes": None, "age_s": None, "python": ""}
    return {"environment": name, "state": state, **facts, "users": users, "folder": folder}


def _facts(built: Built) -> dict[str, Json]:
    return {"bytes": built.bytes, "age_s": round(_since_s(built.built_at), 1), "python": built.python}


def _row(told: Mapping[str, Json]) -> list[str]:
    size = human_bytes(told["bytes"]) if told["bytes"] else ""
    about = f"about {size}" if size and told["state"] == "not built" else size
    old = "" if told["age_s"] is None else age(told["age_s"])
    users = ", ".join(told["users"]) or "nobody"
    return [told["environment"], told["state"], about, old, told["python"], users, told["folder"]]


def _since_s(time: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()


def _build(wanted: Sequence[str], registry: Registry, environments: Environments) -> None:
    known = declared(registry, environments)
    with Stop(lambda text: None) as stop:  # a build ends at once
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
