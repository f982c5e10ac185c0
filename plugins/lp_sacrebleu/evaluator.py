"""Hypotheses → BLEU, chrF, chrF++, TER. Options carry sacreBLEU's own names and mean what they mean there."""

from __future__ import annotations

from collections.abc import Sequence

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from lp_runner.api import Context, Evaluation, Hypotheses, Resamples
from lp_sacrebleu.measure import Measure

CHRF_WORD_ORDER = {"chrf": 0, "chrf++": 2}


class ReferenceMetrics:
    """An api.Evaluator of the measures it is made with."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = tuple(measures)

    def score(
        self, context: Context, system: Hypotheses, resamples: Resamples | None
    ) -> Sequence[Evaluation]:
        """One evaluation per measure. Raises ValueError without references, or on lists of unequal length."""
        self._check(system)
        return [
            measure.evaluate(system.hypotheses, system.references, resamples) for measure in self._measures
        ]

    def _check(self, system: Hypotheses) -> None:
        found, wanted = len(system.references), len(system.hypotheses)
        if not wanted:
            raise ValueError(f"{system.system}: no segment to score")
        if not found:
            names = ", ".join(measure.name for measure in self._measures)
            raise ValueError(f"{system.system}: {names} needs references, and the data has none")
        if found != wanted:
            raise ValueError(f"{system.system}: {wanted} hypotheses, but {found} references")


class SacreBleu(ReferenceMetrics):
    """`use: sacrebleu`."""

    def __init__(
        self, *, metrics: Sequence[str], tokenize: str, lowercase: bool, case_sensitive: bool
    ) -> None:
        made = {
            "bleu": lambda: bleu(tokenize=tokenize, lowercase=lowercase),
            "chrf": lambda: chrf("chrf", lowercase=lowercase),
            "chrf++": lambda: chrf("chrf++", lowercase=lowercase),
            "ter": lambda: ter(case_sensitive=case_sensitive),
        }
        super().__init__([made[name]() for name in metrics])


class Bleu(ReferenceMetrics):
    """`use: bleu`."""

    def __init__(
        self, *, tokenize: str, lowercase: bool, smooth_method: str, smooth_value: float | None
    ) -> None:
        super().__init__([bleu(tokenize, lowercase, smooth_method, smooth_value)])


class BoundedMetric(ReferenceMetrics):
    """An api.BoundingEvaluator of one measure that knows its bounds."""

    def reach(self, context: Context, system: Hypotheses, room: Sequence[int]) -> tuple[float, float]:
        """In points, as the scores. Raises ValueError as `score` does."""
        self._check(system)
        return self._measures[0].reach(system.hypotheses, system.references, room)


class Chrf(BoundedMetric):
    """`use: chrf`."""

    def __init__(self, *, lowercase: bool, whitespace: bool, beta: int) -> None:
        super().__init__([chrf("chrf", lowercase, whitespace, beta)])


class ChrfPlusPlus(BoundedMetric):
    """`use: chrf++`."""

    def __init__(self, *, lowercase: bool, whitespace: bool, beta: int) -> None:
        super().__init__([chrf("chrf++", lowercase, whitespace, beta)])


class Ter(ReferenceMetrics):
    """`use: ter`."""

    def __init__(
        self, *, normalized: bool, no_punct: bool, asian_support: bool, case_sensitive: bool
    ) -> None:
        super().__init__([ter(case_sensitive, normalized, no_punct, asian_support)])


def bleu(
    tokenize: str, lowercase: bool, smooth_method: str = "exp", smooth_value: float | None = None
) -> Measure:
    def metric(effective_order: bool) -> BLEU:
        return BLEU(
            tokenize=tokenize,
            lowercase=lowercase,
            smooth_method=smooth_method,
            smooth_value=smooth_value,
            effective_order=effective_order,
        )

    return Measure("bleu", metric(effective_order=False), metric(effective_order=True))


def chrf(name: str, lowercase: bool, whitespace: bool = False, beta: int = CHRF.BETA) -> Measure:
    word_order = CHRF_WORD_ORDER[name]
    metric = CHRF(word_order=word_order, lowercase=lowercase, whitespace=whitespace, beta=beta)
    return Measure(name, metric, metric)


def ter(
    case_sensitive: bool, normalized: bool = False, no_punct: bool = False, asian_support: bool = False
) -> Measure:
    metric = TER(
        normalized=normalized,
        no_punct=no_punct,
        asian_support=asian_support,
        case_sensitive=case_sensitive,
    )
    return Measure("ter", metric, metric, higher_is_better=False)
