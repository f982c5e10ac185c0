"""`lp-run init`: the shipped recipes and what each needs; or a copy of one, with all that it names."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping
from pathlib import Path

from lp_runner.cli.console import json_text, show, table
from lp_runner.cli.main import add_json
from lp_runner.errors import DONE, UsageError
from lp_runner.recipe.gallery import Shipped, shipped
from lp_runner.registry import Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", metavar="SHIPPED", help="a shipped recipe; without, all are listed"
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="where to copy it (SHIPPED.yaml)")
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    gallery = shipped(Registry.installed())
    if arguments.name is None:
        _list(gallery, arguments.json)
    else:
        _copy(_named(arguments.name, gallery), arguments)
    return DONE


def _list(gallery: Mapping[str, Shipped], as_json: bool) -> None:
    if as_json:
        told = [{"name": one.name, "summary": one.summary, "needs": one.needs} for one in gallery.values()]
        print(json_text({"recipes": told}))
        return
    rows = [[one.name, "; ".join(one.needs) or "2 CPU cores", one.summary] for one in gallery.values()]
    show(table(["recipe", "needs", "what it is"], rows))
    show("lp-run init NAME copies one into this folder")


def _named(name: str, gallery: Mapping[str, Shipped]) -> Shipped:
    from lp_runner.recipe.complaints import nearest

    known = name.removesuffix(".yaml")
    if known not in gallery:
        raise UsageError(f"no shipped recipe is named {name}{nearest(name, gallery)}")
    return gallery[known]


def _copy(one: Shipped, arguments: argparse.Namespace) -> None:
    file = arguments.file or Path(f"{one.name}.yaml")
    if file.is_dir():
        file = file / f"{one.name}.yaml"
    targets = {source: _target(source, one, file) for source in one.files()}
    new = {source: target for source, target in targets.items() if not _is_there(source, target)}
    for source, target in new.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as content, target.open("xb") as copy:
            shutil.copyfileobj(content, copy)
    if arguments.json:
        told = {"recipe": str(file), "files": [str(target) for target in new.values()], "needs": one.needs}
        print(json_text(told))
        return
    kept = f", {len(targets) - len(new)} were there already" if len(new) < len(targets) else ""
    show(f"{file}: {one.name}, {len(new)} files copied{kept}")
    for need in one.needs:
        show(f"it needs {need}")
    show(f"next: lp-run check {file}, then lp-run {file}")


def _target(source: Path, one: Shipped, file: Path) -> Path:
    return file if source == one.path else file.parent / source.relative_to(one.path.parent)


def _is_there(source: Path, target: Path) -> bool:
    """Raises UsageError where something else has the name."""
    if not target.exists() and not target.is_symlink():
        return False
    if not target.is_file() or target.read_bytes() != source.read_bytes():
        raise UsageError(f"{target}: is there already and differs; nothing is copied over it")
    return True
