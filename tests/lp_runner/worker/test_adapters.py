"""Every kind of strategy, asked over the pipe with files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lp_runner.api import Ask, EncodedSegment, Evaluation, Layer, Measure, Score
from lp_runner.errors import EnvironmentFailed, Interrupted, RunFailed
from lp_runner.worker import Worker
from lp_runner.worker.formats import read_ids, read_segments, write_encoded, write_ids, write_segments
from lp_runner.worker.protocol import Progress, Record


def implementation(name: str) -> str:
    return f"tiny_plugin.strategies:{name}"


EVALUATED = Evaluation("exact", 0.5, "exact|v1", replicates=(0.25, 0.75)).to_json()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def encoded(tmp_path: Path) -> Path:
    path = tmp_path / "encoded.jsonl"
    write_encoded(
        path, [EncodedSegment("dům", "Haus", (1, 5), (7, 2)), EncodedSegment("les", None, (1, 6), ())]
    )
    return path


def test_a_reader_writes_segments_and_shows_progress(worker: Worker, tmp_path: Path) -> None:
    heard: list[Progress | Record] = []
    worker.make("r", "read", implementation("Reader"), {"lines": ["dům", "les"]})
    reply = worker.do("r", "read", {"out": str(tmp_path / "out.jsonl")}, on_event=heard.append)
    assert reply.result == {"count": 2}
    assert lines(tmp_path / "out.jsonl") == [
        {"source": "dům", "reference": None},
        {"source": "les", "reference": "LES"},
    ]
    assert [(each.done, each.total, each.note) for each in heard if isinstance(each, Progress)] == [
        (1, 2, "dům"),
        (2, 2, "les"),
    ]


def test_an_encoder_makes_ids_of_texts_and_texts_of_ids(worker: Worker, tmp_path: Path) -> None:
    segments, out, ids, texts = (tmp_path / name for name in ("segments", "out", "ids", "texts"))
    (tmp_path / "segments").write_text('{"source": "a", "reference": "b"}\n')
    write_ids(ids, [(72, 105)])
    prompt = {"template": "{source}=", "chat": False, "source_language": "Czech", "target_language": "German"}
    worker.make("e", "encode", implementation("Encoder"), {})
    worker.do("e", "open", {"model": "m", "prompt": prompt})
    encoded = worker.do("e", "encode", {"segments": str(segments), "out": str(out)})
    decoded = worker.do("e", "decode", {"ids": str(ids), "out": str(texts)})
    assert encoded.result == {"count": 1, "stop_ids": [2]}
    assert lines(out) == [{"source": "a", "reference": "b", "prompt_ids": [1, 97, 61], "target_ids": []}]
    assert decoded.result == {"count": 1}
    assert lines(texts) == [{"text": "Hi"}]


def test_a_metric_sends_each_score_as_an_item(worker: Worker, encoded: Path) -> None:
    items: list[Any] = []
    worker.make("m", "importance", implementation("Metric"), {})
    worker.do("m", "open", {"model": "m", "segments": str(encoded), "stop_ids": [2]})
    arguments = {"sets": [["decoder.3"], ["decoder.3", "decoder.4"]], "need": "scores"}
    reply = worker.do("m", "score", arguments, on_item=items.append)
    worker.do("m", "close")
    assert reply.result == {"count": 2}
    assert items == [
        {"removed": ["decoder.3"], "value": 3.0, "raw": None, "kind": "exact"},
        {"removed": ["decoder.3", "decoder.4"], "value": 7.0, "raw": None, "kind": "exact"},
    ]


def test_a_policy_asks_the_core_and_ends_with_its_removals(worker: Worker) -> None:
    asked: list[tuple[str, int]] = []

    def answer(name: str, arguments: Mapping[str, Any]) -> Any:
        ask = Ask.from_json(arguments)
        asked.append((name, len(ask.sets)))
        by_need = {0: 9.0, 1: 1.0, 2: 0.5, 3: 8.0}
        return {"scores": [Score(each, sum(by_need[x.index] for x in each)).to_json() for each in ask.sets]}

    worker.make("p", "prune", implementation("Policy"), {})
    layers = [f"decoder.{index}" for index in range(4)]
    reply = worker.do("p", "search", {"layers": layers}, on_call=answer)
    assert reply.result == {"removals": ["decoder.2", "decoder.1"]}
    assert asked == [("ask", 4), ("ask", 3)]


def test_a_policy_measures_and_knows_the_types_of_layers(worker: Worker) -> None:
    asked: list[Any] = []

    def answer(name: str, arguments: Mapping[str, Any]) -> Any:
        asked.append((name, Measure.from_json(arguments)))
        speed = {"value": 1.5, "low": 1.25, "high": 2.0}
        return {"measured": {"params": {"value": 9, "low": 9, "high": 9}, "speed": speed}}

    worker.make("p", "prune", implementation("SmallEnough"), {})
    layers = {
        "layers": ["decoder.0", "decoder.1"],
        "types": ["sliding_attention", "full_attention"],
    }
    reply = worker.do("p", "search", layers, on_call=answer)
    assert reply.result == {"removals": ["decoder.1"]}
    assert asked == [("measure", Measure(frozenset([Layer(1)]), ("params", "speed")))]


def test_policy_metric_and_evaluator_may_share_one_worker(
    worker: Worker, encoded: Path, tmp_path: Path
) -> None:
    """A search's question is put to the metric, whose question is put to the evaluator, all in one process."""
    surroundings = {"seed": 1, "device": "cpu", "dtype": "float32", "scratch": str(tmp_path / "scratch")}
    worker.make("p", "prune", implementation("Policy"), {})
    worker.make("m", "importance", implementation("Metric"), {"nested": True})
    worker.make("e", "evaluate", implementation("Judge"), {})
    worker.do("m", "open", {"model": "m", "segments": str(encoded), "stop_ids": []})
    evaluations = tmp_path / "evaluations.json"
    depth: list[str] = []

    def evaluate(name: str, arguments: Mapping[str, Any]) -> Any:
        depth.append(name)
        rows = [{**row, "reference": row["hypothesis"]} for row in lines(Path(arguments["outputs"]))]
        outputs = tmp_path / "outputs.jsonl"
        outputs.write_text("".join(json.dumps(row) + "\n" for row in rows))
        judged = {"system": "s", "outputs": str(outputs), "resamples": None, "out": str(evaluations)}
        worker.do("e", "score", judged, surroundings)
        return json.loads(evaluations.read_text())

    def ask(name: str, arguments: Mapping[str, Any]) -> Any:
        depth.append(name)
        items: list[Any] = []
        question = {"sets": arguments["sets"], "need": arguments["need"]}
        worker.do("m", "score", question, surroundings, on_call=evaluate, on_item=items.append)
        return {"scores": items}

    reply = worker.do("p", "search", {"layers": ["decoder.0", "decoder.1", "decoder.2"]}, on_call=ask)
    assert reply.result == {"removals": ["decoder.0"]}
    assert depth == ["ask", "evaluator", "evaluator", "evaluator"]
    assert 0 < reply.waiting_s < reply.seconds


