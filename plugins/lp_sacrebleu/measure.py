"""A sacreBLEU metric and two lists of texts → one Evaluation, from one pass over the segments.

sacreBLEU keeps its segment statistics behind underscored names; this is the only file that touches them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sacrebleu.metrics.base import Metric

from lp_runner.api import Evaluation, Resamples

LOG = logging.getLogger("sacrebleu")
SegmentStatistics = list[list[float]]
"""A row per segment; rows add up to the statistics of a corpus."""
SEGMENTS_KEPT = 2**15
"""Whose statistics are not counted again: a search's candidates write many of the same texts, and a race looks again and again."""
TOKENISED = 100
"""Hypotheses that end in a full stop apart, from which on sacreBLEU takes a text for one that was not put together."""


class Measure:
    """One metric under the name that a recipe knows it by."""

    def __init__(self, name: str, corpus: Metric, sentence: Metric, higher_is_better: bool = True) -> None:
        """`sentence` judges one segment by the same statistics; for BLEU with effective order, as sacreBLEU advises."""
        self.name, self.higher_is_better = name, higher_is_better
        self._corpus, self._sentence = corpus, sentence
        self._row = lru_cache(SEGMENTS_KEPT)(self._count)

    def evaluate(
        self, hypotheses: Sequence[str], references: Sequence[str], resamples: Resamples | None
    ) -> Evaluation:
        """Value and replicates equal sacreBLEU's corpus_score and bootstrap, segments its sentence_score."""
        rows = self._rows(hypotheses, references)
        return Evaluation(
            metric=self.name,
            value=float(self._corpus._aggregate_and_compute(rows).score),
            signature=str(self._corpus.get_signature()),
            segments=tuple(_score(self._sentence, row) for row in rows),
            replicates=tuple(_replicates(self._corpus, rows, resamples)) if resamples else (),
            higher_is_better=self.higher_is_better,
        )

    def reach(
        self, hypotheses: Sequence[str], references: Sequence[str], room: Sequence[int]
    ) -> tuple[float, float]:
        """For chrF and chrF++: the lowest and highest score when each text gets up to `room` characters more.

        A character begins one more n-gram of each order at most. At best it is one that the reference has and the
        text lacks, until none is left; at worst all of them match nothing. An order without any n-gram yet may stay
        out of sacreBLEU's average, which is no better than all of it matched.
        """
        rows = np.array(self._rows(hypotheses, references))
        written, wanted, matched = rows[:, 0::3], rows[:, 1::3], rows[:, 2::3]  # each (segments, orders)
        growth = 2 if getattr(self._corpus, "lowercase", False) else 1  # İ in lower case is two characters
        more = growth * np.array(room)[:, None]
        unopened = (written.sum(0) == 0) & more.any()
        missing = np.where(unopened, wanted, np.minimum(wanted - matched, more))
        return (
            _from_columns(self._corpus, written + more, wanted, matched),
            _from_columns(self._corpus, written + missing, wanted, matched + missing),
        )

    def _rows(self, hypotheses: Sequence[str], references: Sequence[str]) -> SegmentStatistics:
        """sacreBLEU's own warning counts within one call, and its calls are of one segment here."""
        if not self._corpus._force and sum(text.endswith(" .") for text in hypotheses) >= TOKENISED:
            LOG.warning("%d hypotheses end in ' .': are they tokenised?", TOKENISED)
        return [list(self._row(*pair)) for pair in zip(hypotheses, references, strict=True)]

    def _count(self, hypothesis: str, reference: str) -> tuple[float, ...]:
        (row,) = self._corpus._extract_corpus_statistics([hypothesis], [[reference]])
        return tuple(row)


def _from_columns(metric: Metric, *columns: Any) -> float:
    """Columns of chrF's statistics, which stand side by side for each order of n-grams."""
    return _score(metric, np.stack(columns, axis=-1).sum(0).flatten().tolist())


def _replicates(metric: Metric, rows: SegmentStatistics, resamples: Resamples) -> Iterator[float]:
    """As sacrebleu.significance does it, float32 sums included, without its (count, n, statistics) copy."""
    table = np.array(rows, dtype="float32")  # (n, statistics)
    n = len(table)
    indices = np.random.default_rng(resamples.seed).choice(n, size=(resamples.count, n), replace=True)
    for chosen in indices:
        yield _score(metric, table[chosen].sum(0))


def _score(metric: Metric, statistics: Any) -> float:
    return float(metric._compute_score_from_stats(statistics).score)
