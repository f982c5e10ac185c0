"""Text in, the same text without tokens, keys and passwords out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lp_runner.api import Json

_SECRET_NAME = re.compile(r"(TOKEN|KEY|SECRET|PASSWORD|PASSWD)S?(_|$)", re.IGNORECASE)
_HUB_TOKEN = re.compile(r"hf_[A-Za-z0-9]{20,}")
_HIDDEN = "[hidden]"
_SHORTEST_SECRET = 8
"""Shorter values (1, true, none, …) are words that a run needs."""


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for a process that needs none of them."""
    return {name: value for name, value in environment.items() if not _SECRET_NAME.search(name)}


@dataclass(frozen=True, slots=True)
class Redactor:
    """Knows the secrets of one process's environment."""

    secrets: tuple[str, ...] = ()
    """The longest first, for one may contain another."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Redactor:
        """The values of variables named like secrets: HF_TOKEN, WANDB_API_KEY, …"""
        found = {value for name, value in environment.items() if _SECRET_NAME.search(name)}
        long_enough = (value for value in found if len(value) >= _SHORTEST_SECRET)
        return cls(tuple(sorted(long_enough, key=lambda value: (-len(value), value))))

    def text(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return _HUB_TOKEN.sub(_HIDDEN, text)

    def json(self, value: Json) -> Json:
        """Every text in it, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.json(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(item) for item in value]
        return value