def test_a_trainer_gets_surroundings_records_facts_and_saves_checkpoints(
    worker: Worker, encoded: Path, tmp_path: Path
) -> None:
    into, scratch = tmp_path / "into", tmp_path / "scratch"
    into.mkdir()
    facts: list[Any] = []
    saved: list[tuple[int, str]] = []

    def answer(name: str, arguments: Mapping[str, Any]) -> Any:
        if name == "checkpoint.latest":
            return {"step": 1, "folder": "/nowhere"}
        saved.append((arguments["step"], (Path(arguments["folder"]) / "state").read_text()))
        return None

    worker.make("t", "recover", implementation("Trainer"), {})
    reply = worker.do(
        "t",
        "train",
        {"model": "m", "train": str(encoded), "dev": str(encoded), "into": str(into)},
        {"seed": 11, "device": "cpu", "dtype": "float32", "scratch": str(scratch)},
        on_call=answer,
        on_event=lambda event: facts.append(event.facts if isinstance(event, Record) else event),
    )
    assert reply.result == {"resumed_from": 1, "rows": 4}
    assert saved == [(2, "2"), (3, "3")]
    assert facts == [{"step": 2, "loss": 0.5}, {"step": 3, "loss": 1 / 3}]
    assert (into / "weights").read_text() == "11 cpu float32"


def test_an_evaluator_writes_evaluations_with_replicates(worker: Worker, tmp_path: Path) -> None:
    outputs, out = tmp_path / "outputs.jsonl", tmp_path / "out.json"
    rows = [("a", "x", "x"), ("b", "y", "z")]
    named = [dict(zip(("source", "hypothesis", "reference"), row, strict=True)) for row in rows]
    outputs.write_text("".join(json.dumps(row) + "\n" for row in named))
    worker.make("e", "evaluate", implementation("Judge"), {})
    resamples = {"count": 2, "seed": 1}
    arguments = {"system": "s", "outputs": str(outputs), "resamples": resamples, "out": str(out)}
    assert worker.do("e", "score", arguments).result == {"exact": 0.5}
    [evaluation] = json.loads(out.read_text())
    assert Evaluation.from_json(evaluation) == Evaluation("exact", 0.5, "exact|v1", (1.0, 0.0), (0.5, 0.5))


