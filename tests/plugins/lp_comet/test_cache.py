"""Scores that outlive a run: found again, shared by processes, and never a reason to fail."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from lp_comet.cache import ScoreCache, key_of

SCORES = {bytes([number]) * 32: number / 7 for number in range(200)}

WRITER = """
import sys
from pathlib import Path
from lp_comet.cache import ScoreCache
cache, first = ScoreCache(Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + 150):
    cache.put({number.to_bytes(32, "big"): number / 7})
"""


def test_scores_come_back_to_the_last_bit(tmp_path: Path) -> None:
    ScoreCache(tmp_path).put(SCORES)
    assert ScoreCache(tmp_path).get([*SCORES, b"unknown"]) == SCORES


def test_more_keys_than_sqlite_takes_at_once_are_found(tmp_path: Path) -> None:
    many = {number.to_bytes(32, "big"): float(number) for number in range(2345)}
    cache = ScoreCache(tmp_path)
    cache.put(many)
    assert cache.get(list(many)) == many


def test_the_first_score_of_a_segment_stays(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    cache.put({b"key": 0.5})
    cache.put({b"key": 0.6})
    assert cache.get([b"key"]) == {b"key": 0.5}


def test_processes_may_write_at_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(first)]) for first in (0, 100, 200)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    keys = [number.to_bytes(32, "big") for number in range(350)]
    assert list(ScoreCache(tmp_path).get(keys).values()) == [number / 7 for number in range(350)]


@pytest.mark.parametrize("damage", ["garbage", "torn"])
def test_a_broken_database_is_set_aside_and_begun_anew(tmp_path: Path, damage: str) -> None:
    cache, path = ScoreCache(tmp_path), tmp_path / "scores.sqlite3"
    cache.put(SCORES)
    whole = path.read_bytes()
    broken = b"no database" * 500 if damage == "garbage" else whole[:4096] + b"\xff" * (len(whole) - 4096)
    path.write_bytes(broken)
    assert cache.get(list(SCORES)) == {}
    assert path.with_suffix(".broken").read_bytes() == broken
    cache.put(SCORES)
    assert cache.get(list(SCORES)) == SCORES


def test_a_database_that_another_has_begun_anew_is_not_set_aside(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    cache.put(SCORES)
    cache._set_aside()
    assert cache.get(list(SCORES)) == SCORES


def test_without_a_usable_database_work_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scores.sqlite3").mkdir()
    cache = ScoreCache(tmp_path)
    cache.put({b"key": 0.5})
    assert cache.get([b"key"]) == {}
    assert "going on without this cache: unable to open database file" in capsys.readouterr().err


def test_a_locked_database_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lp_comet.cache.PATIENCE_S", 0.1)
    cache = ScoreCache(tmp_path)
    cache.put({b"key": 0.5})
    other = sqlite3.connect(tmp_path / "scores.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert cache.get([b"key"]) == {}
    other.execute("COMMIT")
    assert cache.get([b"key"]) == {b"key": 0.5}


def test_a_key_tells_apart_who_judges_what() -> None:
    judge = {"signature": "model:m|precision:float32", "device": "cpu"}
    sample = {"src": "a", "mt": "b", "ref": "c"}
    others = [
        ({**judge, "device": "cuda"}, sample),
        ({**judge, "signature": "model:m|precision:float16"}, sample),
        (judge, {"src": "a", "mt": "b"}),
        (judge, {**sample, "ref": ""}),
        (judge, {**sample, "mt": "bc", "ref": ""}),
        (judge, {"src": "b", "mt": "a", "ref": "c"}),
    ]
    keys = {key_of(judge, sample), *(key_of(*other) for other in others)}
    assert len(keys) == 7
    assert key_of(judge, dict(reversed(sample.items()))) == key_of(judge, sample)
