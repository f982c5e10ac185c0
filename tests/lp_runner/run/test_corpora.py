"""Train, dev and test are kept apart by what they say, not by how it is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lp_runner.errors import UsageError
from lp_runner.plan import Step
from lp_runner.run.corpora import compare

Compare = Callable[..., dict[str, Any]]


@pytest.fixture
def compared(tmp_path: Path) -> Compare:
    """Splits as lists of source texts → the facts; the training segments kept stand in `out/`."""

    def run(overlap: str, **splits: list[str]) -> dict[str, Any]:
        for split, sources in splits.items():
            (tmp_path / split).mkdir()
            rows = (json.dumps({"source": source, "reference": "r"}) for source in sources)
            (tmp_path / split / "segments.jsonl").write_text("".join(f"{row}\n" for row in rows))
        (tmp_path / "out").mkdir()
        step = Step("corpora", "corpora", "", {}, {"overlap": overlap}, {split: split for split in splits})
        work: Any = SimpleNamespace(made=lambda source: tmp_path / source)
        return compare(step, work, tmp_path / "out")

    return run


def kept(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "out" / "segments.jsonl").read_text().splitlines()
    return [json.loads(line)["source"] for line in lines]


def test_disjoint_corpora_stay_as_they_are(compared: Compare, tmp_path: Path) -> None:
    facts = compared("refuse", train=["a", "b"], dev=["c"], test=["d"])
    assert facts == {
        "segments": {"train": 2, "dev": 1, "test": 1},
        "overlaps": {},
        "dropped_from_train": 0,
    }
    assert kept(tmp_path) == ["a", "b"]


def test_tested_text_is_dropped_from_train_and_counted(compared: Compare, tmp_path: Path) -> None:
    facts = compared("drop-from-train", train=["a", "b", "c", "a"], dev=["b"], test=["a", "a"])
    assert facts["overlaps"] == {"train-dev": 1, "train-test": 2}
    assert facts["dropped_from_train"] == 3
    assert facts["segments"]["train"] == 1
    assert kept(tmp_path) == ["c"]


@pytest.mark.parametrize("written", ["ein HUND", "  ein\tHund ", "ein Ｈund"])
def test_case_spacing_and_unicode_form_make_no_other_text(compared: Compare, written: str) -> None:
    facts = compared("drop-from-train", train=["ein Hund"], dev=["x"], test=[written])
    assert facts["dropped_from_train"] == 1


def test_a_search_corpus_of_its_own_is_tested_text_too(compared: Compare, tmp_path: Path) -> None:
    compared("drop-from-train", train=["a", "b"], dev=["x"], search=["b"], test=["y"])
    assert kept(tmp_path) == ["a"]


def test_the_search_may_see_dev(compared: Compare) -> None:
    assert compared("refuse", train=["a"], dev=["b"], search=["b"], test=["c"])["overlaps"] == {}


@pytest.mark.parametrize("split", ["dev", "search"])
def test_test_text_that_the_search_sees_is_refused_whatever_is_dropped_from_train(
    compared: Compare, split: str
) -> None:
    splits = {"train": ["a"], "dev": ["b"], "search": ["c"], "test": ["t", "u"]}
    splits[split] = ["t"]
    with pytest.raises(UsageError, match=rf"^data: 1 segment in both {split} and test"):
        compared("drop-from-train", **splits)


def test_refuse_refuses_what_train_shares_with_dev(compared: Compare) -> None:
    with pytest.raises(UsageError, match=r"^data: 2 segments in both train and dev"):
        compared("refuse", train=["a", "b"], dev=["a", "b"], test=["t"])


def test_every_overlap_is_named_at_once(compared: Compare) -> None:
    with pytest.raises(UsageError, match=r"1 segment in both train and test, 1 segment in both dev and test"):
        compared("refuse", train=["t"], dev=["t", "d"], test=["t"])


def test_allow_keeps_everything_and_counts_it(compared: Compare, tmp_path: Path) -> None:
    facts = compared("allow", train=["a"], dev=["a"], test=["a"])
    assert facts["overlaps"] == {"train-dev": 1, "train-test": 1, "dev-test": 1}
    assert facts["dropped_from_train"] == 0
    assert kept(tmp_path) == ["a"]


def test_without_a_training_corpus_there_is_nothing_to_drop(compared: Compare, tmp_path: Path) -> None:
    assert compared("drop-from-train", dev=["a"], test=["b"])["dropped_from_train"] == 0
    assert kept(tmp_path) == []
