"""Real files of every kind through the datasets library, and a hub that can't be reached."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet
import pytest
from lp_datasets.hub import Datasets
from lp_datasets.parquet import Parquet

from lp_runner.api import Segment

SOURCE_TARGET = {"source": "source", "target": "target"}
WHOLE: dict[str, Any] = {
    "columns": SOURCE_TARGET,
    "where": {},
    "shuffle": None,
    "skip": 0,
    "limit": None,
    "empty": "refuse",
}
NAMED: dict[str, Any] = {"path": None, "local": None, "name": None, "revision": None, "split": "train"}
ROWS = [{"source": f"s{row}", "target": f"t{row}"} for row in range(30)]


def parquet(path: Path, rows: list[dict[str, Any]], **options: Any) -> Parquet:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return Parquet(**{**WHOLE, "path": str(path), **options})


def local(path: Path, **options: Any) -> Datasets:
    return Datasets(**{**WHOLE, **NAMED, "local": str(path), **options})


def sources(reader: Any, context: Any) -> list[str]:
    return [segment.source for segment in reader.read(context)]


def refusal(reader: Any, context: Any) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        list(reader.read(context))
    return re.sub(r"\S*/", "", str(caught.value))


def test_a_parquet_file_is_read_in_its_order(tmp_path: Path, context: Any) -> None:
    assert list(parquet(tmp_path / "a.parquet", ROWS[:2]).read(context)) == [
        Segment("s0", "t0"),
        Segment("s1", "t1"),
    ]


def test_nested_columns_have_dotted_names(tmp_path: Path, context: Any) -> None:
    rows = [{"translation": {"cs": "Pes", "de": "Hund"}}]
    columns = {"source": "translation.cs", "target": "translation.de"}
    assert list(parquet(tmp_path / "a.parquet", rows, columns=columns).read(context)) == [
        Segment("Pes", "Hund")
    ]


def test_a_translation_feature_is_a_nested_column(tmp_path: Path, context: Any) -> None:
    features = datasets.Features({"translation": datasets.Translation(["cs", "de"])})
    rows = {"translation": [{"cs": "Pes", "de": "Hund"}]}
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(str(tmp_path / "saved"))
    columns = {"source": "translation.cs", "target": None}
    assert list(local(tmp_path / "saved", columns=columns).read(context)) == [Segment("Pes")]


def test_shuffle_skip_and_limit_are_those_of_the_paper(tmp_path: Path, context: Any) -> None:
    shuffled = datasets.Dataset.from_list(ROWS).shuffle(seed=0)["source"]
    reader = parquet(tmp_path / "a.parquet", ROWS, shuffle=0, skip=5, limit=10)
    assert sources(reader, context) == list(shuffled)[5:15]


def test_two_shuffles_are_those_of_a_shuffle_and_a_split(tmp_path: Path, context: Any) -> None:
    split = datasets.Dataset.from_list(ROWS).shuffle(seed=0).train_test_split(test_size=4, seed=0)
    held_out = parquet(tmp_path / "a.parquet", ROWS, shuffle=[0, 0], limit=4)
    rest = parquet(tmp_path / "b.parquet", ROWS, shuffle=[0, 0], skip=4)
    assert sources(held_out, context) == list(split["test"]["source"])
    assert sources(rest, context) == list(split["train"]["source"])


def test_where_chooses_rows_before_the_shuffle_as_a_filter_does(tmp_path: Path, context: Any) -> None:
    rows = [{**row, "lang": "cs" if place % 3 else "en", "n": place % 2} for place, row in enumerate(ROWS)]
    filtered = datasets.Dataset.from_list(rows).filter(lambda row: row["lang"] == "cs" and row["n"] == 1)
    reader = parquet(tmp_path / "a.parquet", rows, where={"lang": "cs", "n": 1}, shuffle=0, limit=5)
    assert sources(reader, context) == list(filtered.shuffle(seed=0)["source"])[:5]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"lang": "cs"}, "a.parquet: no column 'lang'; there are source, target"),
        ({"source": "nobody"}, "a.parquet: no row has source: nobody"),
    ],
)
def test_where_that_finds_nothing_says_so(
    where: dict[str, str], message: str, tmp_path: Path, context: Any
) -> None:
    assert refusal(parquet(tmp_path / "a.parquet", ROWS, where=where), context) == message


def test_a_dot_in_a_column_s_name_is_no_nesting(tmp_path: Path, context: Any) -> None:
    rows = [{"source_paragraphs": "Pes", "GPT4.1": "Hund"}]
    columns = {"source": "source_paragraphs", "target": "GPT4.1"}
    assert list(parquet(tmp_path / "a.parquet", rows, columns=columns).read(context)) == [
        Segment("Pes", "Hund")
    ]


def test_nulls_are_empty_segments_dropped_and_counted_on_request(tmp_path: Path, context: Any) -> None:
    rows = [*ROWS[:1], {"source": None, "target": "t"}]
    assert sources(parquet(tmp_path / "a.parquet", rows, empty="drop"), context) == ["s0"]
    assert context.facts == {"empty_segments_dropped": 1}


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([{"cs": "a", "t": {"de": "b"}}], {}, "a.parquet: no column 'source'; there are cs, t.de"),
        ([{"source": 3, "target": "b"}], {}, "a.parquet: column source holds int64, not text"),
        (ROWS[:1], {"skip": 1}, "a.parquet: skip 1 leaves nothing of 1 segments"),
        (
            [{"source": "a", "target": " "}],
            {},
            "a.parquet: row 0, counted from 0, has an empty source or target; `empty: drop` leaves such segments out",
        ),
    ],
)
def test_a_table_that_lacks_something_says_what_is_there(
    rows: list[dict[str, Any]], options: dict[str, Any], message: str, tmp_path: Path, context: Any
) -> None:
    assert refusal(parquet(tmp_path / "a.parquet", rows, **options), context) == message


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path, context: Any) -> None:
    (tmp_path / "a.parquet").write_text("source\ttarget\n")
    reader = Parquet(**{**WHOLE, "path": str(tmp_path / "a.parquet")})
    assert refusal(reader, context).startswith("a.parquet: Could not open Parquet input source")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_a_local_file_is_read_by_its_suffix(suffix: str, tmp_path: Path, context: Any) -> None:
    dataset, path = datasets.Dataset.from_list(ROWS[:2]), tmp_path / f"a{suffix}"
    write = {
        ".jsonl": lambda: dataset.to_json(path),
        ".csv": lambda: dataset.to_csv(path),
        ".tsv": lambda: dataset.to_csv(path, sep="\t"),
        ".parquet": lambda: dataset.to_parquet(path),
    }
    write[suffix]()
    assert sources(local(path), context) == ["s0", "s1"]


def test_a_folder_of_files_has_splits_by_their_names(tmp_path: Path, context: Any) -> None:
    for split, rows in (("train", ROWS[:2]), ("test", ROWS[2:4])):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert sources(local(tmp_path, split="test"), context) == ["s2", "s3"]


def test_a_saved_data_set_has_its_splits(tmp_path: Path, context: Any) -> None:
    splits = {"train": datasets.Dataset.from_list(ROWS[:2]), "dev": datasets.Dataset.from_list(ROWS[5:6])}
    datasets.DatasetDict(splits).save_to_disk(str(tmp_path / "saved"))
    assert sources(local(tmp_path / "saved", split="dev"), context) == ["s5"]
    assert (
        refusal(local(tmp_path / "saved", split="test"), context)
        == "saved: no split 'test'; there are train, dev"
    )


def test_the_cache_of_local_files_is_scratch(tmp_path: Path, context: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n")
    assert sources(local(path), context) == ["s0"]
    assert list(context.scratch.rglob("*.arrow"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.docx", "a.docx: neither a folder nor a file of .parquet, .json, .jsonl, .csv, .tsv, .arrow"),
        ("empty", "empty: The directory at empty doesn't contain any data files"),
        ("torn.jsonl", "torn.jsonl: "),
    ],
)
def test_local_data_that_can_not_be_read_is_named(
    name: str, message: str, tmp_path: Path, context: Any
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.jsonl").write_text('{"source": "a", "tar')
    assert refusal(local(tmp_path / name), context).startswith(message)


def hub(**options: Any) -> Datasets:
    return Datasets(**{**WHOLE, **NAMED, **options})


def test_a_hub_out_of_reach_is_an_error_of_the_environment_with_a_remedy(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(
        OSError, match=r"^nobody/nothing: .*; check the name; log in with `hf auth login`"
    ) as caught:
        list(hub(path="nobody/nothing").read(context))
    assert "`local`" in str(caught.value)


@pytest.mark.parametrize("options", [{}, {"path": "a/b", "local": "/a"}], ids=["neither", "both"])
def test_exactly_one_of_hub_and_local_is_wanted(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^needs either `path`, .* or `local`"):
        hub(**options)


def test_a_local_path_is_sent_to_its_option() -> None:
    with pytest.raises(
        ValueError, match=r"^path: ./corpus is no name on the hub; a folder or file belongs in `local`$"
    ):
        hub(path="./corpus")
