"""A corpus that can't be read, or must not be used so."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from tests.messages.case import RUN, SOMEWHERE, Case, Plant, data, nothing, written

JSONL = data("{use: jsonl, with: {path: dev.jsonl}}")
PACKED = (*RUN, "-o", "data.dev.with.path=dev.tsv.gz")
PAIR = {"source": "pes", "target": "Hund"}


def parquet(more: str = "") -> tuple[str, ...]:
    return data(f"{{use: parquet, with: {{path: dev.parquet{more}}}}}")


def datasets(options: str) -> tuple[str, ...]:
    return data(f"{{use: datasets, with: {{{options}}}}}")


def table(*rows: dict[str, Any]) -> Plant:
    """A Parquet file."""
    return lambda tiny: pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist(list(rows)), tiny / "dev.parquet"
    )


def saved(tiny: Path) -> None:
    """A data set with a single split."""
    from datasets import Dataset, DatasetDict

    DatasetDict({"train": Dataset.from_list([PAIR])}).save_to_disk(str(tiny / "saved"))


def scrambled(tiny: Path) -> None:
    """A gzip file that is damaged behind its header."""
    packed = bytearray(gzip.compress(b"pes\tHund\n", mtime=0))
    packed[10] = 0xFF
    (tiny / "dev.tsv.gz").write_bytes(packed)


CASES = (
    Case(
        "a corpus that isn't there",
        nothing,
        (*RUN, "-o", "data.dev.with.path=dew.tsv"),
        2,
        f"-o data.dev.with.path=dew.tsv: no such file: {{tiny}}/dew.tsv; did you mean dev.tsv?\n{SOMEWHERE}",
    ),
    Case("an empty corpus", written("dev.tsv", ""), RUN, 1, "tiny: read.tsv: {tiny}/dev.tsv: empty file\n"),
    Case(
        "a TSV of one column",
        written("dev.tsv", "pes vidí\n"),
        RUN,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:1: 1 column, but target is column 1, counted from 0; "
        "columns are separated by tabs\n",
    ),
    Case(
        "a corpus that isn't UTF-8",
        written("dev.tsv", b"pes\tH\xfcndin\n"),
        RUN,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:1: not UTF-8: byte 0xfc at byte 5 of the line\n",
    ),
    Case(
        "a segment without a text",
        written("dev.tsv", "pes\tHund\n\tKatze\n"),
        RUN,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:2: empty source; `empty: drop` leaves such segments out\n",
    ),
    Case(
        "a data set with another column",
        written("dev.jsonl", '{"cs": "pes", "de": "Hund"}\n'),
        data("{use: jsonl, with: {path: dev.jsonl, columns: {source: cz, target: de}}}"),
        1,
        "tiny: read.jsonl: {tiny}/dev.jsonl:1: no column 'cz'; there are cs, de\n",
    ),
    Case(
        "a table with another column",
        written("dev.tsv", "cs\tde\npes\tHund\n"),
        data("{use: tsv, with: {path: dev.tsv, header: true, columns: {source: cz, target: de}}}"),
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:1: no column 'cz' for source; there are cs, de\n",
    ),
    Case(
        "a test text that the search would see",
        written("dev.tsv", "dům\tHaus\n"),
        RUN,
        2,
        "tiny: data: 1 segment in both dev and test\n"
        "hint: make the corpora disjoint, or say data.overlap: allow\n",
    ),
    Case(
        "references that a metric needs and a corpus lacks",
        written("dev.jsonl", '{"source": "pes"}\n'),
        data("{use: jsonl, with: {path: dev.jsonl}}"),
        1,
        "tiny: read.jsonl: {tiny}/dev.jsonl:1: no column 'target'; there are source\n",
    ),
    Case(
        "a header alone",
        written("dev.tsv", "source\ttarget\n"),
        (*RUN, "-o", "data.dev.with.header=true"),
        1,
        "tiny: read.tsv: {tiny}/dev.tsv: no segments\n",
    ),
    Case(
        "a skip beyond the corpus",
        nothing,
        (*RUN, "-o", "data.dev.with.skip=1"),
        1,
        "tiny: read.tsv: {tiny}/dev.tsv: skip 1 leaves nothing of 1 segments\n",
    ),
    Case(
        "a column's name where no line names columns",
        nothing,
        data("{use: tsv, with: {path: dev.tsv, columns: {source: cs, target: de}}}"),
        1,
        "tiny: read.tsv: {tiny}/dev.tsv: columns.source is a name, 'cs', which needs `header: true`\n",
    ),
    Case(
        "a gzip file that was not copied whole",
        written("dev.tsv.gz", gzip.compress(b"pes\tHund\n")[:-4]),
        PACKED,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv.gz: not a whole gzip file: Compressed file ended before the "
        "end-of-stream marker "
        "was reached\n",
    ),
    Case(
        "a gzip file that is damaged",
        scrambled,
        PACKED,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv.gz: not a whole gzip file: Error -3 while decompressing data: "
        "invalid block type\n",
    ),
    Case(
        "a text whose translation has another number of lines",
        lambda tiny: (written("dev.cs", "pes\nkočka\n")(tiny), written("dev.de", "Hund\n")(tiny)),
        data("{use: parallel, with: {source: dev.cs, target: dev.de}}"),
        1,
        "tiny: read.parallel: {tiny}/dev.cs has 2 lines and {tiny}/dev.de has 1; each line must have its "
        "translation\n",
    ),
    Case(
        "a line that is no JSON",
        written("dev.jsonl", '{"source": "pes", "target": "Hu\n'),
        JSONL,
        1,
        "tiny: read.jsonl: {tiny}/dev.jsonl:1:29: not JSON: Unterminated string starting at\n",
    ),
    Case(
        "a line that is no JSON object",
        written("dev.jsonl", '["pes", "Hund"]\n'),
        JSONL,
        1,
        'tiny: read.jsonl: {tiny}/dev.jsonl:1: ["pes", "Hund"] is no JSON object\n',
    ),
    Case(
        "a column that holds a list",
        written("dev.jsonl", '{"source": ["pes"], "target": "Hund"}\n'),
        JSONL,
        1,
        'tiny: read.jsonl: {tiny}/dev.jsonl:1: source is ["pes"], not a text\n',
    ),
    Case(
        "a text that was cut within a letter",
        written("dev.jsonl", '{"source": "pes \\ud83d", "target": "Hund"}\n'),
        JSONL,
        1,
        "tiny: read.jsonl: {tiny}/dev.jsonl:1: source has half a letter, \\ud83d, which UTF-8 can't write\n",
    ),
    Case(
        "a table without rows", table(), parquet(), 1, "tiny: read.parquet: {tiny}/dev.parquet: no segments\n"
    ),
    Case(
        "a table of which nothing is left",
        table(PAIR),
        parquet(", skip: 1"),
        1,
        "tiny: read.parquet: {tiny}/dev.parquet: skip 1 leaves nothing of 1 segments\n",
    ),
    Case(
        "a table of other languages",
        table({**PAIR, "lang": "cs"}),
        parquet(", where: {lang: de}"),
        1,
        "tiny: read.parquet: {tiny}/dev.parquet: no row has lang: de\n",
    ),
    Case(
        "a column of numbers",
        table({**PAIR, "source": 3}),
        parquet(),
        1,
        "tiny: read.parquet: {tiny}/dev.parquet: column source holds int64, not text\n",
    ),
    Case(
        "a row without a text",
        table(PAIR, {**PAIR, "target": " "}, {**PAIR, "source": None}),
        parquet(),
        1,
        "tiny: read.parquet: {tiny}/dev.parquet: row 1, counted from 0, has an empty source or target "
        "(and 1 more); `empty: drop` leaves such segments out\n",
    ),
    Case(
        "a data set that is neither on the hub nor here",
        nothing,
        datasets(""),
        2,
        "tiny: -o data.dev={{use: datasets, with: {{}}}}: datasets: needs either `path`, a name on the hub, "
        "or `local`, a folder or file\n",
    ),
    Case(
        "a file in the place of a name on the hub",
        nothing,
        datasets("path: ./dev.tsv"),
        2,
        "tiny: -o data.dev={{use: datasets, with: {{path: ./dev.tsv}}}}: datasets: path: ./dev.tsv is no name "
        "on the hub; a folder or file belongs in `local`\n",
    ),
    Case(
        "a data set of the hub that can't be reached",
        nothing,
        datasets("path: nobody/nothing"),
        5,
        "tiny: read.datasets: nobody/nothing: Couldn't reach 'nobody/nothing' on the Hub "
        "(OfflineModeIsEnabled); "
        "check the name; log in with `hf auth login` where access must be granted; or download it and name "
        "the folder "
        "as `local`\nhint: its log is {tiny}/runs/tiny/logs/worker-1.log\n",
    ),
    Case(
        "a split that a data set doesn't have",
        saved,
        datasets("local: saved, split: dev"),
        1,
        "tiny: read.datasets: {tiny}/saved: no split 'dev'; there are train\n",
    ),
    Case(
        "a data set of a kind that can't be read",
        written("dev.txt", "pes\n"),
        datasets("local: dev.txt"),
        1,
        "tiny: read.datasets: {tiny}/dev.txt: neither a folder nor a file of .parquet, .json, .jsonl, "
        ".csv, .tsv, .arrow\n",
    ),
)
