"""`use` and `with` → Use: the plugin found, its options checked, completed and made explicit, nested ones too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from lp_runner.errors import UsageError
from lp_runner.recipe.complaints import Complaint, complaints
from lp_runner.recipe.defaults import filled, marked, replaced
from lp_runner.recipe.node import Json, Place, Trail
from lp_runner.recipe.recipe import Use
from lp_runner.registry import Offer

MOST_NESTED = 8
"""A strategy in a strategy in …; more is a plugin whose defaults name each other."""


class Offers(Protocol):
    """What is installed; `registry.Registry`."""

    def names(self, kind: str) -> list[str]: ...

    @property
    def find(self) -> Finder: ...


class Finder(Protocol):
    def __call__(self, kind: str, name: str, /) -> Offer:
        """Raises UsageError where there is no such plugin, or it can't be used."""


class Places(Protocol):
    def __call__(self, trail: Trail, /) -> Place:
        """Where a value was written, or the nearest thing around it."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """Looks up every strategy of one recipe."""

    offers: Offers
    place: Places
    found: list[Complaint]
    """Grows with everything that is wrong."""

    def use(self, kind: str, value: Json, trail: Trail) -> Use | None:
        """None where something is wrong with it. `value` is a name, or a mapping with `use` and `with`."""
        spelled = {"use": value} if isinstance(value, str) else value
        name = spelled.get("use") if isinstance(spelled, dict) else None
        options = (spelled.get("with") or {}) if isinstance(spelled, dict) else None
        if not isinstance(name, str) or not isinstance(options, dict):
            return None  # the recipe's own schema has said so
        offer = self._offer(kind, name, trail if value is name else (*trail, "use"))
        return self._guarded(offer, name, options, trail) if offer else None

    def _offer(self, kind: str, name: str, trail: Trail) -> Offer | None:
        if len(trail) > 3 * MOST_NESTED:
            self.found.append(Complaint(trail, "its defaults name other plugins without end"))
            return None
        try:
            return self.offers.find(kind, name)
        except UsageError as error:
            self.found.append(Complaint(trail, "; ".join(filter(None, (error.message, error.hint)))))
            return None

    def _guarded(self, offer: Offer, name: str, options: dict[str, Json], trail: Trail) -> Use | None:
        try:
            return self._completed(offer, name, options, trail)
        except Exception:
            broken = best_match(Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(offer.schema))
            if broken is None:
                raise
            self.found.append(Complaint(trail, f"the options schema of {name} is broken: {broken.message}"))
            return None

    def _completed(self, offer: Offer, name: str, options: dict[str, Json], trail: Trail) -> Use | None:
        inside = (*trail, "with")
        wrong = list(complaints(options, offer.schema, "option", name))
        self.found.extend(Complaint((*inside, *one.trail), one.what, one.at_key) for one in wrong)
        full: dict[str, Json] = filled(options, offer.schema, offer.schema)
        nested = self._nested(offer, full, inside)
        if wrong or not all(nested.values()):
            return None
        strategies = {option: use for option, use in nested.items() if use}
        full |= {option: {"use": use.name, "with": use.options} for option, use in strategies.items()}
        return Use(offer.kind, name, self._located(offer, full, inside), strategies, trail)

    def _model(self, trail: Trail, options: dict[str, Json], value: Json) -> Json:
        """A folder, or a name on the hub, which is pinned by a commit."""
        if not isinstance(value, str):
            return value
        found = local_or_hub(value, self.place(trail).folder)
        if not os.path.isabs(found) and not options.get("revision"):
            what = f"{value} is no folder here; a model of the hub needs its commit in `revision`"
            self.found.append(Complaint(trail, what))
        return found

    def _nested(self, offer: Offer, options: dict[str, Json], trail: Trail) -> dict[str, Use | None]:
        marks = marked(options, offer.schema, offer.schema, "x-lp-kind")
        return {
            str(at[0]): self._inner(kind, options[str(at[0])], (*trail, *at))
            for at, kind in marks
            if len(at) == 1
        }

    def _inner(self, kind: str, value: Json, trail: Trail) -> Use | None:
        """A nested strategy has no schema of the recipe's to stand before it."""
        for one in complaints(value, STRATEGY):
            self.found.append(Complaint((*trail, *one.trail), one.what, one.at_key))
        return self.use(kind, value, trail)

    def _located(self, offer: Offer, options: dict[str, Json], trail: Trail) -> Mapping[str, Json]:
        for at, _ in list(marked(options, offer.schema, offer.schema, "x-lp-path")):
            options = replaced(options, at, partial(self._absolute, (*trail, *at)))
        for at, _ in list(marked(options, offer.schema, offer.schema, "x-lp-model")):
            options = replaced(options, at, partial(self._model, (*trail, *at), options))
        return options

    def _absolute(self, trail: Trail, value: Json) -> Json:
        if isinstance(value, list):
            return [self._absolute((*trail, index), item) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {name: self._absolute((*trail, name), item) for name, item in value.items()}
        return absolute(value, self.place(trail).folder) if isinstance(value, str) else value


STRATEGY: Mapping[str, Json] = {
    "type": ["string", "object"],
    "properties": {"use": {"type": "string"}, "with": {"type": "object"}},
    "required": ["use"],
    "additionalProperties": False,
}


def absolute(path: str, folder: str) -> str:
    """As seen from `folder`; `~` is the home folder."""
    return os.path.normpath(Path(folder, os.path.expanduser(path)))


def local_or_hub(path: str, folder: str) -> str:
    """An absolute folder where it looks like one or is one; otherwise the hub's name, untouched."""
    looks_local = path.startswith(("./", "../", "/", "~"))
    here = absolute(path, folder)
    return here if looks_local or os.path.exists(here) else path
