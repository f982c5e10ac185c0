"""A model's name in a recipe → a folder on this machine: a local folder, or a pinned snapshot from the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lp_runner.errors import EnvironmentFailed, UsageError
from lp_runner.recipe.recipe import ModelSpec

_WANTED = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "README.md")
"""No pickles and no code; the card for its licence."""


def locate(model: ModelSpec, *, download: bool) -> Path:
    """The folder of the recipe's model; without a download its configuration is enough. Raises as `located`."""
    wanted = _WANTED if download else ("*.json",)
    return Path(located(model.path, model.revision, wanted, "model.path", download=download))


def located(name: str, revision: str | None, files: Sequence[str], where: str, *, download: bool) -> str:
    """The absolute path of a local folder or file, or of a snapshot from the hub.

    Raises: UsageError where a local path isn't there, EnvironmentFailed where the hub can't give it.
    """
    if not Path(name).is_absolute():
        return _snapshot(name, revision, files, where, download)
    if Path(name).exists():
        return name
    raise UsageError(f"{where}: no such folder: {name}", "paths are relative to the recipe's file")


def _snapshot(name: str, revision: str | None, files: Sequence[str], where: str, download: bool) -> str:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        return snapshot_download(
            name, revision=revision, allow_patterns=list(files), local_files_only=not download
        )
    except HFValidationError as error:
        raise UsageError(
            f"{where}: neither a folder nor a name on the hub: {name}", "a name on the hub reads OWNER/NAME"
        ) from error
    except GatedRepoError as error:
        hint = "accept its terms on the hub and log in with `hf auth login`"
        raise EnvironmentFailed(f"{where}: {name} is gated", hint) from error
    except RepositoryNotFoundError as error:
        raise EnvironmentFailed(f"{where}: the hub has no {name} (or hides it from you)") from error
    except (LocalEntryNotFoundError, OSError) as error:
        hint = f"download it once where the hub can be reached, or give a folder with -o {where}=FOLDER"
        raise EnvironmentFailed(f"{where}: {name} is not on this machine", hint) from error
