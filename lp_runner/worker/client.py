"""The core's side of a worker: start it, ask it, stop it, explain its death."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NoReturn, Self, TypeVar

from lp_runner.api import API_VERSION, Json
from lp_runner.errors import EnvironmentFailed, Interrupted, LpError, RunFailed, UsageError
from lp_runner.worker.death import OutOfMemory, explain, tail_hint
from lp_runner.worker.process import MOST_LOG_BYTES, Ended, Flooded, Overdue, Process, default_environment
from lp_runner.worker.protocol import (
    Answer,
    Call,
    Failure,
    Hello,
    Item,
    Message,
    Progress,
    ProtocolError,
    Record,
    Request,
    Result,
)

_EMPTY: Mapping[str, Json] = MappingProxyType({})

OnEvent = Callable[[Progress | Record], None]
OnCall = Callable[[str, Mapping[str, Json]], Json]
"""A call's name and arguments → its answer. An LpError or other exception is told to the strategy as a RuntimeError."""
OnItem = Callable[[Json], None]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reply:
    """A request's result and what it took in the worker."""

    result: Json
    seconds: float
    """The worker's wall time from the request's arrival to its result."""
    waiting_s: float
    """Of those, spent waiting for answers to its calls."""
    peak_memory_bytes: int
    """The worker's resident memory at its highest during the request."""
    device_peak_bytes: int | None
    """Allocated by torch on its accelerators at the highest; None where none is in use."""


@dataclass(slots=True)
class _Open:
    """One open request."""

    on_event: OnEvent
    on_call: OnCall
    on_item: OnItem
    failed_calls: dict[int, Exception] = field(default_factory=dict)


