"""The user's settings file → interpreters of the user's own, by an environment's name. Not part of any recipe."""

from __future__ import annotations

import os
from pathlib import Path

from lp_runner.errors import UsageError
from lp_runner.recipe.check import problem_of
from lp_runner.recipe.complaints import complaints
from lp_runner.recipe.document import read
from lp_runner.recipe.node import Fatal, Node, Place, Problem, value_of

SETTINGS = "LP_RUN_SETTINGS"
"""An environment variable: another file than the usual one."""
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "environments": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["python"],
                "properties": {"python": {"type": "string"}},
            },
        }
    },
}


def settings_file() -> Path:
    """LP_RUN_SETTINGS, else as the XDG specification has it."""
    if named := os.environ.get(SETTINGS):
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(home, "lp_runner", "settings.yaml")


def own_interpreters() -> dict[str, str]:
    """None where there is no settings file. Raises UsageError, all problems at once, each with its place."""
    path = settings_file()
    problems: list[Problem] = []
    try:
        node = read(path, str(path), problems) if path.exists() else Node({}, Place(str(path), 1, 1, ""))
    except Fatal as fatal:
        raise UsageError(str(fatal.problem)) from None
    value = value_of(node)
    problems += [problem_of(one, node) for one in complaints(value, SCHEMA, "setting")]
    if problems:
        raise UsageError("\n".join(map(str, problems)))
    environments: dict[str, dict[str, str]] = value.get("environments", {})
    return {name: os.path.expanduser(about["python"]) for name, about in environments.items()}
