"""Removal sets → how much worse the model translates without them, by an evaluator of the recipe's choice.

The model is loaded once; a set's layers are skipped, not cut out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lp_models.batching import recorded_by
from lp_models.decoders import OneByOne, decoder_for
from lp_models.flight import Draft, Task
from lp_models.joint import Hopeless, Translated
from lp_models.loading import load
from lp_models.memory import rows_for
from lp_models.texts import decode, load_tokenizer, longest_token

from lp_ablation.contest import Contest, steady
from lp_ablation.limits import limit
from lp_ablation.race import Racing, race
from lp_runner.api import (
    Context,
    EncodedSegment,
    Evaluation,
    Hypotheses,
    Need,
    Removal,
    Resamples,
    Score,
    ScoreKind,
)

NOTHING: Removal = frozenset()
EVERYTHING = slice(None)


class TranslationQuality:
    """Value: the unpruned model's score less the score without the set, so that higher is more important
    whichever way the evaluator counts; in the evaluator's points. Raw: the pruned model's score as the evaluator gave it.

    Moslem et al. 2025 (arXiv 2510.22763), with chrF++.
    """

    def __init__(
        self,
        *,
        metric: Mapping[str, Any],
        segments: int,
        against: str,
        max_new_tokens: int | str,
        decimals: int | None,
        bounds: bool,
        racing: Mapping[str, Any] | None,
        verify: int,
        batch_size: int | str,
    ) -> None:
        self._metric = metric
        self._count = segments
        self._against = against
        self._max_new_tokens = max_new_tokens
        self._decimals = decimals
        self._bounds = bounds
        self._racing = Racing(**racing) if racing else None
        self._checked = verify
        self._batch_size = batch_size

    def open(
        self, context: Context, model: Path, segments: Sequence[EncodedSegment], stop_ids: Sequence[int]
    ) -> None:
        """Translates once with the whole model. Raises ValueError without segments or references to score."""
        self._segments = segments[: self._count]
        _refuse(self._segments, self._against)
        self._stop_ids = frozenset(stop_ids)
        self._tokenizer = load_tokenizer(model)
        self._longest_token = longest_token(self._tokenizer)
        self._model = load(model, context.device, context.dtype)
        self._decoder, decoding = decoder_for(self._model, self._batch_size, recorded_by(context))
        context.record(decoding=decoding)
        if self._against == "unpruned":
            self._compare_with_unpruned(context)
        else:
            self._compare_with_references(context)
        if self._racing and not self._unpruned.higher_is_better:
            raise ValueError(
                f"racing: {self._unpruned.metric} counts errors; race by a metric that counts upwards"
            )

    def score(self, context: Context, sets: Sequence[Removal], need: Need) -> Iterator[Score]:
        """All sets of a question together. Where no more is needed than the winner, a set that can't be it gets a bound,
        or in a race an estimate.
        """
        if self._racing and need == "winner" and len(sets) > 1:
            yield from self._race(context, sets, self._racing)
            return
        contest = Contest(lambda number, drafts: self._reach(context, sets[number], drafts), self._rounded)
        bounded = need == "winner" and self._bounds and self._unpruned.higher_is_better
        found: dict[int, list[list[int]]] = {}
        for number, ids in self._translations(context, sets, contest.hopeless if bounded else _nobody):
            found[number] = ids
            context.progress(len(found) + len(contest.lost), len(sets), _name(sets[number]))
            score = self._evaluate(context, sets[number], ids).value
            contest.finished(score)
            yield self._score(sets[number], score, "exact")
            yield from self._bounded(sets, contest)
        yield from self._bounded(sets, contest)
        self._verify(context, sets, found)

    def _bounded(self, sets: Sequence[Removal], contest: Contest) -> Iterator[Score]:
        """Of those that lost since the last time."""
        for number, highest in contest.newly_lost():
            yield self._score(sets[number], highest, "bound")

    def _race(self, context: Context, sets: Sequence[Removal], racing: Racing) -> Iterator[Score]:
        """Losers' values lie above the winner's by as much as they were behind when they left."""
        written: dict[int, list[list[int]]] = {number: [] for number in range(len(sets))}

        def translate(numbers: Sequence[int], part: slice) -> None:
            chosen = [sets[number] for number in numbers]
            for place, ids in self._translations(context, chosen, _nobody, part):
                written[numbers[place]] += ids

        def judge(number: int, first: int) -> Evaluation:
            context.progress(number, len(sets), f"{first} segments")
            return self._judge(context, sets[number], decode(self._tokenizer, written[number]), racing)

        everything = len(self._segments)
        end = race(racing, len(sets), everything, translate, judge)
        told = {"segments": end.seen, "translated": end.translated, "of": len(sets) * everything}
        context.record(race="over", **told, risk=round(1 - racing.confidence, 6))
        unpruned = self._judge(context, NOTHING, self._unpruned_texts[: end.seen], racing)
        stayed = [
            self._score(sets[number], one.value, "estimate", unpruned) for number, one in end.stayed.items()
        ]
        yield from stayed
        winner = min(score.value for score in stayed)
        for number, (gap, raw) in end.left.items():
            yield Score(sets[number], winner + gap, raw, "estimate")
        self._verify(context, sets, {number: written[number] for number in end.stayed}, slice(end.seen))

    def _judge(self, context: Context, removed: Removal, texts: Sequence[str], racing: Racing) -> Evaluation:
        """On the first segments, with replicates."""
        resamples = Resamples(racing.replicates, context.seed)
        return context.evaluator("metric").score(self._system(removed, tuple(texts)), resamples)[0]

    def close(self) -> None:
        del self._model, self._decoder

    def _compare_with_references(self, context: Context) -> None:
        self._references = tuple(segment.reference or "" for segment in self._segments)
        targets = [segment.target_ids for segment in self._segments]
        self._limit = limit(self._max_new_tokens, self._segments, targets)
        self._look_at_whole(context, self._whole(context))

    def _compare_with_unpruned(self, context: Context) -> None:
        prompts = [segment.prompt_ids for segment in self._segments]
        self._limit = limit(self._max_new_tokens, self._segments, prompts)
        ids = self._whole(context)
        self._references = tuple(decode(self._tokenizer, ids))
        self._limit = limit(self._max_new_tokens, self._segments, ids)
        self._look_at_whole(context, ids)

    def _look_at_whole(self, context: Context, ids: Sequence[Sequence[int]]) -> None:
        self._unpruned_texts = decode(self._tokenizer, ids)
        self._unpruned = self._evaluate(context, NOTHING, ids)

    def _whole(self, context: Context) -> list[list[int]]:
        """What the unpruned model writes."""
        [(_, ids)] = self._translations(context, [NOTHING], _nobody)
        return ids

    def _translations(
        self, context: Context, sets: Sequence[Removal], hopeless: Hopeless, part: slice = EVERYTHING
    ) -> Iterator[Translated]:
        """And a record of what was written, of each set that is translated to the end."""
        for number, ids in self._decoder.translate(self._task(part), sets, hopeless):
            context.record(passes=len(ids), tokens=sum(map(len, ids)))
            yield number, ids

    def _task(self, part: slice = EVERYTHING) -> Task:
        prompts = [segment.prompt_ids for segment in self._segments[part]]
        return Task(prompts, [self._limit] * len(prompts), self._stop_ids)

    def _evaluate(self, context: Context, removed: Removal, ids: Sequence[Sequence[int]]) -> Evaluation:
        system = self._system(removed, tuple(decode(self._tokenizer, ids)))
        return context.evaluator("metric").score(system)[0]

    def _reach(
        self, context: Context, removed: Removal, drafts: Sequence[Draft]
    ) -> tuple[float, float] | None:
        texts = decode(self._tokenizer, [draft.ids for draft in drafts])
        kept = [text if draft.whole else steady(text) for text, draft in zip(texts, drafts, strict=True)]
        room = [
            0 if draft.whole else len(text) - len(left) + (self._limit - len(draft.ids)) * self._longest_token
            for text, left, draft in zip(texts, kept, drafts, strict=True)
        ]
        return context.evaluator("metric").reach(self._system(removed, tuple(kept)), room)

    def _system(self, removed: Removal, texts: tuple[str, ...]) -> Hypotheses:
        """Of all segments, or the first ones."""
        sources = tuple(segment.source for segment in self._segments[: len(texts)])
        return Hypotheses(_name(removed), sources, texts, self._references[: len(texts)])

    def _score(
        self, removed: Removal, raw: float, kind: ScoreKind, unpruned: Evaluation | None = None
    ) -> Score:
        whole = unpruned or self._unpruned
        lost = self._rounded(whole.value) - self._rounded(raw)
        return Score(removed, lost if whole.higher_is_better else -lost, raw, kind)

    def _rounded(self, score: float) -> float:
        return score if self._decimals is None else round(score, self._decimals)

    def _verify(
        self,
        context: Context,
        sets: Sequence[Removal],
        found: Mapping[int, list[list[int]]],
        part: slice = EVERYTHING,
    ) -> None:
        """Some sets once more, one at a time by the stock model's forward pass, and how many texts differ."""
        draw = random.Random(f"{context.seed} {sorted(map(_name, sets))}")  # noqa: S311
        picked = draw.sample(sorted(found), min(self._checked, len(found)))
        plain = OneByOne(self._model, rows_for(self._batch_size, context.device), recorded_by(context))
        for number in picked:
            again = next(ids for _, ids in plain.translate(self._task(part), [sets[number]], _nobody))
            differing = sum(ours != theirs for ours, theirs in zip(found[number], again, strict=True))
            context.record(verified=_name(sets[number]), texts=len(again), differing=differing)


def _nobody(partial: object) -> set[int]:
    return set()


def _refuse(segments: Sequence[EncodedSegment], against: str) -> None:
    if not segments:
        raise ValueError("translation-quality has no segments to translate")
    without = [number for number, segment in enumerate(segments, 1) if segment.reference is None]
    if against == "references" and without:
        raise ValueError(f"segment {without[0]} has no reference; `against: unpruned` needs none")


def _name(removed: Removal) -> str:
    return "without " + " ".join(map(str, sorted(removed))) if removed else "unpruned"