class Worker:
    """One worker process. Used from one thread at a time; `do` may be called inside an `on_call` of itself."""

    def __init__(self, process: Process, log: Path, log_start: int, python: str) -> None:
        self._process = process
        self._log = log
        self._log_start = log_start
        self._python = python
        self._instances: set[str] = set()
        self._open: dict[int, _Open] = {}
        self._last_id = 0

    @classmethod
    def start(
        cls,
        python: str = sys.executable,
        *,
        log_path: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        should_stop: Callable[[], None] = lambda: None,
        timeout_s: float = 120,
    ) -> Self:
        """Start a worker and hear that it is ready.

        Args:
            log_path: gets what it and its libraries print; appended to.
            environment: all its variables (default_environment() by default, tokens included).
            folder: what the worker's relative paths are relative to; this process's own by default.
            should_stop: asked ten times a second whenever the core waits; raises where wait and worker are to end.
        Raises EnvironmentFailed if it doesn't come up or speaks another version of the contract.
        """
        log_start = log_path.stat().st_size if log_path.exists() else 0
        variables = default_environment() if environment is None else environment
        worker = cls(Process(python, log_path, variables, should_stop, folder), log_path, log_start, python)
        worker._greet(timeout_s)
        return worker

    @property
    def alive(self) -> bool:
        return self._process.alive

    @property
    def pid(self) -> int:
        return self._process.pid

    def hosts(self, instance: str) -> bool:
        """Whether it holds this strategy now."""
        return instance in self._instances and self.alive

    def make(self, instance: str, kind: str, implementation: str, options: Mapping[str, Json]) -> Reply:
        """Import "module:attribute" and make the strategy with its options as keywords.

        Raises UsageError, in the strategy's own words, where it refuses its options; otherwise as `do`.
        """
        request = Request(
            self._next_id(), "make", instance, kind=kind, implementation=implementation, options=options
        )
        reply = self._ask(request, _Open(_ignore, partial(_refuse, instance), _ignore))
        self._instances.add(instance)
        return reply

    def do(
        self,
        instance: str,
        method: str,
        arguments: Mapping[str, Json] = _EMPTY,
        surroundings: Mapping[str, Json] = _EMPTY,
        *,
        on_event: OnEvent | None = None,
        on_call: OnCall | None = None,
        on_item: OnItem | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """Have a strategy do something.

        Raises:
            RunFailed: bad input, a bug in the strategy, a death or a timeout of the worker.
            OutOfMemory: host or device memory (an EnvironmentFailed).
            EnvironmentFailed: any other OSError or ImportError in the worker.
            Whatever `should_stop` raised; the worker is gone.
            Whatever `on_call` raised, if that is what the strategy failed of.
        """
        request = Request(
            self._next_id(), "do", instance, method=method, arguments=arguments, surroundings=surroundings
        )
        handlers = _Open(on_event or _ignore, on_call or partial(_refuse, instance), on_item or _ignore)
        return self._ask(request, handlers, timeout_s)

    def drop(self, instance: str) -> None:
        """Forget the strategy, and give back the device memory that it leaves."""
        self._instances.discard(instance)
        handlers = _Open(_ignore, partial(_refuse, instance), _ignore)
        self._ask(Request(self._next_id(), "drop", instance), handlers)

    def stop(self) -> None:
        """Let it end in order; after five seconds by force. Harmless on a dead one."""
        self._instances.clear()
        try:
            if not self._process.closed:
                self._process.send(Request(self._next_id(), "stop"))
                self._process.wait()
        except Ended:
            return
        finally:
            self._process.kill()

    def kill(self) -> None:
        """End it and whatever it has started, at once."""
        self._instances.clear()
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop() if error is None else self.kill()

    def _greet(self, timeout_s: float) -> None:
        try:
            hello = self._guarded(self._python, self._process.receive, timeout_s)
        except RunFailed as error:
            raise EnvironmentFailed(error.message, error.hint) from None
        if isinstance(hello, Hello) and hello.api == API_VERSION:
            return
        self.kill()
        theirs = hello.api if isinstance(hello, Hello) else "none"
        raise EnvironmentFailed(
            f"{self._python}: its lp_runner speaks version {theirs} of the contract, this one {API_VERSION}"
        )

    def _ask(self, request: Request, handlers: _Open, timeout_s: float | None = None) -> Reply:
        if self._process.closed:
            raise RunFailed(
                f"{request.instance}: its worker has been ended already", f"its log is {self._log}"
            )
        self._open[request.id] = handlers
        try:
            outcome = self._guarded(request.instance, partial(self._converse, request), timeout_s)
        finally:
            del self._open[request.id]
        if isinstance(outcome, Failure):
            raise handlers.failed_calls.get(outcome.call or 0) or self._error(request, outcome)
        return Reply(
            outcome.result,
            outcome.seconds,
            outcome.waiting_s,
            outcome.peak_memory_bytes,
            outcome.device_peak_bytes,
        )

    def _converse(self, request: Request, deadline: float | None) -> Result | Failure:
        self._process.send(request)
        while True:
            message = self._process.receive(deadline)
            if isinstance(message, Result | Failure) and message.id == request.id:
                return message
            self._heed(message)
            self._process.check(deadline)

    def _heed(self, message: Message) -> None:
        """What a worker says while requests are open. Words about closed ones come too late to matter."""
        if isinstance(message, Call):
            self._process.send(self._answer(message))
        elif isinstance(message, Progress | Record | Item) and (handlers := self._open.get(message.id)):
            if isinstance(message, Item):
                handlers.on_item(message.item)
            else:
                handlers.on_event(message)

    def _answer(self, call: Call) -> Answer:
        handlers = self._open.get(call.id)
        if handlers is None:
            return Answer(call.call, error=f"{call.name}: called for a piece of work that is over")
        try:
            return Answer(call.call, handlers.on_call(call.name, call.arguments))
        except Interrupted:
            raise
        except Exception as error:
            if self._process.closed:
                raise
            handlers.failed_calls[call.call] = error
            return Answer(call.call, error=error.message if isinstance(error, LpError) else repr(error))

    def _guarded(self, who: str, step: Callable[[float | None], _T], timeout_s: float | None) -> _T:
        """Do a part of the conversation, up to a deadline; if it breaks off, end the worker and say why."""
        try:
            return step(None if timeout_s is None else time.monotonic() + timeout_s)
        except Ended:
            self._explain(who)
        except Overdue:
            self.kill()
            raise RunFailed(
                f"{who}: its worker took longer than its limit of {timeout_s:g} s and was ended",
                tail_hint(self._log, self._log_start),
            ) from None
        except Flooded:
            self.kill()
            raise RunFailed(
                f"{who}: its worker printed more than {MOST_LOG_BYTES // 2**20} MiB and was ended",
                tail_hint(self._log, self._log_start),
            ) from None
        except ProtocolError as error:
            self.kill()
            raise RunFailed(f"{who}: the pipe of its worker: {error}", f"its log is {self._log}") from None
        except BaseException:
            self.kill()
            raise

    def _explain(self, who: str) -> NoReturn:
        ended = self._process.wait()
        code = self._process.return_code if ended else 0
        self.kill()
        if not ended:
            raise RunFailed(
                f"{who}: its worker closed its pipe and was ended", f"its log is {self._log}"
            ) from None
        raise explain(who, code, self._log, self._log_start) from None

    def _error(self, request: Request, failure: Failure) -> LpError:
        message = f"{request.instance}: {failure.message}"
        match failure.kind:
            case "value" if request.do == "make":
                return UsageError(failure.message)
            case "value":
                return RunFailed(message)
            case "memory":
                return OutOfMemory(message, f"its log is {self._log}")
            case "environment":
                return EnvironmentFailed(message, f"its log is {self._log}")
            case "crash":
                return RunFailed(message, f"the traceback is in {self._log}")

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


def _ignore(_: object) -> None:
    """Nobody listens."""


def _refuse(instance: str, name: str, _: Mapping[str, Json]) -> Json:
    raise RunFailed(f"{instance} calls {name!r}, which lp_runner doesn't offer to it")
