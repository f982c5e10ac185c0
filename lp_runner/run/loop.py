"""Plan → Run: walk the steps in order, skip what is done, make what is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

from lp_runner.api import Json
from lp_runner.checkpoint import check, inspect
from lp_runner.envs import Environments
from lp_runner.errors import Interrupted
from lp_runner.plan import Plan, Step
from lp_runner.plan.estimate import estimate
from lp_runner.plan.inputs import about_the_model
from lp_runner.plan.keys import Prints, resolve
from lp_runner.registry import Registry
from lp_runner.run.observers import Observers
from lp_runner.run.search import removals
from lp_runner.run.step import lock_of, perform
from lp_runner.run.workers import Workers
from lp_runner.run.workplace import Listener, Workplace
from lp_runner.store import Run, RunFolder, Store


def keys_of(plan: Plan, registry: Registry, prints: Prints, store: Store) -> dict[str, str | None]:
    """As far as they are known: what follows a search has its key once the search is done."""
    return resolve(
        plan, registry, prints, lambda key: removals(store.path(key)) if store.manifest(key) else None
    )


def execute(
    plan: Plan,
    registry: Registry,
    environments: Environments,
    prints: Prints,
    store: Store,
    folder: RunFolder,
    listener: Listener,
    should_stop: Callable[[], None],
    must_stop: Callable[[], None],
    limit_s: float | None = None,
) -> tuple[Run, int]:
    """The finished run, and how many steps were made for it now.

    Args:
        should_stop: raises Interrupted where the user or the system wants an end; asked between units of work (a
            step, a candidate, a checkpoint, an environment) and in waits.
        must_stop: raises it where a unit in hand can't be waited for; asked often.
        limit_s: of any one request to a strategy.
    Raises what a step raises, with everything done so far published.
    """
    keys = keys_of(plan, registry, prints, store)
    folder.begin(plan.recipe.to_yaml(), _told(plan, keys))
    if all(key and store.manifest(key) for key in keys.values()):
        _link(plan, keys, store, folder)
        return Run.open(folder.path), 0
    with about_the_model(plan.recipe):
        check(plan.model.folder)
    needs = {step: cost.disk_bytes for step, cost in estimate(plan, registry, {}, {}, {}).items()}
    with ExitStack() as stack:
        workers = Workers(
            registry,
            environments,
            folder.path / "logs",
            folder.path,
            plan.device,
            must_stop,
            limit_s,
            plan.recipe.problem,
        )
        stack.callback(workers.close)
        observers = Observers(plan.recipe.observe, folder, workers, listener)
        stack.callback(observers.close)
        work = Workplace(
            plan, registry, store, workers, prints, observers, keys, needs, should_stop, folder.path
        )
        _prepare(work)
        made = _walk(work, folder)
    _link(plan, work.keys, store, folder)
    return Run.open(folder.path), made


def _prepare(work: Workplace) -> None:
    """Every environment that a step still to be made wants, before any of them: a night's work waits for none."""
    for step in work.plan.steps:
        key = work.keys[step.id]
        if key is None or work.store.manifest(key) is None:
            tell = partial(work.listener.progress, step.id, 0, 0)
            work.workers.prepare(step.strategies(), tell)
            work.should_stop()


def _walk(work: Workplace, folder: RunFolder) -> int:
    made = 0
    tell = work.listener.event
    told = {"name": work.plan.recipe.name, "steps": len(work.plan.steps)}
    tell("run-started", told | {"device": work.plan.device, "dtype": work.plan.dtype})
    for number, step in enumerate(work.plan.steps, start=1):
        work.should_stop()
        made += _one(step, work)
        if step.kind == "search":  # now what follows it has a key
            work.keys = keys_of(work.plan, work.registry, work.prints, work.store)
        folder.link_step(number, step.id, work.made(step.id))
    tell("run-finished", {"made": made})
    return made


def _one(step: Step, work: Workplace) -> bool:
    about = {"step": step.id, "kind": step.kind, "title": step.title, "key": work.keys[step.id]}
    if manifest := work.store.manifest(str(work.keys[step.id])):
        found = {"removals": removals(work.made(step.id))} if step.kind == "search" else {}
        work.listener.event("step-skipped", about | found)
        _warn(step, manifest.about.get("versions", {}), work)
        return False
    work.listener.event("step-started", about)
    try:
        made = perform(step, work)
    except Interrupted:
        work.listener.event("step-interrupted", about)
        raise
    except Exception as error:
        work.listener.event("step-failed", {**about, "message": str(error)})
        raise
    work.listener.event("step-finished", {**about, **_taken(step, work)})
    return made


def _warn(step: Step, made_by: Mapping[str, str], work: Workplace) -> None:
    """Of other versions than today's: the artefact is used all the same."""
    now = lock_of(step, work)
    other = {
        name: [made_by[name], now[name]]
        for name in sorted(set(made_by) & set(now))
        if made_by[name] != now[name]
    }
    if other:
        work.listener.event("other-versions", {"step": step.id, "versions": other})


def _taken(step: Step, work: Workplace) -> dict[str, Json]:
    manifest = work.store.manifest(str(work.keys[step.id]))
    names = ("seconds", "strategy_seconds", "peak_memory_bytes", "device_peak_bytes")
    return {name: manifest.about[name] for name in names} if manifest else {}


def _link(plan: Plan, keys: Mapping[str, str | None], store: Store, folder: RunFolder) -> None:
    """Names for what the store holds, and the plan again with every key."""
    folder.begin(plan.recipe.to_yaml(), _told(plan, keys))
    for number, step in enumerate(plan.steps, start=1):
        folder.link_step(number, step.id, store.path(str(keys[step.id])))
        store.clear_work(str(keys[step.id]))  # what a kill right after publishing left


def _told(plan: Plan, keys: Mapping[str, str | None]) -> dict[str, Json]:
    """plan.json: all that a report needs to find its way, with every `auto` made explicit."""
    with about_the_model(plan.recipe):
        checkpoint = inspect(plan.model.folder)
    return {
        "schema": "lp_runner/plan/1",
        "name": plan.recipe.name,
        "cell": plan.recipe.cell,
        "recipe_file": Path(plan.recipe.path).name,
        "seed": plan.recipe.seed,
        "device": plan.device,
        "dtype": plan.dtype,
        "languages": asdict(plan.recipe.languages),
        "model": {
            "name": plan.model.name,
            "folder": str(plan.model.folder),
            "weights": plan.model.weights,
            "tokenizer": plan.model.tokenizer,
            "licence": plan.model.licence and dict(plan.model.licence),
            "params": plan.size.params,
            "layers": plan.size.layers,
            "embedding_params": plan.size.embedding_params,
            "checkpoint": asdict(checkpoint),
        },
        "steps": [
            {
                "id": step.id,
                "kind": step.kind,
                "title": step.title,
                "key": keys[step.id],
                "needs": dict(step.needs),
                "seed": step.seed,
                "facts": dict(step.facts),
                "uses": {
                    kind: {"use": use.name, "with": dict(use.options)} for kind, use in step.uses.items()
                },
            }
            for step in plan.steps
        ],
        "systems": [asdict(system) for system in plan.systems],
        "gates": [asdict(gate) for gate in plan.recipe.gates],
    }
