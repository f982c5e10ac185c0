"""Version bounds → an interpreter of this machine to build with."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from lp_runner.errors import EnvironmentFailed

OLDEST = (3, 11)
"""That lp_runner's own worker runs on."""
NEWEST_LOOKED_FOR = 20
_VERSION = "import platform; print(platform.python_version())"


@dataclass(frozen=True, slots=True)
class Python:
    path: str
    version: str
    """"3.11.7"."""

    @property
    def minor(self) -> str:
        """ "3.11"."""
        return ".".join(self.version.split(".")[:2])


def python_for(name: str, bounds: str) -> Python:
    """This process's own interpreter if it is within the bounds, else the newest on the path that is.

    Raises EnvironmentFailed where the machine has none.
    """
    own = Python(sys.executable, platform.python_version())
    if fits(own.version, bounds):
        return own
    for minor in range(NEWEST_LOOKED_FOR, OLDEST[1] - 1, -1):
        path = shutil.which(f"python3.{minor}")
        version = version_of(path) if path else None
        if path and version and fits(version, bounds):
            return Python(path, version)
    variable = own_python_variable(name)
    raise EnvironmentFailed(
        f"environment {name} needs Python {bounds}, and this one is {own.version}",
        f"install such a Python, or name an interpreter of your own in {variable}",
    )


def fits(version: str, bounds: str) -> bool:
    return SpecifierSet(bounds).contains(version, prereleases=True) and _at_least_oldest(version)


def version_of(python: str) -> str | None:
    """None where it can't be started."""
    try:
        told = subprocess.run(  # noqa: S603  an interpreter of the user's own machine
            [python, "-I", "-c", _VERSION], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip()


def own_python_variable(name: str) -> str:
    """The environment variable with which a user names an interpreter for an environment."""
    return f"LP_RUN_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_PYTHON"


def _at_least_oldest(version: str) -> bool:
    return tuple(int(part) for part in version.split(".")[:2]) >= OLDEST
