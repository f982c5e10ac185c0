"""Model folder + layers to remove → a smaller model folder. Bytes move from file to file; no tensor is ever loaded.

One output shard per source shard that still holds something; the caller fsyncs. The kernel copies (copy_file_range where it can), a
second thread hashes what was written, and the disk is kept busy meanwhile; memory does not grow with the model.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from lp_runner.checkpoint import guard
from lp_runner.checkpoint.config import cut_config, write_out
from lp_runner.checkpoint.layers import Stack, find_stacks, kept_layers, place, read_config
from lp_runner.checkpoint.tensors import INDEX, SINGLE, Shard, Tensor, header, read_folder
from lp_runner.errors import RunFailed
from lp_runner.files import fsync_file

PIECE_BYTES = 16 << 20
READ_BYTES = 1 << 18
SHARDS_AT_ONCE = 2
"""Each has a thread that copies and one that hashes; more would only make the disk seek."""
PIECES_AHEAD = 4
"""How far copying may run ahead of hashing: the pieces are then still in the page cache."""
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".gguf", ".index.json", ".pkl")  # fmt: skip
NOT_CARRIED = frozenset({"config.json", "README.md"})
"""Written anew, here or by whoever writes the model card."""
FOLDERS_CARRIED = ("additional_chat_templates",)
CANNOT_COPY_IN_KERNEL = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM})


def cut(source: Path, removed: Iterable[tuple[str, int]], into: Path) -> dict[str, str]:
    """Writes `source` without the removed (stack, index) layers into the empty folder `into`.

    Indices are the source's own, from 0. What stays is renumbered from 0; tensors, tokenizer and the rest of
    config.json are the source's, byte for byte.
    Returns: name of each written file, relative to `into` → its sha256.
    Raises: UsageError where the model or a layer can't be cut (guard.py); RunFailed where the source is damaged.
    """
    config = read_config(source)
    guard.refuse_code(source)
    shards = read_folder(source)
    stacks = find_stacks(tensor.name for shard in shards for tensor in shard.tensors)
    guard.refuse_unknown_layout(config, stacks)
    kept = kept_layers({stack.name: stack.layers for stack in stacks}, removed)
    written_out = write_out(config, max(stack.layers for stack in stacks))
    for stack in stacks:
        guard.refuse_unlike_layers(shards, stack, kept[stack.name], written_out)
    smaller = cut_config(written_out, stacks, kept)
    hashes = _write_shards(_kept_tensors(shards, stacks, kept), into)
    hashes["config.json"] = _write(into / "config.json", _pretty(smaller))
    return hashes | _copy_the_rest(source, into)


def mergekit_slices(source: str, removed: Iterable[int], layers: int, dtype: str) -> dict[str, object]:
    """The same cut of a decoder as mergekit's passthrough recipe: runs of kept layers as half-open ranges."""
    gone = frozenset(removed)
    starts = [i for i in range(layers) if i not in gone and (i == 0 or i - 1 in gone)]
    ends = [i + 1 for i in range(layers) if i not in gone and (i == layers - 1 or i + 1 in gone)]
    ranges = [[start, end] for start, end in zip(starts, ends, strict=True)]
    slices = [{"sources": [{"model": source, "layer_range": span}]} for span in ranges]
    return {"slices": slices, "merge_method": "passthrough", "dtype": dtype}


Kept = list[tuple[str, Tensor]]
"""(new name, where it lies in the source), in the source's order."""


def _kept_tensors(
    shards: Sequence[Shard], stacks: Sequence[Stack], kept: Mapping[str, Sequence[int]]
) -> list[tuple[Shard, Kept]]:
    new_index = {stack.name: {old: new for new, old in enumerate(kept[stack.name])} for stack in stacks}
    found = []
    for shard in shards:
        renamed = [(_new_name(tensor.name, stacks, new_index), tensor) for tensor in shard.tensors]
        if kept_here := [(name, tensor) for name, tensor in renamed if name]:
            found.append((shard, kept_here))
    return found


def _new_name(name: str, stacks: Sequence[Stack], new_index: Mapping[str, Mapping[int, int]]) -> str:
    """Empty where the tensor goes with its layer."""
    for stack in stacks:
        if where := place(name, stack):
            new = new_index[stack.name].get(where[0])
            return "" if new is None else f"{stack.prefix}{new}.{where[1]}"
    return name


