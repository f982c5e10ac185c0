"""Events and progress of one run → what there is to see of it. Pure: no clock, no file, no terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lp_runner.api import Json

MOST_LOSSES = 1000
"""Of one training that are kept to be drawn."""


class State(StrEnum):
    """Of a step."""

    TO_COME = "to come"
    AT_WORK = "at work"
    DONE = "done"
    THERE = "there already"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    kind: str
    title: str
    state: State = State.TO_COME
    started: float = 0.0
    """Seconds since 1970, as all moments here."""
    seconds: float = 0.0
    """That it took."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far the step at work is, by its own count, and since when it has counted so."""

    done: int
    total: int
    """0 where it doesn't know."""
    note: str
    first: int
    """The count when this counting began: a training that goes on doesn't begin at 0."""
    since: float
    now: float

    def told(self, done: int, total: int, note: str, at: float) -> Pace:
        """Further, or from the start where it counts something else now."""
        if total != self.total or done < self.done:
            return begins(done, total, note, at)
        return replace(self, done=done, note=note, now=at)

    @property
    def per_second(self) -> float | None:
        """As measured; None before there is anything to measure."""
        elapsed, made = self.now - self.since, self.done - self.first
        return made / elapsed if made > 0 and elapsed > 0 else None

    def left_s(self, now: float) -> float | None:
        """At that pace, less what has gone by since it was last told."""
        pace = self.per_second
        if pace is None or not self.total:
            return None
        return max(0.0, (self.total - self.done) / pace - (now - self.now))


def begins(done: int, total: int, note: str, at: float) -> Pace:
    return Pace(done, total, note, done, at, at)


@dataclass(frozen=True, slots=True)
class Tried:
    """One candidate of a search."""

    layers: tuple[str, ...]
    """Removed beside those that have gone already."""
    value: float
    """How much they are needed."""
    raw: float | None
    """The score without them."""


@dataclass(frozen=True, slots=True)
class Search:
    """As far as it has come."""

    step: str
    gone: tuple[str, ...] = ()
    """In the order of going, as far as that is known."""
    tried: tuple[Tried, ...] = ()
    """Beside those, in the order of trying."""
    over: bool = False

    @property
    def best(self) -> Tried | None:
        """The least needed so far."""
        return min(self.tried, key=lambda one: one.value, default=None)


@dataclass(frozen=True, slots=True)
class Training:
    losses: tuple[float, ...] = ()
    dev_losses: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """One evaluation of one system."""

    system: str
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class View:
    """One run, as its events have told it so far."""

    run: str
    steps: tuple[Step, ...] = ()
    layers: int = 0
    """Of the unpruned model."""
    machine: str = ""
    """Device and dtype."""
    started: float | None = None
    now: float = 0.0
    """When the last event came."""
    pace: Pace | None = None
    searches: tuple[Search, ...] = ()
    training: Training | None = None
    scores: tuple[Scored, ...] = ()
    waits: str = ""
    """For what; empty while it works."""
    ended: str = ""
    """How; empty while it goes on."""

    @property
    def at_work(self) -> Step | None:
        return next((step for step in self.steps if step.state is State.AT_WORK), None)

    @property
    def search(self) -> Search | None:
        """The one at work, else the recipe's own, which comes before its controls."""
        going = [search for search in self.searches if not search.over]
        return next(iter([*going[-1:], *self.searches]), None)

    @property
    def done(self) -> int:
        """Steps behind it."""
        return sum(step.state in (State.DONE, State.THERE) for step in self.steps)


def begun(run: str, plan: Mapping[str, Json], at: float) -> View:
    """A run that has just started on its plan.json."""
    steps = tuple(Step(step["id"], step["kind"], step["title"]) for step in plan["steps"])
    machine = f"{plan['device']}, {plan['dtype']}"
    return View(run, steps, plan["model"]["layers"], machine, started=at, now=at)


