"""Every number is sacreBLEU's own, to the last bit."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from lp_sacrebleu.evaluator import Bleu, Chrf, ChrfPlusPlus, SacreBleu, Ter
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.metrics.base import Metric
from sacrebleu.significance import _bootstrap_resample

from lp_runner.api import Evaluation, Hypotheses, Resamples

NOWHERE: Any = None
"""These evaluators want nothing of their context."""
WORDS = [
    "der",
    "Hund",
    "die",
    "Katze",
    "sieht",
    "ein",
    "Haus,",
    "klein",
    "groß",
    "(und)",
    "rot.",
    "gehen",
    "läuft",
    "nicht",
    "3",
    "Bäume",
    "!",
    "Straße",
]


def random_system(seed: int, count: int = 60) -> Hypotheses:
    """References of random words, and hypotheses that have lost or changed a third of them."""
    dice = random.Random(seed)  # noqa: S311
    references = [" ".join(dice.choices(WORDS, k=dice.randint(1, 14))) for _ in range(count)]
    hypotheses = [" ".join(changed(word, dice) for word in line.split()) for line in references]
    hypotheses[3], references[7] = "", ""
    return Hypotheses("24 layers", tuple(references), tuple(hypotheses), tuple(references))


def changed(word: str, dice: random.Random) -> str:
    return dice.choice(WORDS) if dice.random() < 0.3 else word


def evaluated(evaluator: Any, system: Hypotheses, resamples: Resamples | None = None) -> Evaluation:
    (evaluation,) = evaluator.score(NOWHERE, system, resamples)
    return evaluation  # type: ignore[no-any-return]


def bleu(**options: Any) -> Bleu:
    defaults = {"tokenize": "13a", "lowercase": False, "smooth_method": "exp", "smooth_value": None}
    return Bleu(**{**defaults, **options})


def chrf(made: Callable[..., Any], **options: Any) -> Any:
    return made(**{"lowercase": False, "whitespace": False, "beta": 2, **options})


def ter(**options: bool) -> Ter:
    defaults = {"normalized": False, "no_punct": False, "asian_support": False, "case_sensitive": False}
    return Ter(**{**defaults, **options})


PAIRS: list[tuple[str, Any, Callable[[], Metric]]] = [
    ("bleu", bleu(), BLEU),
    ("bleu, lower case, intl", bleu(lowercase=True, tokenize="intl"), lambda: BLEU(lowercase=True, tokenize="intl")),
    ("bleu, add-k", bleu(smooth_method="add-k"), lambda: BLEU(smooth_method="add-k")),
    ("bleu, floor", bleu(smooth_method="floor", smooth_value=0.2), lambda: BLEU(smooth_method="floor", smooth_value=0.2)),
    ("chrf", chrf(Chrf), CHRF),
    ("chrf++", chrf(ChrfPlusPlus), lambda: CHRF(word_order=2)),
    ("chrf++, spaces, beta 3", chrf(ChrfPlusPlus, whitespace=True, beta=3), lambda: CHRF(word_order=2, whitespace=True, beta=3)),
    ("ter", ter(), TER),
    ("ter, case", ter(case_sensitive=True, no_punct=True), lambda: TER(case_sensitive=True, no_punct=True)),
]  # fmt: skip
each_metric = pytest.mark.parametrize(
    ("ours", "theirs"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_metric
def test_the_value_and_its_signature_are_those_of_corpus_score(
    ours: Any, theirs: Callable[[], Metric]
) -> None:
    system, metric = random_system(1), theirs()
    found = evaluated(ours, system)
    assert found.value == metric.corpus_score(system.hypotheses, [system.references]).score
    assert found.signature == str(metric.get_signature())


@each_metric
def test_the_replicates_are_those_of_the_bootstrap(
    ours: Any, theirs: Callable[[], Metric], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", "12345")
    system, metric = random_system(2), theirs()
    rows = metric._extract_corpus_statistics(system.hypotheses, [system.references])
    _, scores = _bootstrap_resample(rows, metric, 1000)
    assert evaluated(ours, system, Resamples(1000, 12345)).replicates == tuple(
        score.score for score in scores
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(bleu(), BLEU(effective_order=True)), (chrf(ChrfPlusPlus), CHRF(word_order=2)), (ter(), TER())],
    ids=["bleu with effective order", "chrf++", "ter"],
)
def test_segments_are_those_of_sentence_score(ours: Any, theirs: Metric) -> None:
    system = random_system(3)
    pairs = zip(system.hypotheses, system.references, strict=True)
    expected = tuple(theirs.sentence_score(hypothesis, [reference]).score for hypothesis, reference in pairs)
    assert evaluated(ours, system).segments == expected


def test_several_metrics_come_in_the_order_asked_for() -> None:
    evaluator = SacreBleu(
        metrics=["ter", "chrf++", "bleu"], tokenize="13a", lowercase=False, case_sensitive=False
    )
    found = evaluator.score(NOWHERE, random_system(4), None)
    assert [(one.metric, one.higher_is_better) for one in found] == [
        ("ter", False),
        ("chrf++", True),
        ("bleu", True),
    ]


def test_a_known_example_keeps_its_scores() -> None:
    system = Hypotheses("s", ("x",), ("der Hund sieht eine Katze",), ("der Hund sieht die Katze",))
    assert round(evaluated(chrf(ChrfPlusPlus), system).value, 2) == 71.06
    assert evaluated(ter(), system).value == 20.0


def test_without_resamples_there_are_no_replicates() -> None:
    assert evaluated(bleu(), random_system(5)).replicates == ()


def test_without_references_it_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match=r"^unpruned: bleu needs references, and the data has none$"):
        bleu().score(NOWHERE, Hypotheses("unpruned", ("a",), ("b",), ()), None)


def test_lists_of_unequal_length_are_refused_with_their_lengths() -> None:
    with pytest.raises(ValueError, match=r"^unpruned: 2 hypotheses, but 1 references$"):
        bleu().score(NOWHERE, Hypotheses("unpruned", ("a", "b"), ("a", "b"), ("a",)), None)


def test_no_segment_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no segment to score"):
        bleu().score(NOWHERE, Hypotheses("unpruned", (), (), ()), None)


def test_scoring_imports_no_torch() -> None:
    program = "import sys, lp_sacrebleu.evaluator; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("make", [Chrf, ChrfPlusPlus])
@pytest.mark.parametrize(
    "options", [{"lowercase": False, "whitespace": False}, {"lowercase": True, "whitespace": True}]
)
def test_whatever_texts_go_on_to_say_their_score_lies_between_the_bounds(make: Any, options: Any) -> None:
    evaluator = make(**options, beta=2)
    draw = random.Random(3)  # noqa: S311
    for _ in range(60):
        whole = [[draw.choice(WORDS) for _ in range(draw.randint(1, 14))] for _ in range(5)]
        references = tuple(
            " ".join(draw.choice([word, draw.choice(WORDS)]) for word in words) for words in whole
        )
        begun = tuple(" ".join(words[: draw.randint(0, len(words))]) for words in whole)
        texts = tuple(" ".join(words) for words in whole)
        room = [len(text) - len(start) for text, start in zip(texts, begun, strict=True)]
        sources = ("",) * 5
        low, high = evaluator.reach(NOWHERE, Hypotheses("a", sources, begun, references), room)
        value = evaluator.score(NOWHERE, Hypotheses("a", sources, texts, references), None)[0].value
        assert low <= value <= high


@pytest.mark.parametrize(
    ("begun", "whole", "references"),
    [
        (["他们来了"], ["他们来了又走了"], ["他们今天来了又走了"] * 17 + ["他 们", "来 了"]),
        (["Der"], ["Der Hund"], ["Der Hund läuft im Park."] * 100),
    ],
)
def test_orders_of_n_grams_that_no_text_has_yet_are_bounded_too(
    begun: list[str], whole: list[str], references: list[str]
) -> None:
    """The last text is open; the others are what they are."""
    evaluator = ChrfPlusPlus(lowercase=False, whitespace=False, beta=2)
    others = [begun[0]] * (len(references) - 1)
    sources = ("",) * len(references)
    room = [0] * len(others) + [100]
    now, then = (Hypotheses("a", sources, (*others, *texts), tuple(references)) for texts in (begun, whole))
    low, high = evaluator.reach(NOWHERE, now, room)
    assert low <= evaluator.score(NOWHERE, then, None)[0].value <= high


def test_the_bounds_of_whole_texts_are_their_score() -> None:
    evaluator = ChrfPlusPlus(lowercase=False, whitespace=False, beta=2)
    system = Hypotheses("a", ("", ""), ("der Hund läuft", "ein Haus"), ("der Hund geht", "ein rotes Haus"))
    value = evaluator.score(NOWHERE, system, None)[0].value
    assert evaluator.reach(NOWHERE, system, [0, 0]) == pytest.approx((value, value), abs=1e-12)


def test_at_best_the_rest_of_the_reference_follows_and_at_worst_nothing_of_it() -> None:
    evaluator = Chrf(lowercase=False, whitespace=False, beta=2)
    begun = Hypotheses("a", ("",), ("der Hund",), ("der Hund läuft",))
    low, high = evaluator.reach(NOWHERE, begun, [6])
    worst = Hypotheses("a", ("",), ("der Hund zzzzzz",), ("der Hund läuft",))
    assert high == pytest.approx(100)
    assert low == pytest.approx(evaluator.score(NOWHERE, worst, None)[0].value)
    assert low < 60


@pytest.mark.parametrize(("count", "warned"), [(99, False), (100, True)])
def test_a_text_that_was_not_put_together_is_warned_of_as_sacrebleu_does(
    count: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    texts = ("der Hund sieht .",) * count
    bleu().score(NOWHERE, Hypotheses("a", texts, texts, texts), None)
    assert ("are they tokenised?" in caplog.text) == warned
