"""Two ways to fill a virtual environment: uv where it is present, the standard library's venv and pip elsewhere."""

from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib.metadata import distributions
from pathlib import Path

from lp_runner.envs.spec import normal

UV = "uv"
Do = Callable[[Sequence[str]], None]
"""Runs a command to its end. Raises EnvironmentFailed where it fails."""


class Installer(ABC):
    """Fills one folder."""

    def __init__(self, folder: Path, do: Do) -> None:
        self._folder = folder
        self._do = do

    @abstractmethod
    def create(self, python: str) -> None:
        """An empty virtual environment of this interpreter."""

    @abstractmethod
    def resolve(self, requirements: Sequence[str]) -> list[str]:
        """Everything that is missing for the requirements, one exact version of each."""

    def add(self, requirements: Sequence[str], more: Sequence[str]) -> None:
        """These and all that they require. `more`: arguments that the user has for the installer."""
        self._install([*more, *requirements])

    def add_exactly(self, pins: Sequence[str]) -> None:
        """These, and nothing that they require."""
        wanted = self._folder / "pins.txt"
        wanted.write_text("\n".join(pins) + "\n", encoding="utf-8")
        self._install(["--no-deps", "--requirement", str(wanted)])
        wanted.unlink()

    @abstractmethod
    def _install(self, words: Sequence[str]) -> None: ...

    @property
    def _python(self) -> str:
        return str(self._folder / "bin" / "python")


class Pip(Installer):
    """venv and pip."""

    def create(self, python: str) -> None:
        self._do([python, "-m", "venv", str(self._folder)])

    def resolve(self, requirements: Sequence[str]) -> list[str]:
        report = self._folder / "resolved.json"
        self._install(["--dry-run", "--report", str(report), *requirements])
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
        report.unlink()
        return [_pin(item) for item in found]

    def _install(self, words: Sequence[str]) -> None:
        pip = [self._python, "-m", "pip", "--disable-pip-version-check"]
        self._do([*pip, "install", "--progress-bar", "off", *words])


class Uv(Installer):
    """uv, many times faster."""

    def create(self, python: str) -> None:
        self._do([UV, "venv", "--python", python, "--allow-existing", str(self._folder)])

    def resolve(self, requirements: Sequence[str]) -> list[str]:
        """What is installed already stays as it is."""
        wanted, there, pins = (self._folder / name for name in ("wanted.in", "there.txt", "pins.txt"))
        wanted.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        public = {name: version.partition("+")[0] for name, version in installed(self._folder).items()}
        there.write_text("".join(f"{name}=={version}\n" for name, version in public.items()), "utf-8")
        words = ["--no-annotate", "--no-header", "--constraint", str(there), "--output-file", str(pins)]
        self._do([UV, "pip", "compile", "--python", self._python, *words, str(wanted)])
        found = pins.read_text(encoding="utf-8").splitlines()
        for path in (wanted, there, pins):
            path.unlink()
        return [line for line in found if line.strip()]

    def _install(self, words: Sequence[str]) -> None:
        self._do([UV, "pip", "install", "--python", self._python, *words])


def installer(folder: Path, do: Do) -> Installer:
    """The best that this machine has."""
    return Uv(folder, do) if shutil.which(UV) else Pip(folder, do)


def installed(folder: Path) -> dict[str, str]:
    """Every distribution's version in a virtual environment."""
    places = [str(path) for path in (folder / "lib").glob("python*/site-packages")]
    found = {normal(each.name): each.version for each in distributions(path=places)}
    return dict(sorted(found.items()))


def _pin(item: dict[str, dict[str, str] | bool]) -> str:
    """name==version, or the address where the requirement was one."""
    about, source = item["metadata"], item["download_info"]
    assert isinstance(about, dict)  # noqa: S101  pip's own format (PEP 658 and "installation report")
    assert isinstance(source, dict)  # noqa: S101
    if item.get("is_direct"):
        return f"{about['name']} @ {source['url']}"
    return f"{about['name']}=={about['version']}"
