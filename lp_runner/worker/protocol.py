"""Messages ↔ lines of JSON: what the core and a worker say to each other. Large payloads go as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Literal

from lp_runner.api import Json

MAX_LINE_BYTES = 16 * 2**20

Do = Literal["make", "do", "drop", "stop"]
FailureKind = Literal["value", "memory", "environment", "crash"]


class ProtocolError(Exception):
    """A line that isn't a message, or is too long to be one."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The worker's first words."""

    api: int
    """The contract's version that it was made for."""
    python: str
    """"3.11.9"."""
    pid: int


@dataclass(frozen=True, slots=True)
class Request:
    """Core → worker; answered by one Result or Failure. May come while the worker waits for an Answer."""

    id: int
    do: Do
    instance: str = ""
    kind: str = ""
    """"make": "importance", "prune", …"""
    implementation: str = ""
    """"make": "module:attribute"."""
    options: Mapping[str, Json] = field(default_factory=dict)
    method: str = ""
    """"do": of the kind's adapter."""
    arguments: Mapping[str, Json] = field(default_factory=dict)
    surroundings: Mapping[str, Json] = field(default_factory=dict)
    """seed, device, dtype, scratch, cache."""


@dataclass(frozen=True, slots=True)
class Progress:
    id: int
    done: int
    total: int
    """0 where it isn't known."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    id: int
    facts: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a result, as soon as it is known."""

    id: int
    item: Json


@dataclass(frozen=True, slots=True)
class Result:
    id: int
    result: Json
    seconds: float
    """From the request's arrival to its result."""
    waiting_s: float
    """Of those, spent waiting for the core's answers."""
    peak_memory_bytes: int
    """The process's resident memory at its highest during the request."""
    device_peak_bytes: int | None
    """Allocated by torch on its accelerators at the highest; None where none is in use."""


@dataclass(frozen=True, slots=True)
class Failure:
    id: int
    kind: FailureKind
    message: str
    """One line."""
    traceback: str
    call: int | None = None
    """The call whose failing answer was the cause."""


@dataclass(frozen=True, slots=True)
class Call:
    """Worker → core while a request is open; answered by one Answer."""

    id: int
    """The request's."""
    call: int
    name: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Answer:
    call: int
    result: Json = None
    error: str | None = None


Message = Hello | Request | Progress | Record | Item | Result | Failure | Call | Answer

_KINDS: Mapping[str, type[Message]] = MappingProxyType(
    {
        kind.__name__.lower(): kind
        for kind in (Hello, Request, Progress, Record, Item, Result, Failure, Call, Answer)
    }
)


def encode(message: Message) -> bytes:
    """One line with its end. Raises ProtocolError if it is too long, TypeError on what JSON can't hold."""
    content = {entry.name: getattr(message, entry.name) for entry in fields(message)}
    content["type"] = type(message).__name__.lower()
    line = json.dumps(content, separators=(",", ":"), default=_plain).encode() + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise ProtocolError(_too_long(len(line)))
    return line


def decode(line: bytes) -> Message:
    """Raises ProtocolError on anything but a message."""
    try:
        content = json.loads(line)
        return _KINDS[content.pop("type")](**content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProtocolError(f"not a message: {line[:200]!r}") from None


class Lines:
    """Chunks of bytes in, complete lines out."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Lines without their ends. Raises ProtocolError on one that is too long."""
        self._pending += chunk
        lines: list[bytes] = []
        if b"\n" in chunk:
            *whole, rest = bytes(self._pending).split(b"\n")
            lines, self._pending = whole, bytearray(rest)
        longest = max(map(len, (*lines, self._pending)))
        if longest >= MAX_LINE_BYTES:
            raise ProtocolError(_too_long(longest))
        return lines


def _plain(value: object) -> Json:
    """Other mappings become objects; numbers of numpy and torch know how to become Python's."""
    if isinstance(value, Mapping):
        return dict(value)
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"JSON can't hold a {type(value).__name__}")
    return item()


def _too_long(size: int) -> str:
    return f"a message of {size} bytes is longer than {MAX_LINE_BYTES}; large payloads go as files"
