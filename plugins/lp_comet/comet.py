"""Hypotheses → one COMET score for the system and one for each segment. Loaded once, asked any number of times."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from lp_comet.cache import ScoreCache, key_of
from lp_comet.folder import ModelFolder, opened
from lp_comet.model import Sample
from lp_comet.processes import Judge, judge
from lp_comet.references import with_references
from lp_runner.api import Context, Evaluation, Hypotheses, Resamples

SAVE_EVERY_S = 5.0
"""What a kill may cost of the scores of a long test set."""
DISTRIBUTIONS = {"comet": "unbabel-comet", "torch": "torch", "transformers": "transformers"}
"""Whose versions stand in a signature."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready on one device."""

    device: str
    folder: ModelFolder
    judge: Judge


class Comet:
    """`use: comet`."""

    def __init__(
        self,
        *,
        model: str,
        revision: str | None,
        precision: str,
        batch_size: int,
        processes: int,
        references: str | bool,
    ) -> None:
        """`model` is a folder or a checkpoint on this machine; with `revision` the core has found it."""
        self._model = model
        self._precision = precision
        self._batch_size = batch_size
        self._processes = processes
        self._references = references
        self._loaded: Loaded | None = None

    def score(
        self, context: Context, system: Hypotheses, resamples: Resamples | None
    ) -> Sequence[Evaluation]:
        """One evaluation, named for the model. Raises ValueError where it can't judge the input."""
        _check(system)
        loaded = self._load(context.device)
        can, there = loaded.judge.references, bool(system.references)
        refer = with_references(self._references, can, there, f"{system.system}: {loaded.folder.name}")
        signature = self._signature(loaded.folder, refer)
        segments = self._segments(context, _samples(system, refer), loaded, signature)
        return [
            Evaluation(
                metric=loaded.folder.name,
                value=sum(segments) / len(segments),
                signature=signature,
                segments=tuple(segments),
                replicates=_replicates(segments, resamples) if resamples else (),
            )
        ]

    def _load(self, device: str) -> Loaded:
        if self._loaded is None or self._loaded.device != device:
            folder = opened(self._model)
            self._loaded = Loaded(device, folder, judge(folder, device, self._precision, self._processes))
        return self._loaded

    def _signature(self, folder: ModelFolder, refer: bool) -> str:
        facts = {
            "model": folder.name,
            "revision": folder.revision,
            "references": "yes" if refer else "no",
            "precision": self._precision,
            **{name: version(it).partition("+")[0] for name, it in DISTRIBUTIONS.items()},
        }
        return "|".join(f"{name}:{fact}" for name, fact in facts.items())

    def _segments(
        self, context: Context, samples: Sequence[Sample], loaded: Loaded, signature: str
    ) -> list[float]:
        """One score per sample, in order; only those are computed that the cache lacks, and each once."""
        judged_by = {"signature": signature, "device": loaded.device.partition(":")[0]}
        keys = [key_of(judged_by, sample) for sample in samples]
        cache = ScoreCache(context.cache)
        scores = cache.get(list(dict.fromkeys(keys)))
        missing = {key: sample for key, sample in zip(keys, samples, strict=True) if key not in scores}
        scores |= self._compute(context, missing, loaded, cache)
        return [scores[key] for key in keys]

    def _compute(
        self, context: Context, missing: Mapping[bytes, Sample], loaded: Loaded, cache: ScoreCache
    ) -> dict[bytes, float]:
        """Whatever is known goes into the cache now and then, for a run that is killed."""
        batches = _batches(missing, self._batch_size)
        computed: dict[bytes, float] = {}
        unsaved: dict[bytes, float] = {}
        saved_at = time.monotonic()
        for number, scores in loaded.judge.scores([[missing[key] for key in batch] for batch in batches]):
            _check_numbers(scores, f"{loaded.folder.name} in {self._precision}")
            unsaved |= zip(batches[number], scores, strict=True)
            computed |= unsaved
            context.progress(len(computed), len(missing))
            if time.monotonic() - saved_at > SAVE_EVERY_S:
                cache.put(unsaved)
                unsaved, saved_at = {}, time.monotonic()
        cache.put(unsaved)
        return computed


def _check(system: Hypotheses) -> None:
    if not system.hypotheses:
        raise ValueError(f"{system.system}: no segment to score")


def _check_numbers(scores: Sequence[float], title: str) -> None:
    if not all(map(math.isfinite, scores)):
        raise ValueError(
            f"{title}: a score is no finite number; half precisions overflow where float32 doesn't"
        )


def _samples(system: Hypotheses, refer: bool) -> list[Sample]:
    columns = {"src": system.sources, "mt": system.hypotheses}
    if refer:
        columns["ref"] = system.references
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _batches(samples: Mapping[bytes, Sample], size: int) -> list[list[bytes]]:
    """In COMET's own order, by the length of the source, so that batches are those of CometModel.predict."""
    keys = list(samples)
    order = [keys[index] for index in np.argsort([len(sample["src"]) for sample in samples.values()])]
    return [order[start : start + size] for start in range(0, len(order), size)]


def _replicates(segments: Sequence[float], resamples: Resamples) -> tuple[float, ...]:
    """The mean of each resample."""
    scores, n = np.array(segments), len(segments)
    indices = np.random.default_rng(resamples.seed).choice(n, size=(resamples.count, n), replace=True)
    return tuple(scores[indices].mean(axis=1).tolist())  # (count, n) → (count,)
