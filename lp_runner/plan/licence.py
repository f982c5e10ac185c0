"""A model folder → the licence that its own card names, as the hub's metadata has it. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from lp_runner.api import Json

CARD = "README.md"
FIELDS = ("license", "license_name", "license_link")
_METADATA = re.compile(r"\A---\r?\n(.*?)\r?\n---\s*$", re.DOTALL | re.MULTILINE)


def licence(folder: Path) -> dict[str, str] | None:
    """Those of FIELDS that the card has, `license` first; None where it names none."""
    told = _metadata(folder / CARD)
    found = {name: told[name] for name in FIELDS if isinstance(told.get(name), str) and told[name]}
    return found if "license" in found else None


def _metadata(card: Path) -> Mapping[str, Json]:
    """A card that can't be read tells nothing; it is no reason to stop a run."""
    try:
        block = _METADATA.match(card.read_text(encoding="utf-8"))
        told = yaml.safe_load(block[1]) if block else None
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return told if isinstance(told, Mapping) else {}
