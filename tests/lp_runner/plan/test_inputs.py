"""What the disk says: model folders, fingerprints."""

from __future__ import annotations

from pathlib import Path

import pytest

from lp_runner.errors import UsageError
from lp_runner.plan.inputs import Fingerprints, model_files


def test_a_folder_without_a_configuration_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"model.path: .* has no config.json"):
        model_files("m", tmp_path, Fingerprints(None))


def test_weights_and_tokenizer_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "tokenizer.json", "README.md"):
        (tmp_path / name).write_text("{}", "utf-8")
    before = model_files("m", tmp_path, Fingerprints(None))
    (tmp_path / "tokenizer.json").write_text("{1}", "utf-8")
    (tmp_path / "README.md").write_text("new", "utf-8")
    after = model_files("m", tmp_path, Fingerprints(None))

    assert before.weights == after.weights
    assert before.tokenizer != after.tokenizer


def test_a_fingerprint_is_of_content_and_not_of_place_or_time(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.tsv").write_text("text", "utf-8")
    prints = Fingerprints(None)

    assert prints.of(str(tmp_path / "a/x.tsv")) == prints.of(str(tmp_path / "b/x.tsv"))
    assert prints.of(str(tmp_path / "a")) == prints.of(str(tmp_path / "b"))


def test_a_file_is_hashed_once_in_the_life_of_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, memory = tmp_path / "x.tsv", tmp_path / "store/.fingerprints"
    memory.parent.mkdir()
    file.write_text("text", "utf-8")
    first = Fingerprints(memory).of(str(file))
    with memory.open("a", encoding="utf-8") as torn:
        torn.write('{"torn')
    monkeypatch.setattr("hashlib.file_digest", None)

    assert Fingerprints(memory).of(str(file)) == first


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        Fingerprints(None).of(str(tmp_path / "missing.tsv"))
