"""`lp-run publish`: a run's model → a repository on the hub. Shown first; sent with --yes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lp_runner.api import Json
from lp_runner.cli.console import human_bytes, json_text, show, table
from lp_runner.cli.main import add_json, add_output
from lp_runner.cli.runs import add_run, found
from lp_runner.errors import DONE, UsageError
from lp_runner.report.upload import Upload, Uploaded, metadata_of, push
from lp_runner.store import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("model", metavar="MODEL", help="one of its models: 9+recovery")
    parser.add_argument("--repo", required=True, metavar="NAME", help="the repository: owner/name")
    parser.add_argument(
        "--private",
        dest="visibility",
        action="store_const",
        const="private",
        default="public",
        help="where the repository is new, let nobody else see it",
    )
    parser.add_argument(
        "--yes", action="store_true", help="send it; the token is that of `hf auth login` or HF_TOKEN"
    )
    add_output(parser)
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    folder = _model(Run.open(found(arguments.run, arguments.output)), arguments.model)
    upload = Upload(folder, arguments.repo, arguments.visibility)
    metadata = metadata_of(upload)
    sent = _sent(upload) if arguments.yes else None
    if arguments.json:
        print(json_text(_told(upload, metadata, sent)))
    elif sent:
        _show(sent)
    else:
        _preview(upload, metadata)
    return DONE


def _model(run: Run, name: str) -> Path:
    if name in run.models:
        return run.models[name]
    if not run.models:
        raise UsageError(
            f"{run.folder}: no model is there yet", "a run leaves its models when it is complete"
        )
    from lp_runner.recipe.complaints import nearest

    raise UsageError(f"{run.folder}: no model is named {name}{nearest(name, run.models)}")


def _preview(upload: Upload, metadata: str) -> None:
    files = upload.files
    show(table(["file", "size"], [[name, human_bytes(size)] for name, size in files], numbers=["size"]))
    show(f"\nThe card's metadata:\n{metadata}\n")
    if "\nlicense:" not in f"\n{metadata}":
        show(
            f"No licence is named: the unpruned model's card has none. Add it to {upload.folder / 'README.md'}."
        )
    total = human_bytes(sum(size for _, size in files))
    show(
        f"Nothing was sent. --yes sends these {len(files)} files, {total}, "
        f"to {upload.repo} on {upload.hub}, {upload.visibility} if it is new."
    )


def _sent(upload: Upload) -> Uploaded:
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    if not sys.stderr.isatty():
        disable_progress_bars()
    return push(upload)


def _show(sent: Uploaded) -> None:
    for warning in sent.warnings:
        show(f"the hub says: {warning}")
    show(f"sent: {sent.url}")


def _told(upload: Upload, metadata: str, sent: Uploaded | None) -> Json:
    return {
        "folder": str(upload.folder),
        "repo": upload.repo,
        "hub": upload.hub,
        "visibility": upload.visibility,
        "files": [{"path": path, "bytes": size} for path, size in upload.files],
        "metadata": metadata,
        "sent": sent is not None,
        "url": sent.url if sent else None,
        "warnings": list(sent.warnings) if sent else [],
    }
