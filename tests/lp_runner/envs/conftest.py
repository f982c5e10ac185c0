"""Wheels made on the spot, so that environments are built for real and without a network."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lp_runner.envs import Cache, Environments

MakeWheel = Callable[..., str]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> MakeWheel:
    """`wheel("plum", requires=("pear @ file:…",), script=True)` → the requirement that installs it."""

    def make(name: str, version: str = "1.0", requires: tuple[str, ...] = (), script: bool = False) -> str:
        path = tmp_path_factory.mktemp("wheels") / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
        files = {
            f"{name}/__init__.py": f"import sys\n\ndef main():\n    print('{name}', sys.prefix)\n",
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        if script:
            files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{name} = {name}:main\n"
        files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in files)
        with zipfile.ZipFile(path, "w") as archive:
            for file, content in files.items():
                archive.writestr(file, content)
        return f"{name} @ {path.as_uri()}"

    return make


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    return Environments(Cache(tmp_path / "cache"))
