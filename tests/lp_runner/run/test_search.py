"""A search: every answer is journalled, and no question is asked twice, whoever asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lp_runner.api import Ask
from lp_runner.errors import RunFailed
from lp_runner.plan import Step
from lp_runner.recipe.recipe import Use
from lp_runner.run import search
from lp_runner.run.answers import print_of
from lp_runner.run.workplace import Workplace

MakeUse = Callable[..., Use]
Search = Callable[..., tuple[Path, dict[str, Any]]]


@pytest.fixture
def searched(workplace: Workplace, use: MakeUse, tmp_path: Path) -> Search:
    """Search by `random` with a policy; returns the artefact's folder and the facts."""

    def run(policy: Use, seed: int = 7) -> tuple[Path, dict[str, Any]]:
        uses = {"importance": use("importance", "random"), "prune": policy}
        step = Step(
            "search", "search", "", uses, {"model": "m", "device": "cpu"}, {"prompts": "prompts-dev"}, seed
        )
        into = tmp_path / f"search-{len(list(tmp_path.glob('search-*')))}"
        into.mkdir()
        return into, search.search(step, workplace, into)

    return run


def asked(workplace: Any) -> list[list[str]]:
    return [fields["removed"] for fields in workplace.listener.of("score")]


def journal(workplace: Workplace) -> Path:
    [path] = (workplace.store.root / ".journals").iterdir()
    return path


