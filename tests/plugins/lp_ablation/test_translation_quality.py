"""Translation quality against the naive way: cut the model, call generate, score with sacreBLEU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lp_ablation.limits import limit
from lp_ablation.translation_quality import TranslationQuality
from lp_models.encoder import TokenizerEncoder
from lp_sacrebleu.evaluator import Bleu, Chrf, Ter
from sacrebleu.metrics import BLEU, CHRF, TER
from transformers import GenerationConfig, PreTrainedModel

from lp_runner.api import EncodedSegment, Hypotheses, Layer, Need, PromptSpec, Resamples, Score, Segment

PAIRS = [
    Segment("Muž vidí psa.", "Der Mann sieht einen Hund."),
    Segment("Žena čte knihu v parku.", "Die Frau liest ein Buch im Park."),
    Segment("Dítě si hraje s míčem.", "Ein Kind spielt mit dem Ball."),
    Segment("Pes vidí muže.", "Ein Hund sieht den Mann."),
]
PROMPT = PromptSpec("{source}\n", False, "Czech", "German")
DEFAULTS = {"metric": {"use": "chrf++", "with": {}}, "segments": 200, "against": "references"}
MORE = {"max_new_tokens": 12, "decimals": None, "bounds": True, "racing": None, "verify": 0, "batch_size": 3}
SINGLE = [frozenset({Layer(index)}) for index in range(5)]


@pytest.fixture
def encoded(context: Any, folder: Path) -> tuple[list[EncodedSegment], list[int]]:
    encoder = TokenizerEncoder()
    encoder.open(context, folder, PROMPT)
    return list(encoder.encode(PAIRS)), encoder.stop_ids()


@pytest.fixture
def model(
    tiny_translator: Callable[..., PreTrainedModel], tiny_tokenizer: Callable[..., Any]
) -> PreTrainedModel:
    return tiny_translator(len(tiny_tokenizer()))


@pytest.fixture
def folder(
    model: PreTrainedModel, model_folder: Callable[..., Path], tiny_tokenizer: Callable[..., Any]
) -> Path:
    with torch.no_grad():  # layer 3 does nothing
        model.model.layers[3].self_attn.o_proj.weight.zero_()
        model.model.layers[3].mlp.down_proj.weight.zero_()
    return model_folder(model, tiny_tokenizer())


def ask(
    context: Any,
    folder: Path,
    encoded: tuple[list[EncodedSegment], list[int]],
    sets: Sequence[Any],
    need: Need = "scores",
    **options: Any,
) -> list[Score]:
    metric = TranslationQuality(**{**DEFAULTS, **MORE, **options})
    metric.open(context, folder, *encoded)
    scores = {score.removed: score for score in metric.score(context, sets, need)}
    metric.close()
    return [scores[removed] for removed in sets]


def naive_texts(
    model: PreTrainedModel, tokenizer: Any, segments: Sequence[EncodedSegment], stops: list[int], limit: int
) -> list[str]:
    config = GenerationConfig(max_new_tokens=limit, do_sample=False, eos_token_id=stops, pad_token_id=0)
    texts = []
    for segment in segments:
        ids = model.generate(torch.tensor([segment.prompt_ids]), generation_config=config)[0]
        texts.append(tokenizer.decode(ids[len(segment.prompt_ids) :], skip_special_tokens=True).strip())
    return texts


def chrf(texts: list[str], references: list[str]) -> float:
    return CHRF(word_order=2).corpus_score(texts, [references]).score


@pytest.fixture
def naive(
    model: PreTrainedModel,
    cut_model: Callable[..., PreTrainedModel],
    tiny_tokenizer: Callable[..., Any],
    encoded: tuple[list[EncodedSegment], list[int]],
) -> Callable[..., list[str]]:
    def texts(*gone: int, limit: int = 12) -> list[str]:
        cut = cut_model(model, "llama", gone)
        return naive_texts(cut, tiny_tokenizer(), encoded[0], encoded[1], limit)

    return texts


def test_values_are_what_cutting_generating_and_scoring_one_by_one_gives(
    context: Any, folder: Path, encoded: Any, naive: Callable[..., list[str]]
) -> None:
    references = [pair.reference or "" for pair in PAIRS]
    unpruned = chrf(naive(), references)
    expected = [unpruned - chrf(naive(*gone), references) for gone in [(0,), (1,), (2,), (4,), (1, 2)]]
    sets = [*SINGLE[:3], SINGLE[4], frozenset({Layer(1), Layer(2)})]
    assert [score.value for score in ask(context, folder, encoded, sets)] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("evaluator", "corpus"),
    [
        (Chrf(lowercase=False, whitespace=False, beta=2), CHRF()),
        (Bleu(tokenize="13a", lowercase=False, smooth_method="exp", smooth_value=None), BLEU()),
        (Ter(normalized=False, no_punct=False, asian_support=False, case_sensitive=False), TER()),
    ],
    ids=["chrf", "bleu", "ter"],
)
def test_values_by_another_evaluator_are_what_it_gives_for_the_cut_models(
    evaluator: Any, corpus: Any, context: Any, folder: Path, encoded: Any, naive: Callable[..., list[str]]
) -> None:
    references = naive()  # so that words match, though the model is a random one
    segments = [replace(one, reference=text) for one, text in zip(encoded[0], references, strict=True)]

    def scored(*gone: int) -> float:
        return float(corpus.corpus_score(naive(*gone), [references]).score)

    context.metric = WithContext(evaluator)
    sign = -1 if isinstance(corpus, TER) else 1
    found = ask(context, folder, (segments, encoded[1]), SINGLE)
    expected = [scored(index) for index in range(5)]
    assert [score.raw for score in found] == pytest.approx(expected, abs=1e-9)
    assert [score.value for score in found] == pytest.approx([sign * (scored() - one) for one in expected])
    assert len({round(one, 6) for one in expected}) > 2


@dataclass(frozen=True)
class WithContext:
    """As the core hands an evaluator to a metric."""

    evaluator: Any

    def score(self, system: Hypotheses, resamples: Resamples | None = None) -> Any:
        return self.evaluator.score(None, system, resamples)

    def reach(self, system: Hypotheses, room: Sequence[int]) -> Any:
        return self.evaluator.reach(None, system, room) if hasattr(self.evaluator, "reach") else None


def test_against_unpruned_the_whole_models_texts_are_the_references(
    context: Any, folder: Path, encoded: Any, naive: Callable[..., list[str]]
) -> None:
    without = [EncodedSegment(each.source, None, each.prompt_ids, ()) for each in encoded[0]]
    found = ask(context, folder, (without, encoded[1]), SINGLE[1:2], against="unpruned")
    assert found[0].raw == pytest.approx(chrf(naive(1), naive()), abs=1e-9)
    assert found[0].value == pytest.approx(chrf(naive(), naive()) - chrf(naive(1), naive()), abs=1e-9)


@pytest.mark.parametrize("against", ["references", "unpruned"])
def test_a_layer_that_does_nothing_costs_nothing_and_no_other_costs_less_against_the_models_own_texts(
    against: str, context: Any, folder: Path, encoded: Any
) -> None:
    found = [score.value for score in ask(context, folder, encoded, SINGLE, against=against)]
    assert found[3] == 0
    if against == "unpruned":
        assert min(found[:3] + found[4:]) > 0


def test_an_evaluator_that_counts_down_still_calls_the_needed_layers_important(
    context: Any, folder: Path, encoded: Any
) -> None:
    upwards = [score.value for score in ask(context, folder, encoded, SINGLE)]
    context.metric.higher_is_better = False
    downwards = ask(context, folder, encoded, SINGLE)
    assert [score.value for score in downwards] == pytest.approx(upwards, abs=1e-9)


def test_scores_are_rounded_before_they_are_compared_and_raw_is_not(
    context: Any, folder: Path, encoded: Any
) -> None:
    plain, rounded = (
        ask(context, folder, encoded, SINGLE[1:2], decimals=decimals)[0] for decimals in (None, 0)
    )
    assert rounded.raw == plain.raw
    assert rounded.value == round(plain.value + (plain.raw or 0)) - round(plain.raw or 0)


def test_only_the_first_segments_are_translated(context: Any, folder: Path, encoded: Any) -> None:
    ask(context, folder, encoded, SINGLE[:1], segments=2)
    assert {system.sources for system in context.metric.systems} == {
        ("Muž vidí psa.", "Žena čte knihu v parku.")
    }


def test_each_score_comes_before_the_next_is_begun(context: Any, folder: Path, encoded: Any) -> None:
    metric = TranslationQuality(**DEFAULTS, **MORE)
    metric.open(context, folder, *encoded)
    scores = metric.score(context, SINGLE, "scores")
    first = next(scores)
    assert [system.system for system in context.metric.systems] == [
        "unpruned",
        f"without decoder.{min(first.removed).index}",
    ]


def test_a_segment_without_reference_is_named(context: Any, folder: Path, encoded: Any) -> None:
    segments = [*encoded[0], EncodedSegment("x", None, (1, 30), ())]
    with pytest.raises(ValueError, match="segment 5 has no reference"):
        ask(context, folder, (segments, encoded[1]), SINGLE[:1])


def test_the_automatic_limit_is_half_again_the_longest_target_and_eight() -> None:
    segments = [EncodedSegment("a", "b", (1,), (1,) * 7), EncodedSegment("a", "b", (1,), (1,) * 11)]
    assert limit("auto", segments, [segment.target_ids for segment in segments]) == 25


def test_the_papers_limit_is_three_times_the_mean_number_of_source_words() -> None:
    segments = [EncodedSegment("jeden dva", None, (), ()), EncodedSegment("a b c d e", None, (), ())]
    assert limit("paper", segments, []) == 10


def test_a_number_is_the_limit() -> None:
    assert limit(64, [], []) == 64


def test_without_references_the_limit_comes_from_what_the_unpruned_model_writes(
    context: Any, folder: Path, encoded: Any, naive: Callable[..., list[str]]
) -> None:
    found = ask(context, folder, encoded, SINGLE[1:2], against="unpruned", max_new_tokens="auto")
    prompts = max(len(segment.prompt_ids) for segment in encoded[0])
    first = -(-3 * prompts // 2) + 8
    texts = naive(limit=first)
    assert list(context.metric.systems[0].references) == texts
    assert found[0].raw == pytest.approx(chrf(list(context.metric.systems[-1].hypotheses), texts), abs=1e-9)


def least_important(scores: Sequence[Score]) -> Score:
    return min(scores, key=lambda score: (score.value, min(score.removed)))


@pytest.mark.parametrize("batch_size", [1, "auto"])
def test_bounds_leave_the_winner_as_it_is_and_are_never_above_the_true_importance(
    batch_size: int | str, context: Any, folder: Path, encoded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lp_models.joint.LOOK_EVERY", 1)
    monkeypatch.setattr("lp_models.joint.LOOK_BELOW", 2)
    options = {"max_new_tokens": 45, "batch_size": batch_size, "against": "unpruned"}
    exact = ask(context, folder, encoded, SINGLE, **options)
    context.metric.bounding = True
    found = ask(context, folder, encoded, SINGLE, need="winner", **options)
    winner = least_important(exact)
    assert least_important(found) == winner
    bounds = [(mine, true) for mine, true in zip(found, exact, strict=True) if mine.kind == "bound"]
    assert all(winner.value < mine.value <= true.value for mine, true in bounds)
    assert [mine for mine in found if mine.kind == "exact"] == [
        true for mine, true in zip(found, exact, strict=True) if mine.kind == "exact"
    ]
    assert bool(bounds) == (batch_size == "auto")


@pytest.mark.parametrize(("need", "bounds"), [("scores", True), ("winner", False)])
def test_every_score_is_exact_where_the_question_or_the_recipe_wants_it(
    need: Need, bounds: bool, context: Any, folder: Path, encoded: Any
) -> None:
    context.metric.bounding = True
    found = ask(context, folder, encoded, SINGLE, need=need, bounds=bounds, max_new_tokens=40)
    assert {score.kind for score in found} == {"exact"}


def test_candidates_are_translated_again_where_that_is_asked_for(
    context: Any, folder: Path, encoded: Any
) -> None:
    ask(context, folder, encoded, SINGLE, verify=2)
    checks = [fact for fact in context.facts if "verified" in fact]
    assert [(check["texts"], check["differing"]) for check in checks] == [(4, 0), (4, 0)]
    assert len({check["verified"] for check in checks}) == 2


def test_the_record_says_how_the_model_is_decoded_and_what_was_written(
    context: Any, folder: Path, encoded: Any
) -> None:
    ask(context, folder, encoded, SINGLE[:3])
    decoding, whole, *candidates = context.facts
    assert decoding == {"decoding": "all sets together"}
    assert [one["passes"] for one in (whole, *candidates)] == [4, 4, 4, 4]
    assert all(0 < one["tokens"] <= 4 * 12 for one in (whole, *candidates))


RACING = {"confidence": 0.95, "first_look": 30, "growth": 2, "replicates": 250}


def raced(context: Any, folder: Path, encoded: Any, **options: Any) -> list[Score]:
    many = (encoded[0] * 20, encoded[1])
    return ask(context, folder, many, SINGLE, against="unpruned", racing=RACING, **options)


def test_who_can_not_win_leaves_a_race_early_and_the_winner_is_the_same(
    context: Any, folder: Path, encoded: Any
) -> None:
    scores = raced(context, folder, encoded, need="winner")
    assert least_important(scores).removed == SINGLE[3]
    assert {score.kind for score in scores} == {"estimate"}
    assert scores[3].value == 0
    assert min(score.value for score in scores if score.removed != SINGLE[3]) > 0
    told = {"race": "over", "segments": 30, "translated": 150, "of": 400, "risk": 0.05}
    assert context.facts[-1] == told


def test_where_every_score_is_wanted_nobody_leaves(context: Any, folder: Path, encoded: Any) -> None:
    assert {score.kind for score in raced(context, folder, encoded, need="scores")} == {"exact"}


def test_a_metric_that_counts_errors_can_not_race(context: Any, folder: Path, encoded: Any) -> None:
    context.metric.higher_is_better = False
    with pytest.raises(ValueError, match="racing: chrf\\+\\+ counts errors"):
        raced(context, folder, encoded, need="winner")
