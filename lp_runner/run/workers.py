"""Which worker process does what: one environment each, outliving steps; a strategy called from another gets its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from lp_runner.api import Environment, Json
from lp_runner.envs import Environments, Interpreter, Tell, apart
from lp_runner.errors import UsageError
from lp_runner.plan import hub
from lp_runner.plan.keys import digest
from lp_runner.recipe.defaults import marked, replaced
from lp_runner.recipe.node import Trail
from lp_runner.recipe.recipe import Use
from lp_runner.registry import Offer, Registry
from lp_runner.store.secrets import without_secrets
from lp_runner.worker import Progress, Record, Reply, Worker, default_environment

OnCall = Callable[[str, Mapping[str, Json]], Json]
OnItem = Callable[[Json], None]
OnEvent = Callable[[Progress | Record], None]
NO_DEVICE: Mapping[str, Json] = MappingProxyType(
    {"seed": 0, "device": "cpu", "dtype": "float32", "scratch": "", "cache": ""}
)
"""Surroundings of a strategy that computes nothing."""


@dataclass(slots=True)
class Meter:
    """What the strategies of one step took; a strategy's wait for another is not its own time."""

    seconds: float = 0.0
    peak_memory_bytes: int = 0
    device_peak_bytes: int = 0

    def add(self, reply: Reply) -> None:
        self.seconds += reply.seconds - reply.waiting_s
        self.peak_memory_bytes = max(self.peak_memory_bytes, reply.peak_memory_bytes)
        self.device_peak_bytes = max(self.device_peak_bytes, reply.device_peak_bytes or 0)

    def include(self, other: Meter) -> None:
        """Work that was told apart belongs to the step all the same."""
        self.seconds += other.seconds
        self.peak_memory_bytes = max(self.peak_memory_bytes, other.peak_memory_bytes)
        self.device_peak_bytes = max(self.device_peak_bytes, other.device_peak_bytes)


