"""A delivered model's folder → a repository on the hub. The token is huggingface_hub's own affair: it is never read here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lp_runner.errors import EnvironmentFailed, UsageError

CARD = "README.md"
MESSAGE = "A pruned translation model, by lp_runner"
WHY = {
    401: ("{hub} refuses the token, or was given none", "log in with `hf auth login`, or set HF_TOKEN"),
    403: ("{hub}: this token may not write to {repo}", "take a token with write access to it"),
    404: ("{hub} has no {repo}, or hides it from this token", "take a token with write access to it"),
}
"""Message and hint by the hub's answer."""
LATER = "the same command sends again only what isn't there"


@dataclass(frozen=True, slots=True)
class Upload:
    """What would be sent where."""

    folder: Path
    repo: str
    """"name" or "owner/name"."""
    visibility: str
    """"public" or "private"; of a repository that exists already it changes nothing."""

    @property
    def files(self) -> list[tuple[str, int]]:
        """Name and bytes of each, the largest last."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        told = [(str(path.relative_to(self.folder)), path.stat().st_size) for path in found]
        return sorted(told, key=lambda file: (file[1], file[0]))

    @property
    def hub(self) -> str:
        from huggingface_hub import constants

        return constants.ENDPOINT


@dataclass(frozen=True, slots=True)
class Uploaded:
    url: str
    warnings: tuple[str, ...]
    """What the hub finds questionable about the card."""


def metadata_of(upload: Upload) -> str:
    """The card's metadata as huggingface_hub reads it. Raises UsageError where it, or the repository's name, is wrong."""
    from huggingface_hub import ModelCard
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(upload.repo)
        return str(ModelCard((upload.folder / CARD).read_text("utf-8-sig")).data.to_yaml())
    except HFValidationError as error:
        raise UsageError(f"--repo: {_line(error)}", "name it like owner/name") from error
    except OSError as error:
        raise UsageError(
            f"{upload.folder}: no {CARD} can be read there", "`lp-run report` writes it again"
        ) from error
    except Exception as error:  # of its YAML, of a scores' list that isn't one, …
        raise UsageError(f"{upload.folder / CARD}: its metadata can't be read: {_line(error)}") from error


def push(upload: Upload) -> Uploaded:
    """Make the repository where it isn't, and send what is not there yet.

    Raises EnvironmentFailed, a line whatever the hub or the network did; UsageError where the hub refuses the card.
    """
    from huggingface_hub import HfApi

    with _explained(upload), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        hub = HfApi()
        private = True if upload.visibility == "private" else None  # None: as the owner's settings have it
        repo = hub.create_repo(upload.repo, private=private, exist_ok=True).repo_id
        hub.upload_folder(repo_id=repo, folder_path=upload.folder, commit_message=MESSAGE)
    return Uploaded(f"{upload.hub}/{repo}", tuple(_line(one.message) for one in told))


@contextmanager
def _explained(upload: Upload) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        raise _answered(error.response.status_code, upload) from error
    except ValueError as error:  # before anything is sent
        raise UsageError(f"{upload.hub} refuses the card: {_line(error)}") from error
    except Exception as error:  # no connection, a time-out, whatever transfers large files
        message = f"{upload.hub} can't be reached, or broke off: {type(error).__name__}: {_line(error)}"
        raise EnvironmentFailed(message, LATER) from error


def _answered(status: int, upload: Upload) -> EnvironmentFailed:
    message, hint = WHY.get(status, ("{hub} answered {status} to {repo}", LATER))
    return EnvironmentFailed(message.format(hub=upload.hub, repo=upload.repo, status=status), hint)


def _line(error: object) -> str:
    return " ".join(str(error).split())[:300]
