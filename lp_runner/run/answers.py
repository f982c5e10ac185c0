"""One importance metric of a search: what its journal knows, and its worker once a question needs it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

from lp_runner.api import Ask, Json, Removal, Score
from lp_runner.errors import RunFailed
from lp_runner.plan import Step
from lp_runner.plan.estimate import engine_bytes
from lp_runner.plan.keys import answers_key, digest
from lp_runner.run.evaluate import nested_evaluator
from lp_runner.run.workers import Strategy
from lp_runner.run.workplace import ENCODED, Workplace


class Metric:
    """Asked by removal set; every answer is journalled at once."""

    def __init__(self, step: Step, work: Workplace, stack: ExitStack) -> None:
        """Args: step, whose `importance` is this metric; stack, which ends its worker's part in the search."""
        self._step, self._use, self._work, self._stack = step, step.uses["importance"], work, stack
        prompts = str(work.keys[step.needs["prompts"]])
        self._journal = work.journal(step, answers_key(step, prompts, work.registry, work.prints))
        self._known, self._said = Known(), Said()
        for entry in self._journal.entries():
            question, removal = entry.get("question", ""), None
            if "removed" in entry:
                score = Score.from_json(entry)
                removal = score.removed
                self._known.learn(score, question)
            self._said.learn(entry.get("facts", ()), question, removal)
        self._asked: list[Ask] = []
        self._unsaid: list[Json] = []
        """Told since the last answer."""
        self._strategy: Strategy | None = None
        self.is_open = False
        self._told = 0
        self._total = 0

    @property
    def needs_bytes(self) -> int:
        """Device memory that it takes while it is open."""
        return engine_bytes(self._use, None, self._work.plan, self._work.registry)

    @property
    def record(self) -> list[Json]:
        """What it said of its work on what it was asked, in whatever sitting and for whichever search it did it."""
        return self._said.of(self._asked)

    def answer(self, question: Ask) -> list[Score]:
        """In the order of the sets."""
        self._asked.append(question)
        missing = self._known.missing(question)
        self._total = len(question.sets)
        self._told = self._total - len(missing)
        if missing:
            killed = self._known.raced_in_part(question)
            self._measure(list(question.sets) if killed else missing, question)
        if self._known.raced_in_part(question):
            self._measure(list(question.sets), question)
        return self._known.answer(question)

    def close(self) -> None:
        """It lets go of its model, until it is asked again."""
        if self._strategy and self.is_open:
            self._strategy.do("close", {})
        self.is_open = False

    def _measure(self, missing: list[Removal], question: Ask) -> None:
        wanted = set(missing)
        gone = frozenset.intersection(*question.sets) if len(question.sets) > 1 else frozenset()
        sets = [[str(layer) for layer in sorted(removal)] for removal in missing]
        name = print_of(question)

        def on_item(item: Json) -> None:
            score = Score.from_json(item)
            if score.kind != "exact" and question.need != "winner":
                raise RunFailed(f"{self._use.name} answers with a {score.kind} where a score is asked for")
            self._keep(item if score.kind == "exact" else {**item, "question": name}, score.removed)
            self._known.learn(score, name)
            wanted.discard(score.removed)
            self._told += 1
            candidate = ", ".join(str(layer) for layer in sorted(score.removed - gone))
            self._work.listener.event("score", {"step": self._step.id, "candidate": candidate, **item})
            self._work.listener.progress(self._step.id, self._told, self._total, _note(candidate, score))
            self._work.should_stop()

        self._opened().do("score", {"sets": sets, "need": question.need}, on_call=self._call, on_item=on_item)
        if self._unsaid:
            self._keep({"question": name})
        if wanted:
            raise RunFailed(
                f"{self._use.name} left {len(wanted)} of {len(missing)} removal sets without a score"
            )

    def _opened(self) -> Strategy:
        if self._strategy is None:
            self._strategy = self._stack.enter_context(
                self._work.strategy(self._step, self._use, lambda facts: self._unsaid.append(dict(facts)))
            )
        if not self.is_open:
            prompts = self._step.needs["prompts"]
            arguments = {
                "model": str(self._work.plan.model.folder),
                "segments": str(self._work.made(prompts) / ENCODED),
                "stop_ids": self._work.facts(prompts)["stop_ids"],
            }
            self._strategy.do("open", arguments, on_call=self._call)
            if self._unsaid != self._said.opening:
                self._keep({"question": ""})
            self._unsaid = []
            self.is_open = True
        return self._strategy

    def _keep(self, entry: Mapping[str, Json], removal: Removal | None = None) -> None:
        """In the journal, with what was told on the way to it."""
        facts, self._unsaid = self._unsaid, []
        self._journal.append({**entry, "facts": facts} if facts else entry)
        self._said.learn(facts, entry.get("question", ""), removal)

    def _call(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """A metric may ask for an evaluator that its options name."""
        if name != "evaluator":
            raise RunFailed(f"{self._use.name} calls {name!r}, which lp_runner doesn't offer to a metric")
        return nested_evaluator(self._step, self._use, arguments, self._work)


class Said:
    """What a metric told of its own work: while it was opened, on the way to an answer, or of a question as a whole."""

    def __init__(self) -> None:
        self._facts: dict[tuple[Removal | None, str], list[Json]] = defaultdict(list)

    @property
    def opening(self) -> list[Json]:
        return self._facts[None, ""]

    def learn(self, facts: Iterable[Json], question: str, removal: Removal | None = None) -> None:
        """Args: question, its print; "" of an exact score, and of the opening. Of both the last one counts."""
        if removal is None and question:
            self._facts[removal, question] += facts
        else:
            self._facts[removal, question] = list(facts)

    def of(self, questions: Sequence[Ask]) -> list[Json]:
        """Of the answers to these questions, in their order."""
        places: list[tuple[Removal | None, str]] = [(None, "")] if questions else []
        for question in questions:
            name = print_of(question)
            places += [(removal, which) for removal in question.sets for which in ("", name)]
            places.append((None, name))
        return [facts for place in dict.fromkeys(places) for facts in self._facts.get(place, ())]


class Known:
    """Scores by removal set; and bounds and estimates, each with the question that it was enough for."""

    def __init__(self) -> None:
        self._scores: dict[Removal, Score] = {}
        self._others: dict[Removal, dict[str, Score]] = defaultdict(dict)

    def learn(self, score: Score, question: str) -> None:
        """Args: question, its print, which an exact score doesn't need."""
        if score.kind == "exact":
            self._scores[score.removed] = score
        else:
            self._others[score.removed][question] = score

    def missing(self, question: Ask) -> list[Removal]:
        """The sets for which nothing that is known will do."""
        enough = self._enough(question)
        return [removal for removal in question.sets if removal not in enough]

    def answer(self, question: Ask) -> list[Score]:
        """In the order of the sets, once none is missing."""
        enough = self._enough(question)
        return [enough[removal] for removal in question.sets]

    def raced_in_part(self, question: Ask) -> bool:
        """Estimates of one race compare with each other, and with nothing else."""
        return 0 < len(self._estimates(question)) < len(question.sets)

    def _estimates(self, question: Ask) -> dict[Removal, Score]:
        """Those that were given for this question."""
        name = print_of(question)
        given = {removal: self._others.get(removal, {}).get(name) for removal in question.sets}
        return {removal: score for removal, score in given.items() if score and score.kind == "estimate"}

    def _enough(self, question: Ask) -> dict[Removal, Score]:
        """What isn't exact does for the very question that it was given for; a bound also for one whose winner is
        known to be less.
        """
        raced = self._estimates(question)
        if len(raced) == len(question.sets):
            return raced
        exact = {removal: self._scores[removal] for removal in question.sets if removal in self._scores}
        if question.need != "winner":
            return exact
        name, least = print_of(question), min((score.value for score in exact.values()), default=math.inf)
        others = ((removal, self._other(removal, name, least)) for removal in question.sets)
        return {removal: other for removal, other in others if other} | exact

    def _other(self, removal: Removal, question: str, least: float) -> Score | None:
        given = self._others.get(removal, {})
        bounds = [score for score in given.values() if score.kind == "bound" and score.value > least]
        return given.get(question) or max(bounds, key=lambda bound: bound.value, default=None)


def print_of(question: Ask) -> str:
    """The same for the same sets in any order."""
    return digest(sorted(sorted(map(str, removal)) for removal in question.sets))


def _note(candidate: str, score: Score) -> str:
    raw = "" if score.raw is None else f" ({score.raw:.2f})"
    return f"without {candidate}: {score.value:.3f}{raw}"
