"""`lp-run check`: recipe text → every problem with it, or a word that there is none. No torch, no run."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lp_runner import recipe
from lp_runner.api import Json
from lp_runner.cli.inputs import check_inputs
from lp_runner.cli.main import add_json, add_recipes, complain, redacted, verdict
from lp_runner.cli.needs import needs
from lp_runner.cli.settings import own_interpreters
from lp_runner.envs import Environments, Spec
from lp_runner.errors import DONE, EnvironmentFailed, LpError
from lp_runner.recipe import Recipe
from lp_runner.recipe.publishers import refuse_unknown
from lp_runner.registry import Registry
from lp_runner.visible import visible

_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class Checked(NamedTuple):
    """One recipe."""

    path: Path
    error: LpError | None
    runs: int = 0
    notes: Sequence[str] = ()

    @property
    def code(self) -> int:
        return self.error.exit_code if self.error else DONE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_recipes(parser)
    parser.add_argument(
        "--device-memory",
        type=size_bytes,
        metavar="SIZE",
        help="refuse what can't fit a device of this size, e.g. 80GB",
    )
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    registry = Registry.installed()
    found = [_check(path, arguments, registry) for path in arguments.recipes]
    if arguments.json:
        from lp_runner.cli.console import json_text

        print(json_text([_told(one) for one in found]))
    else:
        for one in found:
            _show(one)
    return verdict([one.code for one in found])


def size_bytes(text: str) -> int:
    """From "80GB" or "24000000000". Raises argparse's own error otherwise."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it like 80GB")
    unit = _SIZES[match[2]]
    return int(float(match[1]) * (unit if not match[3] else 1024 ** list(_SIZES).index(match[2])))


def _check(path: Path, arguments: argparse.Namespace, registry: Registry) -> Checked:
    try:
        cells = recipe.load(path, arguments.overrides, registry)
        for cell in cells:
            refuse_unknown(cell, registry, arguments.trusted)
            check_inputs(cell, registry)
            if arguments.device_memory:
                _check_memory(cell, arguments.device_memory, registry)
    except LpError as error:
        return Checked(path, error)
    return Checked(path, None, len(cells), _missing_environments(cells, registry))


def _told(checked: Checked) -> dict[str, Json]:
    error = checked.error
    problems, hint = (redacted(error.message).splitlines(), redacted(error.hint)) if error else ([], "")
    about = {"recipe": str(checked.path), "good": error is None, "runs": checked.runs}
    return about | {"problems": problems, "hint": hint, "notes": checked.notes}


def _show(checked: Checked) -> None:
    if checked.error:
        complain(checked.error)
        return
    runs = f" ({checked.runs} runs)" if checked.runs > 1 else ""
    print(visible(f"{checked.path}: good{runs}"))
    for line in checked.notes:
        print(visible(f"{checked.path}: {line}"))


def _missing_environments(cells: list[Recipe], registry: Registry) -> list[str]:
    """What a run will build first, and about how large it is."""
    environments = Environments.standard(own_interpreters())
    return [
        f"environment {need.spec.name} is not built yet{_about(need.spec)}; a run builds it, or `lp-run env build`"
        for need in needs(cells, registry, environments)
        if need.built is None and need.own is None
    ]


def _about(spec: Spec) -> str:
    from lp_runner.cli.console import human_bytes

    return f" (about {human_bytes(spec.about_bytes)})" if spec.about_bytes else ""


def _check_memory(cell: Recipe, limit: int, registry: Registry) -> None:
    from lp_runner.cli.console import human_bytes
    from lp_runner.machine import Device
    from lp_runner.plan import build
    from lp_runner.plan.estimate import estimate
    from lp_runner.plan.inputs import Fingerprints

    device = Device("cuda:0" if cell.device == "auto" else cell.device, limit)
    plan = build(cell, [device], Fingerprints(None))
    costs = estimate(plan, registry, {}, {}, {})
    largest = max(plan.steps, key=lambda step: costs[step.id].device_bytes)
    needed = costs[largest.id].device_bytes
    if needed > limit:
        message = f"{cell.path}: {largest.title} needs about {human_bytes(needed)} of device memory"
        raise EnvironmentFailed(f"{message}, more than {human_bytes(limit)}")
