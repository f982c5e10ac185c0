"""A text file → its lines, each with its number. UTF-8, plain or gzip by suffix; no other byte is touched."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

BYTE_ORDER_MARK = "\ufeff"


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines from 1, without their ends (LF or CR LF) and without a byte order mark.

    Raises ValueError where the file can't be read, has no byte, or isn't UTF-8 (with the line).
    """
    number = 0
    with _opened(path) as stream:
        try:
            for number, line in enumerate(stream, start=1):
                yield number, _decoded(line, path, number)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: not a whole gzip file: {error}") from error
    if not number:
        raise ValueError(f"{path}: empty file")


def _opened(path: Path) -> BufferedIOBase:
    try:
        return gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ValueError(f"{path}: {error.strerror}") from error


def _decoded(line: bytes, path: Path, number: int) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = line[error.start : error.end].hex()
        raise ValueError(
            f"{path}:{number}: not UTF-8: byte 0x{shown} at byte {error.start} of the line"
        ) from error
    return text.removesuffix("\n").removesuffix("\r").removeprefix(BYTE_ORDER_MARK if number == 1 else "")
