"""What the disk says before anything runs: the model's files, fingerprints. The one file of this room that opens files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lp_runner.checkpoint.layers import architecture
from lp_runner.errors import EnvironmentFailed, LpError, UsageError
from lp_runner.plan.licence import licence
from lp_runner.recipe import Recipe

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


@contextmanager
def about_the_model(recipe: Recipe) -> Iterator[None]:
    """An error begins with the place of the model's name in the recipe."""
    try:
        yield
    except LpError as error:
        said = error.message.removeprefix("model.path: ")
        raise type(error)(recipe.problem(("model", "path"), said), error.hint) from error


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


def refuse_no_translator(model: ModelFiles, config: Mapping[str, Any]) -> None:
    """Raises UsageError where the model writes no text, or a text can't be turned into its ids.

    A folder without weights is a configuration, which is enough for a plan.
    """
    name = architecture(config)
    if not name.endswith(_WRITERS):
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