@dataclass(slots=True)
class _Process:
    worker: Worker
    interpreter: Interpreter
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy, made and ready in a worker that is reserved for it."""

    worker: Worker
    instance: str
    surroundings: Mapping[str, Json]
    on_event: OnEvent
    meter: Meter
    limit_s: float | None

    def do(
        self,
        method: str,
        arguments: Mapping[str, Json],
        on_call: OnCall | None = None,
        on_item: OnItem | None = None,
        timeout_s: float | None = None,
    ) -> Json:
        """One request, answered. Raises what worker.client explains."""
        reply = self.worker.do(
            self.instance,
            method,
            arguments,
            self.surroundings,
            on_event=self.on_event,
            on_call=on_call,
            on_item=on_item,
            timeout_s=timeout_s or self.limit_s,
        )
        self.meter.add(reply)
        return reply.result


class Workers:
    """The worker processes of one run. Not for two threads at once."""

    def __init__(
        self,
        registry: Registry,
        environments: Environments,
        logs: Path,
        folder: Path,
        device: str,
        should_stop: Callable[[], None],
        limit_s: float | None = None,
        problem: Callable[[Trail, str], str] = lambda trail, what: what,
    ) -> None:
        """
        Args:
            limit_s: of any one request; a strategy that takes longer is ended.
            problem: a line about a value of the recipe.
        """
        self._registry = registry
        self._environments = environments
        self._logs = logs
        self._folder = folder
        self._device = device
        self._should_stop = should_stop
        self._limit_s = limit_s
        self._problem = problem
        self._processes: list[_Process] = []
        self._labels: dict[str, str] = {}
        self._interpreters: dict[str, Interpreter] = {}
        self._locks: dict[str, dict[str, str]] = {}
        self._started = 0

    @contextmanager
    def use(
        self, use: Use, surroundings: Mapping[str, Json], on_event: OnEvent, meter: Meter
    ) -> Iterator[Strategy]:
        """A strategy for as long as the block lasts; its process stays for the next."""
        instance, offer = self._label(use), self._registry.find(use.kind, use.name)
        interpreter = self._interpreter(offer, lambda line: on_event(Progress(0, 0, 0, line)))
        process = self._idle(instance, interpreter) or self._start(interpreter)
        process.busy = True
        try:
            if not process.worker.hosts(instance):
                meter.add(self._make(instance, use, offer, process.worker))
            yield Strategy(process.worker, instance, surroundings, on_event, meter, self._limit_s)
        except BaseException:
            self._discard(process)
            raise
        process.busy = False

    def _make(self, instance: str, use: Use, offer: Offer, worker: Worker) -> Reply:
        options = self._localised(use, offer)
        try:
            return worker.make(instance, use.kind, offer.declaration.implementation, options)
        except UsageError as error:
            raise UsageError(self._problem(use.place, f"{use.name}: {error.message}"), error.hint) from error

    def prepare(self, uses: Iterable[Use], tell: Tell) -> None:
        """Build every environment that is missing now, and not when a night's work stands before it."""
        for use in uses:
            self._interpreter(self._registry.find(use.kind, use.name), tell)

    def lock(self, environment: Environment) -> dict[str, str]:
        """The versions in an environment of what it requires."""
        name = repr(environment)
        if name not in self._locks:
            self._locks[name] = self._environments.lock(environment, self._device.partition(":")[0])
        return self._locks[name]

    def close(self) -> None:
        """Let every one end in order; what can't is killed."""
        with ExitStack() as stack:
            for process in self._processes:
                stack.callback(process.worker.kill)
            for process in self._processes:
                process.worker.stop()
        self._processes.clear()

    def _label(self, use: Use) -> str:
        """A strategy's name; numbered where a run uses it with several sets of options."""
        name = f"{use.kind}.{use.name}"
        identity = f"{name} {digest(dict(use.options))}"
        if identity not in self._labels:
            same = sum(label.partition(" ")[0] == name for label in self._labels.values())
            self._labels[identity] = f"{name} ({same + 1})" if same else name
        return self._labels[identity]

    def _idle(self, instance: str, interpreter: Interpreter) -> _Process | None:
        idle = [
            process
            for process in self._processes
            if not process.busy and process.interpreter == interpreter and process.worker.alive
        ]
        hosts = (process for process in idle if process.worker.hosts(instance))
        return next(hosts, idle[0] if idle else None)

    def _start(self, interpreter: Interpreter) -> _Process:
        self._started += 1
        worker = Worker.start(
            interpreter.python,
            log_path=self._logs / f"worker-{self._started}.log",
            environment=_variables(interpreter) | self._visible(),
            folder=self._folder,
            should_stop=self._should_stop,
        )
        self._processes.append(_Process(worker, interpreter))
        return self._processes[-1]

    def _interpreter(self, offer: Offer, tell: Tell) -> Interpreter:
        declaration = offer.declaration
        package = declaration.implementation.partition(":")[0].partition(".")[0]
        name = repr((declaration.environment, package))
        if name not in self._interpreters:  # to see that one is whole takes a look at each of its files
            device_class = self._device.partition(":")[0]
            self._interpreters[name] = self._environments.interpreter(
                declaration.environment, device_class, [package], tell, self._should_stop
            )
        return self._interpreters[name]

    def _localised(self, use: Use, offer: Offer) -> dict[str, Json]:
        """The options with folders of this machine in the place of models on the hub."""
        options: Json = dict(use.options)
        download = not self._environments.offline
        for at, mark in list(marked(options, offer.schema, offer.schema, "x-lp-model")):
            where = ".".join(map(str, (*use.place, "with", *at)))
            files, revision = mark["files"], use.options.get("revision")
            folder = partial(hub.located, revision=revision, files=files, where=where, download=download)
            options = replaced(options, at, folder)
        return dict(options)

    def _visible(self) -> dict[str, str]:
        """One process sees one accelerator, which is then its number 0."""
        kind, _, index = self._device.partition(":")
        return {"CUDA_VISIBLE_DEVICES": index if kind == "cuda" else "", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}

    def _discard(self, process: _Process) -> None:
        """After a failure nothing is known of its state."""
        if process in self._processes:
            self._processes.remove(process)
        process.worker.kill()


def _variables(interpreter: Interpreter) -> dict[str, str]:
    """Another environment's worker gets nothing of this one, and none of the user's secrets."""
    if not interpreter.isolated:
        return default_environment() | dict(interpreter.variables)
    return apart(without_secrets(default_environment())) | dict(interpreter.variables)