def test_a_greedy_search_asks_every_layer_left_and_says_how_far_it_is(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    _, facts = searched(use("prune", "iterative-greedy", remove=2, protect=["first", "last"]))
    assert (facts["questions"], facts["candidates"]) == (2, 5)
    assert workplace.listener.steps == [(1, 3), (2, 3), (3, 3), (1, 2), (2, 2)]


def test_removals_are_told_and_can_be_read_back(searched: Search, workplace: Any, use: MakeUse) -> None:
    into, facts = searched(use("prune", "one-shot", remove=2))
    assert search.removals(into) == facts["removals"]
    assert workplace.listener.of("removed") == [{"step": "search", "removals": facts["removals"]}]


def test_a_search_again_asks_nothing_and_ends_with_the_same_bytes(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    policy = use("prune", "iterative-greedy", remove=2)
    first, _ = searched(policy)
    workplace.listener.events.clear()
    second, _ = searched(policy)
    assert asked(workplace) == []
    assert (second / "search.json").read_bytes() == (first / "search.json").read_bytes()


def test_a_killed_search_continues_at_the_candidate_that_it_was_on(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    policy = use("prune", "iterative-greedy", remove=2)
    whole, _ = searched(policy)
    every = asked(workplace)
    lines = journal(workplace).read_bytes().splitlines(keepends=True)
    journal(workplace).write_bytes(b"".join(lines[:3]) + lines[3][:20])
    workplace.listener.events.clear()
    again, _ = searched(policy)
    assert asked(workplace) == every[3:]
    assert (again / "search.json").read_bytes() == (whole / "search.json").read_bytes()
    assert journal(workplace).read_bytes() == b"".join(lines)


def test_what_a_metric_said_of_its_work_is_told_by_every_search_that_uses_its_answers(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    first, _ = searched(use("prune", "iterative-greedy", remove=2))
    told = json.loads((first / "search.json").read_text())
    questions = [
        print_of(Ask.from_json({name: question[name] for name in ("sets", "need", "metric")}))
        for question in told["questions"]
    ]
    lines = [json.loads(line) for line in journal(workplace).read_text().splitlines()]
    for number, line in enumerate(lines):
        line["facts"] = [{"passes": 100 + number}]
    for name, passes in (("", 1), ("", 1), (questions[0], 20), (questions[1], 300), ("another", 4000)):
        lines.append({"question": name, "facts": [{"passes": passes}]})
    journal(workplace).write_text("".join(json.dumps(line) + "\n" for line in lines))
    again, _ = searched(use("prune", "iterative-greedy", remove=2))
    shallow, _ = searched(use("prune", "iterative-greedy", remove=1))
    records = [json.loads((folder / "search.json").read_text())["record"] for folder in (again, shallow)]
    first_question = [1, 100, 101, 102, 20]
    assert [[one["passes"] for one in record] for record in records] == [
        [*first_question, 103, 104, 300],
        first_question,
    ]


def test_a_killed_search_ends_with_the_same_journal_and_record_of_a_metric_that_talks(
    searched: Search, workplace: Any, use: MakeUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_strategy = Workplace.strategy

    @contextmanager
    def talking(work: Workplace, step: Step, use: Use, on_record: Any = None) -> Iterator[Any]:
        if use.kind == "importance":
            yield Talker(on_record)
        else:
            with whole_strategy(work, step, use, on_record) as strategy:
                yield strategy

    monkeypatch.setattr(Workplace, "strategy", talking)
    policy = use("prune", "iterative-greedy", remove=2)
    whole, _ = searched(policy)
    journalled = journal(workplace).read_bytes()
    record = json.loads((whole / "search.json").read_text())["record"]
    assert record[:2] == [{"decoding": "aloud"}, {"passes": 40}]
    assert [one["of"] for one in record[2:5]] == ["decoder.1", "decoder.2", "decoder.3"]
    lines = journalled.splitlines(keepends=True)
    for kept in range(len(lines)):
        journal(workplace).write_bytes(b"".join(lines[:kept]))
        again, _ = searched(policy)
        assert (again / "search.json").read_bytes() == (whole / "search.json").read_bytes()
        assert journal(workplace).read_bytes() == journalled


@dataclass
class Talker:
    """A metric's worker that says something of everything it does."""

    say: Callable[[dict[str, Any]], None]

    def do(self, what: str, arguments: dict[str, Any], on_item: Any = None, **how: Any) -> None:
        if what == "open":
            self.say({"decoding": "aloud"})
            self.say({"passes": 40})
        for names in arguments.get("sets", ()):
            self.say({"passes": 10, "of": names[-1]})
            on_item({"removed": names, "value": float(names[-1][-1]), "raw": None, "kind": "exact"})


def test_another_policy_reuses_the_answers(searched: Search, workplace: Any, use: MakeUse) -> None:
    searched(use("prune", "iterative-greedy", remove=1))
    workplace.listener.events.clear()
    searched(use("prune", "one-shot", remove=2))
    assert asked(workplace) == []


def test_a_deeper_search_asks_only_what_is_new(searched: Search, workplace: Any, use: MakeUse) -> None:
    searched(use("prune", "iterative-greedy", remove=1))
    workplace.listener.events.clear()
    searched(use("prune", "iterative-greedy", remove=2))
    assert [len(removed) for removed in asked(workplace)] == [2, 2]


def test_another_seed_has_answers_of_its_own(searched: Search, workplace: Any, use: MakeUse) -> None:
    policy = use("prune", "one-shot", remove=1)
    searched(policy, seed=7)
    workplace.listener.events.clear()
    searched(policy, seed=8)
    assert len(asked(workplace)) == 3


def test_a_bound_in_the_journal_is_not_taken_for_a_score(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    policy = use("prune", "one-shot", remove=1)
    searched(policy)
    entries = [json.loads(line) for line in journal(workplace).read_text().splitlines()]
    entries[1]["kind"] = "bound"
    journal(workplace).write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    workplace.listener.events.clear()
    searched(policy)
    assert asked(workplace) == [entries[1]["removed"]]


def test_a_loser_s_bound_is_enough_for_a_question_that_wants_the_winner(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    policy = use("prune", "iterative-greedy", remove=1)
    _, facts = searched(policy)
    entries = [json.loads(line) for line in journal(workplace).read_text().splitlines()]
    for entry in entries:
        if entry["removed"] != facts["removals"]:
            entry["kind"] = "bound"
    journal(workplace).write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    workplace.listener.events.clear()
    _, again = searched(policy)
    assert again["removals"] == facts["removals"]
    assert asked(workplace) == []


def test_a_search_never_goes_by_a_bound(searched: Search, workplace: Any, use: MakeUse) -> None:
    policy = use("prune", "iterative-greedy", remove=1)
    _, facts = searched(policy)
    entries = [json.loads(line) for line in journal(workplace).read_text().splitlines()]
    for entry in entries:
        if entry["removed"] == facts["removals"]:
            entry["kind"] = "bound"
    journal(workplace).write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    workplace.listener.events.clear()
    searched(policy)
    assert asked(workplace) == [facts["removals"]]


def test_layers_can_be_protected_by_type(searched: Search, model: Path, workplace: Any, use: MakeUse) -> None:
    config = json.loads((model / "config.json").read_text())
    config["layer_types"] = ["full_attention" if index % 2 else "sliding_attention" for index in range(5)]
    (model / "config.json").write_text(json.dumps(config))
    _, facts = searched(use("prune", "one-shot", remove=2, protect=["sliding_attention"]))
    assert sorted(facts["removals"]) == ["decoder.1", "decoder.3"]


def test_an_explicit_order_needs_no_metric(searched: Search, workplace: Any, use: MakeUse) -> None:
    _, facts = searched(use("prune", "explicit", layers=[3, 1]))
    assert facts == {"removals": ["decoder.3", "decoder.1"], "questions": 0, "candidates": 0}


def test_parameters_are_counted_in_the_checkpoint_and_told(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    into, facts = searched(use("prune", "params-target", target="50%"))
    assert len(facts["removals"]) == 3
    told = json.loads((into / "search.json").read_text())["measured"]
    assert told[0] == {"removed": [], "measured": {"params": {"value": 5, "low": 5, "high": 5}}}
    assert told[-1]["measured"]["params"]["value"] == 2
    assert told[-1]["removed"] == sorted(facts["removals"])


def test_bytes_are_those_of_the_tensors_as_stored(searched: Search, workplace: Any, use: MakeUse) -> None:
    _, facts = searched(use("prune", "bytes-target", target=12))
    assert len(facts["removals"]) == 2


def test_a_nested_metric_shortlists_and_has_a_journal_of_its_own(
    searched: Search, workplace: Any, use: MakeUse
) -> None:
    shortlist = use("importance", "random", seed_offset=1)
    policy = use("prune", "two-stage", remove=1, candidates=2, shortlist={"use": "random", "with": {}})
    into, _ = searched(replace(policy, nested={"shortlist": shortlist}))
    cheap, dear = json.loads((into / "search.json").read_text())["questions"]
    assert (cheap["metric"], len(cheap["sets"]), dear["metric"], len(dear["sets"])) == (
        "shortlist",
        3,
        "importance",
        2,
    )
    assert len(list((workplace.store.root / ".journals").iterdir())) == 2


def test_a_layer_that_is_not_there_is_refused(searched: Search, use: MakeUse) -> None:
    with pytest.raises(RunFailed, match=r"decoder\.9"):
        searched(use("prune", "explicit", layers=[9]))
