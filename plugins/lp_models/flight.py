"""Some removal sets on some prompts, decoded together from the first new id to the last row's end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lp_models.parts import Parts
from lp_models.reading import alike
from lp_runner.api import Removal


@dataclass(frozen=True, slots=True)
class Task:
    """What every set has to translate."""

    prompts: Sequence[Sequence[int]]
    limits: Sequence[int]
    """New ids that each may get: at least 1."""
    stop_ids: frozenset[int]

    @property
    def longest_prompt(self) -> int:
        """In tokens."""
        return max(map(len, self.prompts))

    @property
    def longest(self) -> int:
        """Tokens that a row can come to."""
        return self.longest_prompt + max(self.limits)


@dataclass(frozen=True, slots=True)
class Draft:
    """A translation so far."""

    ids: Sequence[int]
    whole: bool


@dataclass(slots=True)
class Work:
    """What was computed: tokens through one layer each, and tokens through the head."""

    layer_tokens: int = 0
    head_tokens: int = 0


class Flight:
    """A row is one set's translation of one prompt; rows are numbered set by set."""

    def __init__(self, parts: Parts, task: Task, sets: Sequence[Removal], work: Work) -> None:
        self._parts, self._task, self._sets, self._work = parts, task, sets, work
        rows = len(sets) * len(task.prompts)
        prompt_tokens, new_tokens = task.longest_prompt, max(task.limits)
        self._slots = [parts.slots(rows, prompt_tokens, new_tokens) for _ in parts.layers]
        self._answers: list[list[int]] = [[] for _ in range(rows)]
        self._last = torch.zeros(rows, dtype=torch.long, device=parts.device)
        begun = [parts.begun(prompt) for prompt in task.prompts] * len(sets)
        self._positions = torch.tensor(begun, device=parts.device) - 1
        """Where `_last` stands."""
        self._alive = torch.arange(rows, device=parts.device)
        self._running = Counter(self._set_of(row) for row in range(rows))

    @property
    def running(self) -> set[int]:
        """The sets with rows that aren't at their end."""
        return {number for number, rows in self._running.items() if rows}

    @property
    def open_share(self) -> float:
        """Of all rows, those that aren't at their end."""
        return len(self._alive) / len(self._last)

    def answers(self, number: int) -> list[list[int]]:
        """A set's new ids so far, per prompt."""
        size = len(self._task.prompts)
        return self._answers[number * size : (number + 1) * size]

    def drafts(self) -> dict[int, list[Draft]]:
        """Of every running set, what is finished marked."""
        size, open_rows = len(self._task.prompts), set(self._alive.tolist())
        return {
            number: [
                Draft(ids, number * size + place not in open_rows)
                for place, ids in enumerate(self.answers(number))
            ]
            for number in self.running
        }

    @torch.inference_mode()
    def begin(self) -> None:
        """Read the prompts, those of like length together, and give every row its first new id."""
        read = [self._read(prompts) for prompts in alike(self._task.prompts, len(self._sets))]
        groups = [group for batch in read for group in batch]
        ids = self._parts.likeliest(torch.cat([hidden for _, hidden in groups]))
        self._work.head_tokens += len(ids)
        first = torch.empty_like(self._last)
        for (rows, _), new in zip(
            groups, torch.split(ids, [len(hidden) for _, hidden in groups]), strict=True
        ):
            first[rows] = new
        self._accept(first)

    @torch.inference_mode()
    def step(self) -> None:
        """One more id for every row that isn't at its end."""
        alive = self._alive
        positions = self._positions[alive][:, None]
        hidden = self._parts.embed(self._last[alive][:, None], positions)
        rotations = self._parts.rotations(hidden, positions)
        until = int(positions.max()) + 1
        place = torch.empty_like(self._last)
        place[alive] = torch.arange(len(alive), device=alive.device)
        for layer, slots in enumerate(self._slots):
            if len(slots.rows):
                taken = place[slots.rows]
                rotation = tuple(part[taken] for part in rotations[layer])
                attends = slots.attends(self._positions[slots.rows], until)
                hidden[taken] = self._parts.run(layer, hidden[taken], rotation, attends)
                self._work.layer_tokens += len(taken)
        self._work.head_tokens += len(alive)
        self._accept(self._parts.likeliest(hidden[:, 0]))

    @torch.inference_mode()
    def drop(self, sets: set[int]) -> None:
        """End all rows of these sets."""
        rows = self._alive.tolist()
        self._end([row for row in rows if self._set_of(row) in sets])

    def _read(self, segments: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
        """Rows that agree, (sets, prompts), and the last layer's output at their prompts' last tokens, (prompts, width)."""
        chosen = torch.tensor(segments, device=self._last.device)
        rows = [chosen + number * len(self._task.prompts) for number in range(len(self._sets))]
        groups, tokens = self._parts.read(
            [self._task.prompts[one] for one in segments],
            self._sets,
            lambda layer, number, states: self._slots[layer].admit(rows[number], states),
        )
        self._work.layer_tokens += tokens
        return [(torch.stack([rows[number] for number in sets]), hidden) for sets, hidden in groups]

    def _accept(self, ids: Tensor) -> None:
        """A new id for every row that isn't at its end, in their order."""
        self._last[self._alive] = ids
        self._positions[self._alive] += 1
        ended = []
        for row, new_id in zip(self._alive.tolist(), ids.tolist(), strict=True):
            if new_id not in self._task.stop_ids:
                self._answers[row].append(new_id)
                if len(self._answers[row]) < self._task.limits[row % len(self._task.prompts)]:
                    continue
            ended.append(row)
        self._end(ended)

    def _end(self, rows: Sequence[int]) -> None:
        if rows:
            ended = torch.zeros(len(self._last), dtype=torch.bool, device=self._last.device)
            ended[torch.tensor(rows, device=ended.device)] = True
            self._alive = self._alive[~ended[self._alive]]
            for slots in self._slots:
                slots.release(ended)
            self._running.subtract(self._set_of(row) for row in rows)

    def _set_of(self, row: int) -> int:
        return row // len(self._task.prompts)
