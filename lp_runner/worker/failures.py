"""An exception in a worker → what kind of failure the core is told of. Knows torch's exceptions by name only."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from lp_runner.worker.protocol import Failure, FailureKind

_LONGEST_MESSAGE = 1000
_OUT_OF_MEMORY = ("OutOfMemoryError", "NoMemoryError")
_OUT_OF_MEMORY_WORDS = ("can't allocate memory", "out of memory")


class CallFailed(RuntimeError):
    """The core's answer to a call was an error."""

    def __init__(self, call: int, message: str) -> None:
        super().__init__(message)
        self.call = call


def failure_of(request_id: int, error: BaseException) -> Failure:
    """ValueError: bad input. MemoryError and torch's: memory. OSError, ImportError: the environment. Else a crash."""
    lines = "".join(traceback.format_exception(error))
    call = next((each.call for each in _causes(error) if isinstance(each, CallFailed)), None)
    return Failure(request_id, _kind(error), _message(error), lines[-20 * _LONGEST_MESSAGE :], call)


def _kind(error: BaseException) -> FailureKind:
    if _ran_out_of_memory(error):
        return "memory"
    if isinstance(error, ValueError):
        return "value"
    return "environment" if isinstance(error, OSError | ImportError) else "crash"


def _ran_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in _OUT_OF_MEMORY:
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY_WORDS)


def _message(error: BaseException) -> str:
    text = " ".join(str(error).split())[:_LONGEST_MESSAGE]
    if isinstance(error, MemoryError):
        return text or "out of memory"
    if isinstance(error, ValueError | OSError | ImportError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