@pytest.mark.parametrize(("judge", "told"), [("Bounding", [0.0, 8.0]), ("Judge", None)])
def test_an_evaluator_tells_what_can_still_be_reached_if_it_knows(
    judge: str, told: Any, worker: Worker, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs.jsonl"
    outputs.write_text('{"source": "a", "hypothesis": "x", "reference": "x"}\n')
    worker.make("e", "evaluate", implementation(judge), {})
    assert worker.do("e", "reach", {"system": "s", "outputs": str(outputs), "room": [7]}).result == told


@pytest.mark.parametrize(
    ("nested", "arguments", "answer", "value"),
    [
        ("bounds", {"room": [3, 3]}, [0.5, 6.5], 6.5),
        ("replicates", {"resamples": {"count": 2, "seed": 5}}, [EVALUATED], 0.75),
    ],
)
def test_a_metric_may_ask_for_bounds_and_replicates(
    nested: str, arguments: Any, answer: Any, value: float, worker: Worker, encoded: Path, tmp_path: Path
) -> None:
    asked, items = [], []

    def evaluate(name: str, given: Mapping[str, Any]) -> Any:
        asked.append({key: given[key] for key in arguments})
        return answer

    worker.make("m", "importance", implementation("Metric"), {"nested": nested})
    worker.do("m", "open", {"model": "m", "segments": str(encoded), "stop_ids": []})
    question = {"sets": [["decoder.1"]], "need": "winner"}
    surroundings = {"scratch": str(tmp_path / "scratch")}
    worker.do("m", "score", question, surroundings, on_call=evaluate, on_item=items.append)
    assert asked == [arguments]
    assert [item["value"] for item in items] == [value]


def test_an_evaluator_without_all_references_gets_none(worker: Worker, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.jsonl"
    outputs.write_text('{"source": "a", "hypothesis": "x", "reference": null}\n')
    worker.make("e", "evaluate", implementation("Judge"), {})
    arguments = {"system": "s", "outputs": str(outputs), "resamples": None, "out": str(tmp_path / "out")}
    with pytest.raises(RunFailed, match="e: exact needs references"):
        worker.do("e", "score", arguments)


def test_a_backend_writes_ids_and_tells_its_times(worker: Worker, encoded: Path, tmp_path: Path) -> None:
    out = tmp_path / "ids.jsonl"
    worker.make("b", "infer", implementation("Backend"), {})
    worker.do("b", "load", {"model": "m"})
    limits = {"max_new_tokens": [2, 1], "stop_ids": [2], "fixed_length": True}
    reply = worker.do("b", "generate", {"prompts": str(encoded), **limits, "out": str(out)})
    worker.do("b", "unload")
    assert reply.result == {"times": {"generate_s": 0.5}}
    assert list(read_ids(out)) == [(5, 5), (6,)]


def test_a_method_that_the_kind_lacks_is_an_error(worker: Worker) -> None:
    worker.make("b", "infer", implementation("Backend"), {})
    with pytest.raises(RunFailed, match="a Backend has no score"):
        worker.do("b", "score")


def nested_score(worker: Worker, encoded: Path, scratch: Path, on_call: Any) -> None:
    worker.make("m", "importance", implementation("Metric"), {"nested": True})
    worker.do("m", "open", {"model": "m", "segments": str(encoded), "stop_ids": []})
    arguments = {"sets": [["decoder.1"]], "need": "scores"}
    worker.do("m", "score", arguments, {"scratch": str(scratch)}, on_call=on_call)


def test_what_an_answer_failed_of_is_what_the_request_fails_of(
    worker: Worker, encoded: Path, tmp_path: Path
) -> None:
    def answer(name: str, arguments: Mapping[str, Any]) -> Any:
        raise EnvironmentFailed("no such device")

    with pytest.raises(EnvironmentFailed, match="no such device"):
        nested_score(worker, encoded, tmp_path / "scratch", answer)
    assert worker.hosts("m")


def test_an_interrupt_while_answering_ends_the_worker(worker: Worker, encoded: Path, tmp_path: Path) -> None:
    def answer(name: str, arguments: Mapping[str, Any]) -> Any:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        nested_score(worker, encoded, tmp_path / "scratch", answer)
    assert not worker.alive


def test_a_call_that_nobody_answers_is_an_error(worker: Worker, encoded: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="m calls 'evaluator', which lp_runner doesn't offer to it"):
        nested_score(worker, encoded, tmp_path / "scratch", None)


@pytest.mark.parametrize(
    ("about", "result"),
    [
        ("a number of its own", {"loss": 0.25}),
        ("other thread", {"told": "checkpoint.latest: only the main thread of a worker may call the core"}),
    ],
)
def test_results_that_can_be_told(worker: Worker, encoded: Path, about: str, result: dict[str, Any]) -> None:
    assert talk(worker, encoded, about) == result


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ("too much", r"a message of \d+ bytes is longer than 16777216; large payloads go as files"),
        ("an object", "JSON can't hold a object"),
    ],
)
def test_results_that_cannot_be_told_are_errors(
    worker: Worker, encoded: Path, about: str, message: str
) -> None:
    with pytest.raises(RunFailed, match=message):
        talk(worker, encoded, about)
    assert worker.alive


def talk(worker: Worker, encoded: Path, about: str) -> Any:
    worker.make("t", "recover", implementation("Talker"), {"about": about})
    arguments = {"model": "m", "train": str(encoded), "dev": str(encoded), "into": "i"}
    return worker.do("t", "train", arguments).result


def test_files_keep_any_text(tmp_path: Path) -> None:
    from lp_runner.api import Segment

    strange = [Segment("a\u2028b\nc\r\x00", "\U0001f600"), Segment("", None)]
    assert write_segments(tmp_path / "s", strange) == 2
    assert list(read_segments(tmp_path / "s")) == strange
