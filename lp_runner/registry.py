"""Entry points → declarations. Imports only what is asked for, and one broken plugin stops nothing else."""

from __future__ import annotations

import difflib
import importlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import Distribution, distributions
from typing import Any

import pluggy

from lp_runner import hookspecs
from lp_runner.api import API_VERSION, Declaration
from lp_runner.errors import UsageError

HOOKS = {
    "importance": "lp_importance_metrics",
    "prune": "lp_pruning_policies",
    "recover": "lp_recovery_trainers",
    "evaluate": "lp_evaluators",
    "infer": "lp_inference_backends",
    "read": "lp_corpus_readers",
    "observe": "lp_observers",
    "encode": "lp_prompt_encoders",
}
"""Kinds, named as a recipe's sections are, and the hook that declares each."""


_NAME = re.compile(r"[a-z0-9][a-z0-9._+-]*")
"""It becomes a part of folders' names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry point, not imported."""

    kind: str
    name: str
    module: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One strategy on offer, imported and checked."""

    entry: Entry
    declaration: Declaration
    schema: Mapping[str, Any]
    """Of its options; draft-07."""

    @property
    def kind(self) -> str:
        return self.entry.kind


class UnknownPlugin(UsageError):
    """No installed distribution offers this name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1)
        guess = f"did you mean {near[0]}?" if near else f"installed: {', '.join(names) or 'none'}"
        super().__init__(f"no {kind} plugin is named {name!r}; {guess}")
        self.nearest = near[0] if near else None


class BrokenPlugin(UsageError):
    """An installed plugin that can't be imported or declares something else than its entry says."""


class NameClash(BrokenPlugin):
    """Two installed distributions offer the same name."""


class Registry:
    """What is installed. Made once by the command line and handed down."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in entries:
            same = self._entries[entry.kind, entry.name]
            if entry not in same:  # an editable install may be seen twice
                same.append(entry)
        self.find = cache(self._find)

    @classmethod
    def installed(cls) -> Registry:
        return cls(entry for distribution in distributions() for entry in _entries_of(distribution))

    def entries(self) -> list[Entry]:
        """All, without importing any; by kind, then name."""
        order = list(HOOKS)
        flat = [entry for same in self._entries.values() for entry in same]
        return sorted(flat, key=lambda e: (order.index(e.kind) if e.kind in order else 99, e.name))

    def names(self, kind: str) -> list[str]:
        return sorted(name for known, name in self._entries if known == kind)

    def _find(self, kind: str, name: str) -> Offer:
        """Raises UnknownPlugin, NameClash, or BrokenPlugin where it is there but can't be used."""
        found = self._entries.get((kind, name), [])
        if not found:
            raise UnknownPlugin(kind, name, self.names(kind))
        if len(found) > 1:
            owners = " and ".join(sorted(f"{e.distribution} {e.version}" for e in found))
            hint = "uninstall one of the two distributions"
            raise NameClash(f"{kind}.{name} is offered by both {owners}", hint)
        return _load(found[0])


def _entries_of(distribution: Distribution) -> Iterable[Entry]:
    points = distribution.entry_points.select(group=hookspecs.GROUP)
    if not points:
        return
    metadata = distribution.metadata  # read and parsed anew each time that it is asked for
    for point in points:
        kind, _, name = point.name.partition(".")
        yield Entry(kind, name, point.value, metadata["Name"], metadata["Version"])


def _load(entry: Entry) -> Offer:
    """Whatever a stranger's module raises becomes one line."""
    title = f"{entry.kind}.{entry.name} of {entry.distribution} {entry.version}"
    if not _NAME.fullmatch(entry.name):
        raise BrokenPlugin(f"{title}: a name has lower-case letters, digits and . _ + - only")
    try:
        declaration = _declared(entry)
        schema = options_schema(declaration)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BrokenPlugin(f"{title} can't be loaded: {reason}") from error
    if declaration.api != API_VERSION:
        message = f"{title} is written for api {declaration.api}; this lp_runner has api {API_VERSION}"
        raise BrokenPlugin(message, f"install a release of {entry.distribution} for api {API_VERSION}")
    return Offer(entry, declaration, schema)


def options_schema(declaration: Declaration) -> dict[str, Any]:
    """Read from the plugin's package. Raises ValueError, TypeError, OSError or ImportError where it isn't."""
    package, _, file = declaration.options.partition(":")
    schema = json.loads(resources.files(package).joinpath(file).read_text(encoding="utf-8"))
    if not isinstance(schema, dict):
        raise TypeError(f"{declaration.options} is no JSON object")
    return schema


def _declared(entry: Entry) -> Declaration:
    if entry.kind not in HOOKS:
        what = f"{entry.kind}.{entry.name}" if entry.name else entry.kind
        kinds = ", ".join(HOOKS)
        raise BrokenPlugin(f"{entry.distribution} offers {what!r}, which begins with none of {kinds}")
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(importlib.import_module(entry.module))
    manager.check_pending()
    hook = getattr(manager.hook, HOOKS[entry.kind])
    for declarations in hook():
        for declaration in declarations:
            if isinstance(declaration, Declaration) and declaration.name == entry.name:
                return declaration
    raise BrokenPlugin(
        f"{entry.module} of {entry.distribution} declares no {entry.kind} named {entry.name!r}"
    )