def _write_shards(kept: Sequence[tuple[Shard, Kept]], into: Path) -> dict[str, str]:
    total = len(kept)
    numbered = [f"model-{n:05}-of-{total:05}.safetensors" for n in range(1, total + 1)]
    names = numbered if total > 1 else [SINGLE]
    with ThreadPoolExecutor(SHARDS_AT_ONCE) as copier:
        written = {
            name: copier.submit(_write_shard, shard, tensors, into / name)
            for name, (shard, tensors) in zip(names, kept, strict=True)
        }
    hashes = {name: future.result() for name, future in written.items()}
    if total > 1:
        hashes[INDEX] = _write(into / INDEX, _pretty(_index(names, kept)))
    return hashes


def _index(names: Sequence[str], kept: Sequence[tuple[Shard, Kept]]) -> dict[str, Any]:
    everything = [tensor for _, tensors in kept for _, tensor in tensors]
    totals = Counter[str]()
    for tensor in everything:
        totals.update(total_parameters=tensor.params, total_size=tensor.size_bytes)
    weight_map = {new: name for name, (_, tensors) in zip(names, kept, strict=True) for new, _ in tensors}
    return {"metadata": dict(totals), "weight_map": dict(sorted(weight_map.items()))}


def _write_shard(shard: Shard, tensors: Kept, target: Path) -> str:
    """One thread hashes, so that the pieces come in order."""
    start = header(tensors, shard.metadata)
    digest = hashlib.sha256(start)
    with (
        shard.path.open("rb") as source,
        target.open("xb+", buffering=0) as file,
        ThreadPoolExecutor(1, "sha256") as hasher,
    ):
        file.write(start)
        pending: list[Future[None]] = []
        position = len(start)
        for begin, end in _pieces(tensors):
            _copy(source, begin, file.fileno(), position, end - begin)
            pending.append(hasher.submit(_hash, digest, file.fileno(), position, end - begin))
            position += end - begin
            if len(pending) > PIECES_AHEAD:
                pending.pop(0).result()
        for piece in pending:
            piece.result()
    fsync_file(target)  # while other shards are copied
    return digest.hexdigest()


def _pieces(tensors: Kept) -> Iterator[tuple[int, int]]:
    """Byte ranges of the source: neighbours joined, none longer than a piece."""
    runs: list[list[int]] = []
    for _, tensor in tensors:
        if runs and runs[-1][1] == tensor.start:
            runs[-1][1] = tensor.end
        else:
            runs.append([tensor.start, tensor.end])
    for start, end in runs:
        for begin in range(start, end, PIECE_BYTES):
            yield begin, min(begin + PIECE_BYTES, end)


def _copy(source: BinaryIO, begin: int, target: int, position: int, length: int) -> None:
    while length:
        done = _copy_some(source.fileno(), begin, target, position, length)
        if not done:
            raise RunFailed(f"{source.name}: became shorter while it was copied")
        begin, position, length = begin + done, position + done, length - done


def _copy_some(source: int, begin: int, target: int, position: int, length: int) -> int:
    if hasattr(os, "copy_file_range"):
        try:
            return os.copy_file_range(source, target, length, begin, position)
        except OSError as error:
            if error.errno not in CANNOT_COPY_IN_KERNEL:
                raise
    return os.pwrite(target, os.pread(source, min(length, READ_BYTES), begin), position)


def _hash(digest: Any, file: int, position: int, length: int) -> None:
    """Of what was written, read back from the page cache; then the disk may begin with it."""
    buffer = memoryview(
        bytearray(min(READ_BYTES, length))
    )  # one for all: new ones cost more than the hash's reads
    end = position + length
    while position < end:
        got = os.preadv(file, [buffer[: end - position]], position)
        digest.update(buffer[:got])
        position += got
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, end - length, length, os.POSIX_FADV_DONTNEED)


def _copy_the_rest(source: Path, into: Path) -> dict[str, str]:
    hashes = {}
    for path in _small_files(source):
        name = path.relative_to(source).as_posix()
        (into / name).parent.mkdir(exist_ok=True)
        hashes[name] = _write(into / name, path.read_bytes())
    return hashes


def _small_files(source: Path) -> list[Path]:
    found = [*source.glob("*"), *(path for name in FOLDERS_CARRIED for path in source.glob(f"{name}/*"))]
    return sorted(path for path in found if path.is_file() and not _stays_behind(path.name))


def _stays_behind(name: str) -> bool:
    return name.startswith(".") or name in NOT_CARRIED or name.endswith(WEIGHTS)


def _write(path: Path, data: bytes) -> str:
    with path.open("xb") as file:
        file.write(data)
    return hashlib.sha256(data).hexdigest()


def _pretty(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
