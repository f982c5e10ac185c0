"""What another environment's interpreter sees of this one: linked import packages, and no variable that leads here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from lp_runner.errors import EnvironmentFailed

ASTRAY = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PIP_REQUIRE_VIRTUALENV")
"""Environment variables that lead an interpreter into another environment than its own."""


def apart(variables: Mapping[str, str]) -> dict[str, str]:
    """A process's variables for an interpreter of another environment."""
    return {name: value for name, value in variables.items() if name not in ASTRAY}


def linked(packages: Iterable[str], root: Path) -> Path:
    """The folder, made where it isn't there yet. Works for wheels and checkouts alike.

    Raises EnvironmentFailed for a package that has no folder or file of its own.
    """
    places = {name: location(name) for name in sorted(set(packages))}
    digest = hashlib.sha256(repr(sorted((name, str(path)) for name, path in places.items())).encode())
    folder = root / digest.hexdigest()[:16]
    if not folder.is_dir():
        _make(folder, places)
    return folder


def location(package: str) -> Path:
    """Of a top-level package or module, without importing it."""
    spec = find_spec(package)
    if spec is not None and spec.origin and Path(spec.origin).is_file():
        origin = Path(spec.origin).resolve()
        return origin.parent if spec.submodule_search_locations else origin
    raise EnvironmentFailed(
        f"{package} can't be made visible in another environment: it is no package with a folder of its own",
        "a plugin with an environment needs a top-level package with an __init__.py",
    )


def _make(folder: Path, places: dict[str, Path]) -> None:
    aside = folder.with_name(f".{folder.name}.{os.getpid()}-{os.urandom(4).hex()}")
    aside.mkdir(parents=True)
    for path in places.values():
        (aside / path.name).symlink_to(path)
    with contextlib.suppress(OSError):  # another process was faster, with the same links
        os.rename(aside, folder)
    shutil.rmtree(aside, ignore_errors=True)
