"""`lp-run doctor`: is this machine fit to run recipes? One line for each thing, with the remedy where it isn't."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from lp_runner.cli.console import human_bytes, json_text, show, table
from lp_runner.cli.main import add_json, add_output
from lp_runner.cli.needs import declared
from lp_runner.cli.settings import own_interpreters, settings_file
from lp_runner.envs import Environments
from lp_runner.errors import DONE, ENVIRONMENT, LpError
from lp_runner.machine import choose_dtype, devices
from lp_runner.registry import Registry

OLDEST = (3, 11)
LITTLE_BYTES = 10 * 10**9
"""Less free disk than this holds no model of a useful size."""
_TORCH = "import torch; print(torch.__version__, torch.cuda.is_available())"
_TORCH_S = 120

State = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    thing: str
    state: State
    """Only what is bad keeps recipes from running."""
    what: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_output(parser)
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    findings = list(_findings(arguments.output))
    usable = all(one.state != "bad" for one in findings)
    if arguments.json:
        told = {"usable": usable, "findings": [asdict(one) for one in findings]}
        print(json_text(told))
    else:
        show(
            table(["", "", "", "remedy"], [[one.thing, one.state, one.what, one.remedy] for one in findings])
        )
        show("recipes can run here" if usable else "recipes can't run here until what is bad is mended")
    return DONE if usable else ENVIRONMENT


def _findings(output: Path) -> Iterator[Finding]:
    registry = Registry.installed()
    yield _python()
    yield from _torch_and_devices()
    yield _disk(output)
    try:
        own = own_interpreters()
    except LpError as error:
        yield Finding("settings", "bad", error.message, f"mend {settings_file()}")
        own = {}
    yield from _environments(registry, Environments.standard(own))
    yield from _plugins(registry)


def _python() -> Finding:
    what = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < OLDEST:
        return Finding("python", "bad", what, "use Python 3.11 or newer")
    return Finding("python", "good", what)


def _torch_and_devices() -> Iterator[Finding]:
    found = devices()
    told = ", ".join(f"{device.name} with {human_bytes(device.memory_bytes)}" for device in found)
    command = [sys.executable, "-c", _TORCH]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_TORCH_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        yield Finding("torch", "bad", f"no answer within {_TORCH_S} s", "install torch again")
        return
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or ["no word of it"])[-1]
        yield Finding("torch", "bad", last, "pip install torch, the build that fits this machine")
        return
    version, cuda = asked.stdout.split()[-2:]
    yield Finding("torch", "good", version)
    if found[0].kind == "cuda" and cuda != "True":
        remedy = "install torch's CUDA build, or say LP_RUN_DEVICES=cpu"
        yield Finding("devices", "bad", f"{told}, which torch {version} can't use", remedy)
        return
    yield Finding("devices", "good", f"{told}; dtype auto is {choose_dtype('auto', found[0])}")


def _disk(output: Path) -> Finding:
    there = next(folder for folder in (output.absolute(), *output.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    what = f"{human_bytes(free)} free for {output}"
    if free < LITTLE_BYTES:
        return Finding("disk", "note", what, "lp-run prune-cache, or --output on a larger disk")
    return Finding("disk", "good", what)


def _environments(registry: Registry, environments: Environments) -> Iterator[Finding]:
    wanted = declared(registry, environments)
    for need in wanted:
        name = f"environment {need.spec.name}"
        users = ", ".join(need.users)
        if need.own:
            yield _own(name, need.own)
        elif need.built:
            yield Finding(name, "good", f"built, {human_bytes(need.built.bytes)}, for {users}")
        else:
            remedy = f"a run builds it, or lp-run env build {need.spec.name}"
            yield Finding(name, "note", f"not built yet, for {users}", remedy)
    for folder, built in environments.cache.all():
        if built is None:
            yield Finding(f"environment {folder.name}", "note", "broken", f"lp-run env remove {folder.name}")


def _own(name: str, python: str) -> Finding:
    if shutil.which(python):
        return Finding(name, "good", f"your own interpreter, {python}")
    return Finding(name, "bad", f"your own interpreter isn't there: {python}", f"mend {settings_file()}")


def _plugins(registry: Registry) -> Iterator[Finding]:
    entries, broken = registry.entries(), 0
    for entry in entries:
        try:
            registry.find(entry.kind, entry.name)
        except LpError as error:
            broken += 1
            remedy = f"pip install --upgrade {entry.distribution}, or uninstall it"
            yield Finding(f"plugin {entry.kind}.{entry.name}", "note", error.message, remedy)
    yield Finding("plugins", "good", f"{len(entries) - broken} of {len(entries)} can be used")
