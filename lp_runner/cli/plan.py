"""`lp-run plan`: each step, done or due and why, and what it takes. Runs nothing but the policy, on no answers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

from rich.table import Table

from lp_runner import plan, recipe, run
from lp_runner.api import Json
from lp_runner.cli.console import human_bytes, json_text, show, table
from lp_runner.cli.inputs import check_inputs
from lp_runner.cli.main import add_json, add_recipes, complain, verdict
from lp_runner.cli.run import run_folder
from lp_runner.cli.settings import own_interpreters
from lp_runner.envs import Environments
from lp_runner.errors import DONE, LpError
from lp_runner.machine import devices
from lp_runner.plan import Plan
from lp_runner.plan.estimate import Cost, Lengths, estimate
from lp_runner.plan.inputs import Fingerprints
from lp_runner.recipe import Recipe
from lp_runner.recipe.publishers import refuse_unknown
from lp_runner.registry import Registry
from lp_runner.run.questions import questions_of
from lp_runner.run.status import Status, statuses
from lp_runner.run.workplace import ENCODED
from lp_runner.store import Output, Store
from lp_runner.worker.formats import rows_of

COLUMNS = ["step", "state", "why", "passes", "TFLOP", "disk", "device memory"]


@dataclass(frozen=True, slots=True)
class Estimated:
    """One run's steps with what they take."""

    name: str
    plan: Plan
    statuses: list[Status]
    costs: Mapping[str, Cost]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_recipes(parser)
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    registry = Registry.installed()
    store = Output(arguments.output.absolute()).store
    found: list[Estimated] = []
    codes = []
    for path in arguments.recipes:
        try:
            found += _plans(path, arguments, registry, store)
            codes.append(DONE)
        except LpError as error:
            codes.append(complain(error))
    if arguments.json:
        print(json_text([_told(one) for one in found]))
    else:
        for one in found:
            _show(one)
    return verdict(codes)


def _plans(path: Path, arguments: argparse.Namespace, registry: Registry, store: Store) -> list[Estimated]:
    """Of every cell."""
    cells = recipe.load(path, arguments.overrides, registry)
    for cell in cells:
        refuse_unknown(cell, registry, arguments.trusted)
        check_inputs(cell, registry)
    return [_estimated(cell, registry, store, run_folder(arguments.output, cell).path) for cell in cells]


def _estimated(cell: Recipe, registry: Registry, store: Store, folder: Path) -> Estimated:
    prints = Fingerprints(store.root / ".fingerprints")
    planned = plan.build(cell, devices(), prints)
    keys = run.keys_of(planned, registry, prints.of, store)
    environments = Environments.standard(own_interpreters(), offline=True)
    segments, questions = _segments(planned, keys, store), questions_of(planned, registry, environments)
    costs = estimate(planned, registry, segments, questions, _lengths(planned, keys, store))
    name = f"{cell.name}/{cell.cell}" if cell.cell else cell.name
    return Estimated(name, planned, statuses(planned, keys, store, _earlier(folder)), costs)


def _told(found: Estimated) -> dict[str, Json]:
    plan = found.plan
    about = {"run": found.name, "layers": plan.size.layers, "device": plan.device, "dtype": plan.dtype}
    return about | {"steps": [_step(one, found.costs[one.step.id]) for one in found.statuses]}


def _step(status: Status, cost: Cost) -> dict[str, Json]:
    about = {"step": status.step.id, "title": status.step.title, "done": status.done, "why": status.why}
    return about | asdict(cost)


def _show(found: Estimated) -> None:
    plan = found.plan
    show(f"{found.name}: {plan.size.layers} layers, {plan.device}, {plan.dtype}")
    show(_table(found.statuses, found.costs))
    for one in found.statuses:
        cost = found.costs[one.step.id].search
        if cost and cost.told:
            show(f"{one.step.title}: {cost.told}")


def _table(told: list[Status], costs: Mapping[str, Cost]) -> Table:
    rows = [_row(status, costs[status.step.id]) for status in told]
    due = [costs[status.step.id] for status in told if not status.done]
    peak = human_bytes(max((cost.device_bytes for cost in due), default=0))
    all_due = ["all that will run", f"{len(due)} of {len(told)}", ""]
    rows.append([*all_due, _all_passes(due), "", human_bytes(_peak_disk(due)), peak])
    return table(COLUMNS, rows, numbers=COLUMNS[3:])


def _all_passes(due: list[Cost]) -> str:
    """What is known, and that it isn't all."""
    known = f"{sum(cost.passes or 0 for cost in due):,}"
    return f"{known} + ?" if any(cost.passes is None for cost in due) else known


def _peak_disk(due: list[Cost]) -> int:
    """Steps run one after another, and a training's checkpoints go when it is done."""
    kept, peak = 0, 0
    for cost in due:
        peak = max(peak, kept + cost.disk_bytes)
        kept += cost.kept_bytes
    return peak


def _row(status: Status, cost: Cost) -> list[str]:
    device = human_bytes(cost.device_bytes) if cost.device_bytes else ""
    state = "done" if status.done else "will run"
    work = f"{cost.search.operations / 1e12:,.1f}" if cost.search else ""
    passes = _passes(cost.passes)
    return [status.step.title, state, status.why, passes, work, human_bytes(cost.disk_bytes), device]


def _passes(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _segments(planned: Plan, keys: Mapping[str, str | None], store: Store) -> dict[str, int]:
    """How many there are in each split: as read, or as the recipe limits them."""
    counts: dict[str, int] = {}
    for step in planned.of_kind("read"):
        split = step.id.removeprefix("read-")
        manifest = store.manifest(str(keys[step.id]))
        limit = step.uses["read"].options.get("limit")
        if manifest:
            counts[split] = manifest.about["facts"]["count"]
        elif limit:
            counts[split] = limit
    return counts


def _lengths(planned: Plan, keys: Mapping[str, str | None], store: Store) -> dict[str, Lengths]:
    """Of the prompts that are made already and that a search reads."""
    found = {}
    for step_id in {step.needs["prompts"] for step in planned.of_kind("search")}:
        if store.manifest(str(keys[step_id])):
            rows = rows_of(store.path(str(keys[step_id])) / ENCODED)
            prompts = [row["prompt_ids"] for row in rows]
            targets = tuple(len(row["target_ids"]) for row in rows)
            shared = sum(1 for _ in takewhile(lambda ids: len(set(ids)) == 1, zip(*prompts, strict=False)))
            found[step_id] = Lengths(tuple(map(len, prompts)), targets, shared)
    return found


def _earlier(folder: Path) -> dict[str, Json]:
    """Step → key of the last plan that ran here."""
    try:
        told = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {step["id"]: step["key"] for step in told["steps"]}
