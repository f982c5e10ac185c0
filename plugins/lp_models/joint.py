"""Prompts and removal sets → greedy translations under every set, decoded together in one loaded model.

What plain greedy decoding of each cut model does, in fewer operations: a layer runs once per step for all rows that
keep it; sets that begin with the same layers share these layers' work on the prompts; a row that ends leaves at once,
and its place in memory with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from transformers import PreTrainedModel

from lp_models.batching import Halved, half_of, is_out_of_memory
from lp_models.flight import Draft, Flight, Task, Work
from lp_models.layers import refuse_unknown, stacks
from lp_models.parts import parts_of
from lp_models.products import by_onednn
from lp_models.room import rows_with_room
from lp_models.slots import attending
from lp_runner.api import Removal

LOOK_EVERY = 8
"""Steps between two looks for hopeless sets, which cost time too."""
LOOK_BELOW = 0.5
"""The share of rows not at their end from which on it is worth looking: before, too much is open."""
Partial = Mapping[int, Sequence[Draft]]
"""The translations so far, by prompt, of each set at work."""
Hopeless = Callable[[Partial], set[int]]
"""Which of the sets at work need not be finished."""
Translated = tuple[int, list[list[int]]]
"""A set's number, and its new ids per prompt, without stop ids."""


class JointDecoder:
    """One loaded model of an architecture that `parts` knows."""

    def __init__(self, model: PreTrainedModel, most_rows: int | None, halved: Halved) -> None:
        """`most_rows` go at once; None: as many as the memory has room for."""
        self._model, self._most_rows, self._halved = model, most_rows, halved
        self._parts = parts_of(model)
        self.work = Work()

    def translate(
        self, task: Task, sets: Sequence[Removal], hopeless: Hopeless = lambda partial: set()
    ) -> Iterator[Translated]:
        """Each set as soon as it is done; a hopeless one never comes.

        Raises ValueError for a set that the model can't lose, MemoryError where the device has no room for one row.
        """
        for removed in sets:
            refuse_unknown(removed, stacks(self._model))
        waiting = list(range(len(sets)))

        def lost(partial: Partial) -> set[int]:
            found = hopeless(partial)
            waiting[:] = [number for number in waiting if number not in found]
            return found

        while waiting:
            rows = self._most_rows or rows_with_room(self._model, task.longest)
            block = waiting[: max(1, rows // len(task.prompts))]
            full = False
            try:
                for number, ids in self._fly(task, sets, block, rows, lost):
                    waiting.remove(number)
                    yield number, ids
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                full = True  # and not retried in here: the exception's frames would keep the tensors alive
            if full:
                self._most_rows = half_of(min(rows, len(block) * len(task.prompts)))
                self._halved(self._most_rows)

    def _fly(
        self, task: Task, sets: Sequence[Removal], block: Sequence[int], rows: int, hopeless: Hopeless
    ) -> Iterator[Translated]:
        """In one flight, or in several over parts of the prompts where a single set has too many."""
        if len(block) * len(task.prompts) <= rows:
            yield from self._together(task, sets, block, hopeless)
            return
        ids: list[list[int]] = []
        for start in range(0, len(task.prompts), rows):
            here = slice(start, start + rows)
            part = replace(task, prompts=task.prompts[here], limits=task.limits[here])
            for _, found in self._together(part, sets, block, lambda partial: set()):
                ids += found
        yield block[0], ids

    def _together(
        self, task: Task, sets: Sequence[Removal], block: Sequence[int], hopeless: Hopeless
    ) -> Iterator[Translated]:
        with attending(self._model), by_onednn(self._model):
            flight = Flight(self._parts, task, [sets[number] for number in block], self.work)
            running = flight.running
            flight.begin()
            steps = 0
            while running:
                for done in sorted(running - flight.running):
                    yield block[done], flight.answers(done)
                running = flight.running
                steps += 1
                if steps % LOOK_EVERY == 0 and flight.open_share < LOOK_BELOW:
                    gone = hopeless({block[number]: drafts for number, drafts in flight.drafts().items()})
                    dropped = {number for number in running if block[number] in gone}
                    flight.drop(dropped)
                    running -= dropped
                if running:
                    flight.step()
