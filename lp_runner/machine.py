"""What this machine has: devices, memory, processor. Knows no torch: it asks /proc and nvidia-smi."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lp_runner.errors import EnvironmentFailed

DEVICES = "LP_RUN_DEVICES"
"""An environment variable: the devices to use, e.g. "cuda:0,cuda:1" or "cpu:0,cpu:1" (a machine in two)."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
_BF16_UNITS = {"avx512_bf16", "amx_bf16", "bf16"}


@dataclass(frozen=True, slots=True)
class Device:
    name: str
    """"cpu" or "cuda:0"; with an index where several can be had."""
    memory_bytes: int

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


def devices() -> list[Device]:
    """What this machine has, best first; LP_RUN_DEVICES has the last word."""
    named = os.environ.get(DEVICES)
    if named:
        memory = {device.name: device.memory_bytes for device in _accelerators()}
        names = [name.strip() for name in named.split(",")]
        return [Device(name, memory.get(name, _host_memory())) for name in names]
    return _accelerators() or [Device("cpu", _host_memory())]


def fitting(wanted: str, found: Sequence[Device]) -> list[Device]:
    """The devices that a recipe's `device:` means, best first.

    Raises EnvironmentFailed where the machine has none of them, or only a part of a GPU that nobody tells the memory of.
    """
    if wanted != "cpu" and not any(device.kind == "cuda" for device in found):
        _refuse_parts()
    fit = [device for device in found if wanted in ("auto", device.name, device.kind)]
    if not fit and wanted == "cpu":
        return [Device("cpu", _host_memory())]
    if not fit:
        names = ", ".join(device.name for device in found)
        raise EnvironmentFailed(
            f"device: {wanted} is asked for and this machine has {names}", "say device: auto"
        )
    return fit


def choose_dtype(wanted: str, device: Device) -> str:
    """`auto`: bfloat16 where the device computes in it, else float32, which is then many times faster."""
    if wanted != "auto":
        return wanted
    if device.kind == "cpu":
        return "bfloat16" if _BF16_UNITS & _cpu_flags() else "float32"
    return "bfloat16"


def machine() -> dict[str, object]:
    """What this machine is, for whoever reads its times."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "memory_bytes": _host_memory(),
        "accelerators": _asked("name"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor()


def _asked(fields: str) -> list[str]:
    """nvidia-smi's line for each GPU; none where there is no such program."""
    query = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return told.stdout.splitlines()


def _accelerators() -> list[Device]:
    """Those that CUDA_VISIBLE_DEVICES leaves to us, by nvidia-smi's own numbers."""
    rows = [[cell.strip() for cell in line.split(",")] for line in _asked("index,uuid,memory.total")]
    return [
        Device(f"cuda:{index}", int(mib) * 2**20 if mib.isdigit() else _host_memory())
        for index, uuid, mib in (row for row in rows if len(row) == 3)
        if _is_visible(index, uuid)
    ]


def _is_visible(index: str, uuid: str) -> bool:
    named = os.environ.get(VISIBLE)
    if named is None:
        return True
    return any(
        name == index or (name and uuid.startswith(name)) for name in named.replace(" ", "").split(",")
    )


def _refuse_parts() -> None:
    named = os.environ.get(VISIBLE, "")
    if named.startswith("MIG-"):
        raise EnvironmentFailed(
            f"{VISIBLE} names {named}, a part of a GPU, of which nvidia-smi doesn't tell the memory",
            f"set {DEVICES} as well, to cuda:0",
        )


def _host_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cpu_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    line = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    return set(line.partition(":")[2].split())
