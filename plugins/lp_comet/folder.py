"""What a recipe names as `model` → a COMET model on this machine, checked before anything of it is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder in the hub's layout: hparams.yaml and checkpoints/model.ckpt."""

    checkpoint: Path
    """Absolute."""
    name: str
    """Without its publisher: "wmt22-comet-da"; of a local model the folder's."""
    revision: str
    """The commit of a snapshot from the hub; of a local model 40 hexadecimal digits of its content's SHA-256."""

    @property
    def folder(self) -> Path:
        return self.checkpoint.parents[1]


def opened(model: str) -> ModelFolder:
    """From a folder or the checkpoint in it. Raises ValueError where that is no COMET model."""
    given = Path(model).absolute()
    checkpoint = given if given.is_file() else given / "checkpoints" / "model.ckpt"
    folder = checkpoint.parents[1]
    missing = [path for path in (folder / "hparams.yaml", checkpoint) if not path.is_file()]
    if missing:
        names = " and ".join(str(path.relative_to(folder)) for path in missing)
        raise ValueError(f"{folder}: no COMET model: it lacks {names}")
    encoder = str(hyperparameters(folder).get("pretrained_model", ""))
    if folder.parent.name == "snapshots" and folder.parents[1].name.startswith("models--"):
        return ModelFolder(checkpoint, folder.parents[1].name.split("--")[-1], folder.name)
    return ModelFolder(checkpoint, folder.name, _content(folder, checkpoint, encoder))


def hyperparameters(folder: Path) -> dict[str, Any]:
    """What hparams.yaml says. COMET would read it with a loader that makes Python objects, so only plain YAML passes.

    Raises ValueError on anything else.
    """
    path = folder / "hparams.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not plain YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or "class_identifier" not in content:
        raise ValueError(f"{path}: no COMET model: class_identifier is missing")
    return content


def _content(folder: Path, checkpoint: Path, encoder: str) -> str:
    """Of all that decides a score: settings, weights, and the encoder's files where the folder carries them."""
    digest = hashlib.sha256()
    for path in (folder / "hparams.yaml", checkpoint, *_encoder_files(folder, encoder)):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:40]


def _encoder_files(folder: Path, encoder: str) -> Iterator[Path]:
    """In a fixed order; none where the encoder is named for its place on the hub."""
    if encoder and (folder / encoder).is_dir():
        yield from sorted(path for path in (folder / encoder).rglob("*") if path.is_file())
