"""A data set of the Hugging Face Hub, or of local files → segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import datasets
from datasets import Dataset
from datasets.exceptions import DatasetsError

from lp_datasets.local import load_local
from lp_datasets.selection import Selection
from lp_runner.api import Context, Segment

REMEDY = (
    "check the name; log in with `hf auth login` where access must be granted; "
    "or download it and name the folder as `local`"
)


class Datasets:
    """`use: datasets`; an api.CorpusReader. Nothing is streamed: a data set is read whole or not at all."""

    def __init__(
        self,
        *,
        path: str | None,
        local: str | None,
        name: str | None,
        revision: str | None,
        split: str,
        columns: Mapping[str, str | None],
        where: Mapping[str, str | int | bool],
        shuffle: int | list[int] | None,
        skip: int,
        limit: int | None,
        empty: Literal["refuse", "drop"],
    ) -> None:
        if (path is None) == (local is None):
            raise ValueError("needs either `path`, a name on the hub, or `local`, a folder or file")
        if path is not None and path.startswith(("/", ".", "~")):
            raise ValueError(f"path: {path} is no name on the hub; a folder or file belongs in `local`")
        self._path = path
        self._local = local
        self._name = name
        self._revision = revision
        self._split = split
        self._selection = Selection.of(columns, where, shuffle, skip, limit, empty)

    def read(self, context: Context) -> Iterator[Segment]:
        """Raises ValueError where the data lacks what the options name, OSError where it can't be had."""
        datasets.disable_progress_bars()
        if self._local is not None:
            dataset = load_local(Path(self._local), self._name, self._split, context.scratch)
        else:
            dataset = self._from_hub()
        return self._selection.choose(context, f"{self._local or self._path} ({self._split})", dataset)

    def _from_hub(self) -> Dataset:
        try:
            return datasets.load_dataset(
                self._path, self._name, revision=self._revision, split=self._split, streaming=False
            )
        except OSError as error:
            raise OSError(f"{self._path}: {_first_line(error)}; {REMEDY}") from error
        except (ValueError, RuntimeError, DatasetsError) as error:
            raise ValueError(f"{self._path}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
