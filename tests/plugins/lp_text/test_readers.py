"""Text files, as users have them, become segments; what isn't a segment is named by file and line."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import datasets
import pytest
from lp_text.jsonl import HALF, JsonLines
from lp_text.parallel import Parallel
from lp_text.tsv import Tsv

from lp_runner.api import Segment
from lp_runner.worker.formats import read_segments, write_segments
from tests.hostile import HOSTILE

WHOLE: dict[str, Any] = {"shuffle": None, "skip": 0, "limit": None, "empty": "refuse"}
SOURCE_TARGET = {"source": "source", "target": "target"}


def written(path: Path, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def tsv(path: str, **options: Any) -> Tsv:
    return Tsv(**{**WHOLE, "path": path, "columns": {"source": 0, "target": 1}, "header": False, **options})


def jsonl(path: str, **options: Any) -> JsonLines:
    return JsonLines(**{**WHOLE, "path": path, "columns": SOURCE_TARGET, **options})


def numbered(path: Path, count: int) -> str:
    return written(path, "".join(f"s{row}\tt{row}\n" for row in range(count)))


def sources(reader: Any, context: Any) -> list[str]:
    return [segment.source for segment in reader.read(context)]


def refusal(reader: Any, context: Any) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        list(reader.read(context))
    return re.sub(r"\S*/", "", str(caught.value))


def test_tabs_separate_and_quotes_are_text(tmp_path: Path, context: Any) -> None:
    path = written(tmp_path / "a.tsv", 'Řekl "ano"\tEr sagte "ja"\tmore\n"Pes\tHund\n')
    assert list(tsv(path).read(context)) == [Segment('Řekl "ano"', 'Er sagte "ja"'), Segment('"Pes', "Hund")]


def test_a_header_names_the_columns(tmp_path: Path, context: Any) -> None:
    path = written(tmp_path / "a.tsv", "id\tde\tcs\n1\tHund\tPes\n")
    columns = {"source": "cs", "target": "de"}
    assert list(tsv(path, header=True, columns=columns).read(context)) == [Segment("Pes", "Hund")]


def test_a_target_of_null_gives_no_references(tmp_path: Path, context: Any) -> None:
    path = written(tmp_path / "a.tsv", "Pes\nKočka\n")
    columns = {"source": 0, "target": None}
    assert list(tsv(path, columns=columns).read(context)) == [Segment("Pes"), Segment("Kočka")]


def test_only_line_ends_and_a_byte_order_mark_are_taken_off(tmp_path: Path, context: Any) -> None:
    path = written(tmp_path / "a.tsv", "\ufeff e\u0301\tHund \r\nA\x0bB\tC\u2028D\n")
    assert list(tsv(path).read(context)) == [Segment(" e\u0301", "Hund "), Segment("A\x0bB", "C\u2028D")]


def test_a_gzip_file_is_unpacked(tmp_path: Path, context: Any) -> None:
    assert sources(tsv(numbered(tmp_path / "a.tsv.gz", 2)), context) == ["s0", "s1"]


def test_skip_and_limit_take_a_piece(tmp_path: Path, context: Any) -> None:
    assert sources(tsv(numbered(tmp_path / "a.tsv", 9), skip=3, limit=2), context) == ["s3", "s4"]


def test_a_shuffle_has_the_order_of_the_datasets_library(tmp_path: Path, context: Any) -> None:
    expected = datasets.Dataset.from_dict({"s": [f"s{row}" for row in range(50)]}).shuffle(seed=7)["s"]
    assert sources(tsv(numbered(tmp_path / "a.tsv", 50), shuffle=7), context) == list(expected)


def test_pieces_of_one_shuffle_are_disjoint_and_whole(tmp_path: Path, context: Any) -> None:
    path = numbered(tmp_path / "a.tsv", 50)
    head = sources(tsv(path, shuffle=0, limit=20), context)
    tail = sources(tsv(path, shuffle=0, skip=20), context)
    assert sorted(head + tail) == sorted(f"s{row}" for row in range(50))


def test_empty_segments_are_dropped_and_counted_where_the_recipe_says_so(
    tmp_path: Path, context: Any
) -> None:
    path = written(tmp_path / "a.tsv", "a\tb\n \tb\nc\t\nd\te\n")
    assert sources(tsv(path, empty="drop", limit=3), context) == ["a"]
    assert context.facts == {"empty_segments_dropped": 2}


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "a.tsv: empty file"),
        ("cs\tde\n", {"header": True}, "a.tsv: no segments"),
        ("a\tb\n", {"skip": 4}, "a.tsv: skip 4 leaves nothing of 1 segments"),
        (
            "a\tb\nonly one\n",
            {},
            "a.tsv:2: 1 column, but target is column 1, counted from 0; columns are separated by tabs",
        ),
        (
            "a\tb\n\n",
            {},
            "a.tsv:2: 1 column, but target is column 1, counted from 0; columns are separated by tabs",
        ),
        (
            "a\tb\n",
            {"columns": {"source": 2, "target": 0}},
            "a.tsv:1: 2 columns, but source is column 2, counted from 0",
        ),
        (
            "cs\tde\na\tb\n",
            {"header": True, "columns": {"source": "cz", "target": "de"}},
            "a.tsv:1: no column 'cz' for source; there are cs, de",
        ),
        (
            "cs\tde\na\tb\n",
            {"columns": {"source": "cs", "target": "de"}},
            "a.tsv: columns.source is a name, 'cs', which needs `header: true`",
        ),
        (b"a\tb\nc\xe8\td\n", {}, "a.tsv:2: not UTF-8: byte 0xe8 at byte 1 of the line"),
        (
            "a\tb\n\tc\nd\t\n",
            {},
            "a.tsv:2: empty source (and 1 more); `empty: drop` leaves such segments out",
        ),
    ],
)
def test_what_is_no_segment_is_named_by_file_and_line(
    content: str | bytes, options: dict[str, Any], message: str, tmp_path: Path, context: Any
) -> None:
    assert refusal(tsv(written(tmp_path / "a.tsv", content), **options), context) == message


def test_a_file_that_is_not_there_is_named(tmp_path: Path, context: Any) -> None:
    assert refusal(tsv(str(tmp_path / "a.tsv")), context) == "a.tsv: No such file or directory"


def test_a_torn_gzip_file_is_refused(tmp_path: Path, context: Any) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tb\n" * 1000)[:-12])
    assert refusal(tsv(str(path)), context).startswith("a.tsv.gz: not a whole gzip file: ")


def test_json_objects_may_be_nested(tmp_path: Path, context: Any) -> None:
    path = written(tmp_path / "a.jsonl", '{"translation": {"cs": "Pes\\tštěká", "de": "Hund"}}\n')
    columns = {"source": "translation.cs", "target": "translation.de"}
    assert list(jsonl(path, columns=columns).read(context)) == [Segment("Pes\tštěká", "Hund")]


def test_hostile_texts_come_out_as_they_went_in(tmp_path: Path, context: Any) -> None:
    whole = [text for text in HOSTILE.values() if not HALF.search(text)]
    lines = (json.dumps({"source": text, "target": text}) for text in whole)
    found = jsonl(written(tmp_path / "a.jsonl", "\n".join(lines))).read(context)
    write_segments(tmp_path / "made.jsonl", found)
    assert list(read_segments(tmp_path / "made.jsonl")) == [Segment(text, text) for text in whole]


def test_a_name_with_a_dot_is_a_name_first(tmp_path: Path, context: Any) -> None:
    path = written(tmp_path / "a.jsonl", '{"a.b": "Pes", "target": "Hund"}\n')
    assert sources(jsonl(path, columns={"source": "a.b", "target": None}), context) == ["Pes"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"cs": "a", "t": {"de": "b"}}',
            "a.jsonl:2: no column 'source'; there are cs, t.de",
        ),
        ('{"source": 3, "target": "b"}', "a.jsonl:2: source is 3, not a text"),
        ('{"source": null, "target": "b"}', "a.jsonl:2: source is null, not a text"),
        (
            '{"source": "a", "target": "b\\ud83d"}',
            "a.jsonl:2: target has half a letter, \\ud83d, which UTF-8 can't write",
        ),
        ("[1]", "a.jsonl:2: [1] is no JSON object"),
        ("", "a.jsonl:2:1: not JSON: Expecting value"),
    ],
)
def test_a_line_that_lacks_a_text_says_what_is_there(
    line: str, message: str, tmp_path: Path, context: Any
) -> None:
    path = written(tmp_path / "a.jsonl", '{"source": "a", "target": "b"}\n' + line + "\n")
    assert refusal(jsonl(path), context) == message


def parallel(tmp_path: Path, source: str, target: str) -> Parallel:
    paths = {"source": written(tmp_path / "a.cs", source), "target": written(tmp_path / "a.de", target)}
    return Parallel(**{**WHOLE, **paths})


def test_parallel_files_pair_line_by_line(tmp_path: Path, context: Any) -> None:
    reader = parallel(tmp_path, "Pes\nKočka\n", "Hund\nKatze")
    assert list(reader.read(context)) == [Segment("Pes", "Hund"), Segment("Kočka", "Katze")]


def test_parallel_files_of_unequal_length_are_refused_with_both(tmp_path: Path, context: Any) -> None:
    message = refusal(parallel(tmp_path, "a\nb\n", "c\n"), context)
    assert message == "a.cs has 2 lines and a.de has 1; each line must have its translation"
