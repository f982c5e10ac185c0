"""Which folders count as COMET models, and what they are told apart by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lp_comet.folder import opened


def write_model(
    folder: Path, hparams: str = "class_identifier: unified_metric", weights: str = "weights"
) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "hparams.yaml").write_text(hparams)
    (folder / "checkpoints" / "model.ckpt").write_text(weights)
    return folder


def test_a_snapshot_of_the_hub_has_the_models_name_and_its_commit(tmp_path: Path) -> None:
    commit = "2760a223ac957f30acfb18c8aa649b01cf1d75f2"
    folder = write_model(tmp_path / "models--Unbabel--wmt22-comet-da" / "snapshots" / commit)
    found = opened(str(folder))
    assert (found.name, found.revision) == ("wmt22-comet-da", commit)


def test_a_local_model_has_its_folders_name_and_its_contents_digest(tmp_path: Path) -> None:
    found = opened(str(write_model(tmp_path / "mine")))
    assert (found.name, found.revision) == ("mine", "5a72130687e934d8cc84cba379927f347e9c68a3")


def test_a_checkpoint_may_be_named_instead_of_its_folder(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "mine")
    assert opened(str(folder / "checkpoints" / "model.ckpt")) == opened(str(folder))


@pytest.mark.parametrize("changed", ["hparams.yaml", "checkpoints/model.ckpt", "encoder/vocab.txt"])
def test_all_that_decides_a_score_changes_the_revision(tmp_path: Path, changed: str) -> None:
    folder = write_model(tmp_path / "mine", "{class_identifier: unified_metric, pretrained_model: encoder}")
    (folder / "encoder").mkdir()
    (folder / "encoder" / "vocab.txt").write_text("der\n")
    before = opened(str(folder)).revision
    (folder / "README.md").write_text("says nothing")
    assert opened(str(folder)).revision == before
    with (folder / changed).open("a") as file:
        file.write(" \n")
    assert opened(str(folder)).revision != before


def test_what_a_folder_lacks_is_told(tmp_path: Path) -> None:
    told = f"{tmp_path}: no COMET model: it lacks hparams.yaml and checkpoints/model.ckpt"
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        opened(str(tmp_path))


@pytest.mark.parametrize(
    ("hparams", "complaint"),
    [
        ("!!python/object/apply:os.system ['true']", "not plain YAML: could not determine a constructor"),
        ("class_identifier: !!python/name:os.system", "not plain YAML: could not determine a constructor"),
        ("class_identifier: [", "not plain YAML: while parsing .* line 1, column 20"),
        ("encoder_model: BERT", "no COMET model: class_identifier is missing$"),
        ("unified_metric", "no COMET model: class_identifier is missing$"),
    ],
)
def test_settings_that_are_not_plain_are_refused(tmp_path: Path, hparams: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=rf"^{tmp_path}/mine/hparams\.yaml: {complaint}"):
        opened(str(write_model(tmp_path / "mine", hparams)))
