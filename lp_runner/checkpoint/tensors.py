"""Safetensors files ↔ headers. In: a model folder. Out: where each tensor's bytes lie. Tensor data is never read.

A header is a stranger's: every size, shape and offset in it is checked before it is used.
Source: https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lp_runner.errors import RunFailed, UsageError

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
HEADER_LIMIT_BYTES = 100_000_000
DTYPE_BITS: Mapping[str, int] = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
    "C64": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a safetensors file."""

    name: str
    dtype: str
    """As safetensors names it: "BF16", "F32", …"""
    shape: tuple[int, ...]
    start: int
    """First byte, counted from the start of the file."""
    end: int
    """One past the last byte, counted from the start of the file."""

    @property
    def params(self) -> int:
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Shard:
    """One safetensors file: its tensors in the order of their bytes."""

    path: Path
    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]


def read_folder(folder: Path) -> tuple[Shard, ...]:
    """Every shard of a model folder, in the order of the file names, checked against the index.

    Raises: UsageError where there are no safetensors weights; RunFailed where they are damaged.
    """
    if (folder / SINGLE).is_file():
        return (read(folder / SINGLE),)
    if not (folder / INDEX).is_file():
        raise UsageError(
            f"{folder}: no {SINGLE} and no {INDEX}; pickled weights (.bin, .pt) are never opened",
            "load and save the model once with Transformers, which writes safetensors",
        )
    weight_map = _weight_map(folder / INDEX)
    shards = tuple(read(folder / name) for name in sorted(set(weight_map.values())))
    _agree(folder / INDEX, weight_map, shards)
    return shards


def read(path: Path) -> Shard:
    """The checked header of one file. Raises: RunFailed naming the file and what is wrong with it."""
    try:
        text, size_bytes = _header_text(path)
        header = parse_json(text)
        metadata = _metadata(header)
        data_start = 8 + len(text)
        tensors = sorted(
            (_tensor(n, e, data_start) for n, e in header.items()), key=lambda t: (t.start, t.end)
        )
        _gapless(tensors, data_start, size_bytes)
    except OSError as error:
        raise RunFailed(f"{path}: can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunFailed(f"{path}: not a whole safetensors file: {error}") from None
    return Shard(path, tuple(tensors), metadata)


def header(tensors: Iterable[tuple[str, Tensor]], metadata: Mapping[str, str]) -> bytes:
    """The bytes that stand before the data of these (new name, old tensor) pairs, laid end to end in this order."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt", **metadata}}
    position = 0
    for name, tensor in tensors:
        offsets = [position, position + tensor.size_bytes]
        entries[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": offsets}
        position = offsets[1]
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def parse_json(text: str | bytes) -> dict[str, Any]:
    """A JSON object without duplicate keys. Raises: ValueError."""
    match json.loads(text, object_pairs_hook=_unique):
        case dict() as found:
            return found
        case _:
            raise ValueError("the JSON is not an object")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice} stands twice in the JSON")
    return found


def _header_text(path: Path) -> tuple[bytes, int]:
    with path.open("rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size_bytes < 8 or length > min(HEADER_LIMIT_BYTES, size_bytes - 8):
            raise ValueError(f"the header says {length} bytes, the file has {size_bytes}")
        return file.read(length), size_bytes


def _metadata(header: dict[str, Any]) -> dict[str, str]:
    found = header.pop("__metadata__", {})
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("__metadata__ is not a map of strings")
    return found


def _tensor(name: str, entry: object, data_start: int) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name}: not dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise ValueError(f"{name}: unknown dtype {dtype!r}")
    if not _naturals(shape) or not _naturals(offsets) or len(offsets) != 2:
        raise ValueError(f"{name}: shape or data_offsets are not natural numbers")
    if (offsets[1] - offsets[0]) * 8 != math.prod(shape) * DTYPE_BITS[dtype]:
        raise ValueError(f"{name}: {offsets[1] - offsets[0]} bytes don't fit {dtype} {shape}")
    return Tensor(name, dtype, tuple(shape), data_start + offsets[0], data_start + offsets[1])


def _naturals(values: object) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _gapless(tensors: list[Tensor], data_start: int, size_bytes: int) -> None:
    position = data_start
    for tensor in tensors:
        if tensor.start != position:
            raise ValueError(f"{tensor.name}: overlaps its neighbour or leaves a hole")
        position = tensor.end
    if position != size_bytes:
        raise ValueError(f"the tensors end at byte {position}, the file has {size_bytes}")


def _weight_map(path: Path) -> dict[str, str]:
    try:
        found = parse_json(path.read_bytes()).get("weight_map")
    except (ValueError, OSError, RecursionError) as error:
        raise RunFailed(f"{path}: {error}") from None
    if not isinstance(found, dict) or not found:
        raise RunFailed(f"{path}: no weight_map")
    for name in found.values():
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors"):
            raise RunFailed(f"{path}: {name!r} is not the name of a safetensors file in this folder")
    return found


def _agree(path: Path, weight_map: dict[str, str], shards: tuple[Shard, ...]) -> None:
    stored = [(tensor.name, shard.path.name) for shard in shards for tensor in shard.tensors]
    wrong = set(stored) ^ set(weight_map.items())
    if wrong or len(stored) != len(weight_map):
        raise RunFailed(
            f"{path}: the index and the shards disagree about {min(wrong)[0] if wrong else 'a tensor'}"
        )
