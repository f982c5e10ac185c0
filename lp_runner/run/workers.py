"""Which worker process does what: processes outlive steps, and a strategy called from another gets its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lp_runner.api import Json
from lp_runner.plan.keys import digest
from lp_runner.recipe.recipe import Use
from lp_runner.registry import Registry
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


@dataclass(slots=True)
class _Process:
    worker: Worker
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy, made and ready in a worker that is reserved for it."""

    worker: Worker
    instance: str
    surroundings: Mapping[str, Json]
    on_event: OnEvent
    meter: Meter

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
            timeout_s=timeout_s,
        )
        self.meter.add(reply)
        return reply.result


class Workers:
    """The worker processes of one run. Not for two threads at once."""

    def __init__(
        self, registry: Registry, logs: Path, folder: Path, device: str, should_stop: Callable[[], None]
    ) -> None:
        self._registry = registry
        self._logs = logs
        self._folder = folder
        self._device = device
        self._should_stop = should_stop
        self._processes: list[_Process] = []
        self._labels: dict[str, str] = {}
        self._started = 0

    @contextmanager
    def use(
        self, use: Use, surroundings: Mapping[str, Json], on_event: OnEvent, meter: Meter
    ) -> Iterator[Strategy]:
        """A strategy for as long as the block lasts; its process stays for the next."""
        instance = self._label(use)
        process = self._idle(instance)
        process.busy = True
        try:
            if not process.worker.hosts(instance):
                implementation = self._registry.find(use.kind, use.name).declaration.implementation
                meter.add(process.worker.make(instance, use.kind, implementation, dict(use.options)))
            yield Strategy(process.worker, instance, surroundings, on_event, meter)
        except BaseException:
            self._discard(process)
            raise
        process.busy = False

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

    def _idle(self, instance: str) -> _Process:
        idle = [process for process in self._processes if not process.busy and process.worker.alive]
        for process in idle:
            if process.worker.hosts(instance):
                return process
        return idle[0] if idle else self._start()

    def _start(self) -> _Process:
        self._started += 1
        worker = Worker.start(
            sys.executable,
            log_path=self._logs / f"worker-{self._started}.log",
            environment=default_environment() | self._visible(),
            folder=self._folder,
            should_stop=self._stopped,
        )
        self._processes.append(_Process(worker))
        return self._processes[-1]

    def _stopped(self) -> bool:
        self._should_stop()
        return False

    def _visible(self) -> dict[str, str]:
        """One process sees one accelerator, which is then its number 0."""
        kind, _, index = self._device.partition(":")
        return {"CUDA_VISIBLE_DEVICES": index if kind == "cuda" else "", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}

    def _discard(self, process: _Process) -> None:
        """After a failure nothing is known of its state."""
        if process in self._processes:
            self._processes.remove(process)
        process.worker.kill()
