"""Batches → scores, in this process or shared among several, each with the model on a device of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from itertools import cycle
from typing import Protocol

import torch

from lp_comet.folder import ModelFolder
from lp_comet.model import Model, Sample
from lp_comet.references import References

Batch = Sequence[Sample]


class Judge(Protocol):
    """A model that stays loaded, wherever it is."""

    @property
    def references(self) -> References: ...

    def scores(self, batches: Sequence[Batch]) -> Iterator[tuple[int, list[float]]]:
        """A batch's number and its scores, as soon as they are known."""


def judge(folder: ModelFolder, device: str, precision: str, processes: int) -> Judge:
    if processes == 1:
        return Here(Model(folder, device, precision))
    return Several(folder, devices(device, processes), precision)


def devices(device: str, processes: int) -> list[str]:
    """One for each process: the visible accelerators in turn, or the CPU for all."""
    if device == "cpu":
        return [device] * processes
    return [f"cuda:{number % torch.cuda.device_count()}" for number in range(processes)]


class Here:
    """In this very process."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.references = model.references

    def scores(self, batches: Sequence[Batch]) -> Iterator[tuple[int, list[float]]]:
        for number, batch in enumerate(batches):
            yield number, self._model.scores(batch)


class Several:
    """Whole batches are dealt out in turn, so every score is what one process would have given."""

    def __init__(self, folder: ModelFolder, devices: Sequence[str], precision: str) -> None:
        # Spawned, because a fork of a process that has used CUDA or threads is broken.
        spawn = multiprocessing.get_context("spawn")
        models = [(folder, device, precision, len(devices)) for device in devices]
        self._hands = [(ProcessPoolExecutor(1, spawn), model) for model in models]
        loading = [pool.submit(_references, *model) for pool, model in self._hands]
        self.references = next(answer.result() for answer in loading)

    def scores(self, batches: Sequence[Batch]) -> Iterator[tuple[int, list[float]]]:
        """Raises BrokenProcessPool when a process is killed, and whatever else happens in one."""
        asked = {}
        for (number, batch), (pool, model) in zip(enumerate(batches), cycle(self._hands), strict=False):
            asked[pool.submit(_scores, *model, batch)] = number
        for answer in as_completed(asked):
            yield asked[answer], answer.result()


def _references(folder: ModelFolder, device: str, precision: str, processes: int) -> References:
    return _model(folder, device, precision, processes).references


def _scores(folder: ModelFolder, device: str, precision: str, processes: int, batch: Batch) -> list[float]:
    return _model(folder, device, precision, processes).scores(batch)


@cache
def _model(folder: ModelFolder, device: str, precision: str, processes: int) -> Model:
    """The one model of a spawned process, loaded when it is first asked."""
    torch.set_num_threads(max(1, torch.get_num_threads() // processes))
    return Model(folder, device, precision)