def after(view: View, event: str, fields: Mapping[str, Json], at: float) -> View:
    """The view once an event has come. Events that show nothing, or are unknown, change nothing but its moment."""
    view = replace(view, now=at)
    match event:
        case "run-waits":
            return replace(view, waits=str(fields["for"]))
        case "run-finished":
            return replace(view, ended="complete", pace=None, waits="")
        case "step-started":
            return _started(view, fields, at)
        case "step-skipped":
            view = _with_step(view, fields["step"], state=State.THERE)
            return _searched(view, fields) if "removals" in fields else view
        case "step-finished":
            view = _with_step(view, fields["step"], state=State.DONE, seconds=float(fields["seconds"]))
            return replace(view, pace=None, waits="")
        case "step-failed":
            return replace(_with_step(view, fields["step"], state=State.FAILED), ended="failed", waits="")
        case "step-interrupted":
            return replace(_with_step(view, fields["step"], state=State.STOPPED), ended="stopped", waits="")
        case "score":
            return _with_search(view, _scored(_search_of(view, fields["step"]), fields))
        case "removed":
            return _searched(view, fields)
        case "record":
            return replace(view, training=_recorded(view.training, fields["facts"]))
        case "evaluation":
            scored = Scored(fields["system"], fields["metric"], float(fields["value"]))
            return replace(view, scores=(*view.scores, scored))
    return view


def progressed(view: View, step: str, done: int, total: int, note: str, at: float) -> View:
    """The view once the step at work has said how far it is."""
    pace = view.pace.told(done, total, note, at) if view.pace else begins(done, total, note, at)
    return replace(view, pace=pace, now=at)


def _started(view: View, fields: Mapping[str, Json], at: float) -> View:
    """What the step before showed of itself stays until there is something new of its kind."""
    view = _with_step(view, fields["step"], state=State.AT_WORK, started=at)
    view = replace(view, pace=None, waits="")
    if fields["kind"] == "search":
        return replace(_with_search(view, Search(fields["step"])), training=None)
    return replace(view, training=Training() if fields["kind"] == "recover" else None)


def _with_step(view: View, step_id: str, **changes: Json) -> View:
    steps = tuple(replace(step, **changes) if step.id == step_id else step for step in view.steps)
    return replace(view, steps=steps)


def _search_of(view: View, step_id: str) -> Search:
    return next((search for search in view.searches if search.step == step_id), Search(step_id))


def _with_search(view: View, search: Search) -> View:
    """In its old place, or as the last."""
    if all(other.step != search.step for other in view.searches):
        return replace(view, searches=(*view.searches, search))
    searches = tuple(search if other.step == search.step else other for other in view.searches)
    return replace(view, searches=searches)


def _searched(view: View, fields: Mapping[str, Json]) -> View:
    return _with_search(view, Search(fields["step"], tuple(fields["removals"]), over=True))


def _scored(search: Search, fields: Mapping[str, Json]) -> Search:
    """A candidate beside other layers that have gone than the last one's opens a new round."""
    candidate = tuple(str(fields["candidate"]).split(", "))
    gone = [layer for layer in fields["removed"] if layer not in candidate]
    raw = fields["raw"]
    tried = Tried(candidate, float(fields["value"]), None if raw is None else float(raw))
    if set(gone) == set(search.gone):
        return replace(search, tried=(*search.tried, tried))
    known = [layer for layer in search.gone if layer in gone]
    return replace(
        search, gone=(*known, *(layer for layer in gone if layer not in known)), tried=(tried,), over=False
    )


def _recorded(training: Training | None, facts: Mapping[str, Json]) -> Training | None:
    """A loss that isn't finite came as a text, and says itself why the training ends."""
    before = training or Training()
    if "loss" in facts:
        return replace(before, losses=(*before.losses, float(facts["loss"]))[-MOST_LOSSES:])
    if "dev_loss" in facts:
        return replace(before, dev_losses=(*before.dev_losses, float(facts["dev_loss"]))[-MOST_LOSSES:])
    return training
