"""Our wheel, installed away from the sources: its command finds the shipped recipes with all that belongs to them."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from lp_runner.recipe.gallery import shipped
from lp_runner.registry import Registry

ROOT = Path(__file__).parents[2]
Installed = Callable[..., str]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment's own programs, run in a folder; what we depend on is borrowed from here."""
    wheels, home = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("home")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT)]
    subprocess.run([*pip, *wheel], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = str(home / "bin/python")
    subprocess.run(
        [*pip, "--python", python, "install", "--no-deps", "--no-compile", *map(str, wheels.glob("*.whl"))],
        check=True,
    )
    [ours] = home.glob("lib/python*/site-packages")
    (ours / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")  # its own .pth files aren't read

    def run(program: str, *words: str, folder: Path) -> str:
        done = subprocess.run(
            [home / "bin" / program, *words],
            check=False,
            cwd=folder,
            env={},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_every_shipped_recipe_has_the_files_that_it_has_in_the_sources(
    installed: Installed, tmp_path: Path
) -> None:
    asked = (
        "import json; from lp_runner.recipe.gallery import shipped; from lp_runner.registry import Registry;"
        "print(json.dumps({n: list(map(str, s.files())) for n, s in shipped(Registry.installed()).items()}))"
    )
    there = json.loads(installed("python", "-c", asked, folder=tmp_path))
    gallery = {
        name: [Path(file).as_posix().partition("/lp_runner/gallery/")[2] for file in files]
        for name, files in there.items()
    }
    ours = {
        name: [file.relative_to(ROOT / "recipes").as_posix() for file in one.files()]
        for name, one in shipped(Registry.installed()).items()
    }
    assert gallery == ours


def test_a_recipe_that_it_copies_is_good(installed: Installed, tmp_path: Path) -> None:
    listed = json.loads(installed("lp-run", "init", "--json", folder=tmp_path))["recipes"]
    assert "quickstart" in [one["name"] for one in listed]
    installed("lp-run", "init", "quickstart", folder=tmp_path)
    assert installed("lp-run", "check", "quickstart.yaml", folder=tmp_path) == "quickstart.yaml: good\n"
