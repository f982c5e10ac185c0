"""What the machine and the disk say before anything runs: the model's files, devices, fingerprints.

The one file of this room that opens files. Knows no torch: devices come from /proc and nvidia-smi.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lp_runner.errors import EnvironmentFailed, UsageError
from lp_runner.plan.licence import licence

DEVICES = "LP_RUN_DEVICES"
"""An environment variable: the devices to use, e.g. "cuda:0,cuda:1" or "cpu:0,cpu:1" (a machine in two)."""
_TOKENIZER = (
    "config.json",
    "tokenizer",
    "special_tokens",
    "added_tokens",
    "chat_template",
    "vocab",
    "merges",
    "generation_config",
)
_VOCABULARIES = ("tokenizer.json", "tokenizer.model", "vocab", "source.spm", "tiktoken")
_WRITERS = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "MTModel")
_BF16_UNITS = {"avx512_bf16", "amx_bf16", "bf16"}


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model folder on this machine."""

    folder: Path
    name: str
    """As the recipe has it: a hub name or a path."""
    weights: str
    """Fingerprint of configuration and weights."""
    tokenizer: str
    """Fingerprint of everything that turns text into ids and ends a translation."""
    licence: Mapping[str, str] | None
    """As its card names it, in the hub's metadata fields; None where it names none."""


@dataclass(frozen=True, slots=True)
class Device:
    name: str
    """"cpu" or "cuda:0"; with an index where several can be had."""
    memory_bytes: int

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


def model_files(name: str, folder: Path, known: Fingerprints) -> ModelFiles:
    """Raises UsageError where the folder is no model."""
    if not (folder / "config.json").is_file():
        raise UsageError(f"model.path: {folder} has no config.json", "name a Hugging Face model folder")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    tokenizer = [path for path in files if path.name.startswith(_TOKENIZER) or path.suffix == ".model"]
    tokenizer += sorted(folder.glob("additional_chat_templates/*"))
    weights = [path for path in files if path.name == "config.json" or path.suffix == ".safetensors"]
    return ModelFiles(folder, name, known.of_files(weights), known.of_files(tokenizer), licence(folder))


class Fingerprints:
    """Content hashes of files, remembered by size and time so that a big model is read once."""

    def __init__(self, memory: Path | None) -> None:
        """Args: memory, a file to remember in, once the folder that it is to be in exists."""
        self._memory = memory
        self._known: dict[str, str] = _read_json(memory) if memory else {}

    def of(self, path: str) -> str:
        """Of a file, or of a folder's files. Raises UsageError where there is neither."""
        place = Path(path)
        if place.is_dir():
            return self.of_files(sorted(file for file in place.rglob("*") if file.is_file()))
        if not place.is_file():
            raise UsageError(f"no such file: {path}", "paths are relative to the recipe's file")
        return self.of_files([place])

    def of_files(self, files: Iterable[Path]) -> str:
        whole = hashlib.sha256()
        for file in files:
            whole.update(f"{file.name}\0{self._one(file)}\0".encode())
        return whole.hexdigest()[:32]

    def _one(self, file: Path) -> str:
        stat = file.stat()
        name = f"{file.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
        if name not in self._known:
            self._known[name] = _digest(file)
            self._remember(name)
        return self._known[name]

    def _remember(self, name: str) -> None:
        if self._memory is None or not self._memory.parent.is_dir():
            return
        with self._memory.open("a", encoding="utf-8") as memory:
            memory.write(json.dumps({name: self._known[name]}) + "\n")


def _digest(file: Path) -> str:
    """Raises EnvironmentFailed where the system doesn't let us read it."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise EnvironmentFailed(f"{file}: can't be read: {error.strerror}") from error


def _read_json(memory: Path) -> dict[str, str]:
    """Hashes are only a saving: a torn line is passed over."""
    known: dict[str, str] = {}
    for line in memory.read_text(encoding="utf-8").splitlines() if memory.exists() else []:
        try:
            known.update(json.loads(line))
        except ValueError:
            continue
    return known


def devices() -> list[Device]:
    """What this machine has, best first; LP_RUN_DEVICES has the last word."""
    named = os.environ.get(DEVICES)
    if named:
        return [Device(name.strip(), _memory_of(name.strip())) for name in named.split(",")]
    return _accelerators() or [Device("cpu", _host_memory())]


def fitting(wanted: str, found: Sequence[Device]) -> list[Device]:
    """The devices that a recipe's `device:` means, best first.

    Raises EnvironmentFailed where the machine has none of them.
    """
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
        "accelerators": _accelerator_names(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor()


def _accelerator_names() -> list[str]:
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return told.stdout.splitlines()


def _accelerators() -> list[Device]:
    """Those that CUDA_VISIBLE_DEVICES leaves to us, by nvidia-smi's own numbers."""
    query = ["nvidia-smi", "--query-gpu=index,uuid,memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in told.stdout.splitlines()]
    seen = [row for row in rows if len(row) == 3 and row[2].isdigit()]
    return [
        Device(f"cuda:{index}", int(mib) * 2**20) for index, uuid, mib in seen if _is_visible(index, uuid)
    ]


def _is_visible(index: str, uuid: str) -> bool:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return True
    return any(
        name == index or (name and uuid.startswith(name)) for name in named.replace(" ", "").split(",")
    )


def _memory_of(name: str) -> int:
    return next((d.memory_bytes for d in _accelerators() if d.name == name), _host_memory())


def _host_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cpu_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    line = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    return set(line.partition(":")[2].split())


def refuse_no_translator(model: ModelFiles, config: Mapping[str, Any]) -> None:
    """Raises UsageError where the model writes no text, or a text can't be turned into its ids.

    A folder without weights is a configuration, which is enough for a plan.
    """
    for name in config.get("architectures") or []:
        if not str(name).endswith(_WRITERS):
            raise UsageError(
                f"model.path: {model.folder}: {name} writes no text, so it can't translate",
                f"name a model whose config.json says {_WRITERS[0]} or {_WRITERS[1]}",
            )
    names = [path.name for path in model.folder.iterdir()]
    weights = any(name.endswith(".safetensors") for name in names)
    if weights and not any(name.startswith(_VOCABULARIES) or name.endswith(".model") for name in names):
        raise UsageError(
            f"model.path: {model.folder} has no tokenizer (tokenizer.json, or a vocabulary)",
            "save the model's tokenizer into the same folder",
        )
