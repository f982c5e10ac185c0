"""`lp-run show RUN`: how far a run is and what it found; or one step, one candidate, one segment of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from lp_runner.api import Json
from lp_runner.cli.console import human_bytes, json_text, show, table
from lp_runner.cli.main import add_json, add_output
from lp_runner.cli.runs import add_run, age, found
from lp_runner.errors import DONE, UsageError
from lp_runner.report.excerpts import candidate, candidates, segment, step, steps
from lp_runner.report.findings import findings
from lp_runner.report.numbers import digits_of, with_interval
from lp_runner.report.overview import overview, results_of
from lp_runner.store import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--step", metavar="ID", help="one step: its options, files and facts")
    one.add_argument(
        "--candidate", metavar="LAYER", help="the scores of decoder.7 in every question of a search"
    )
    one.add_argument(
        "--segment", type=int, metavar="N", help="the Nth segment of the test set, by every system"
    )
    add_output(parser)
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    folder = found(arguments.run, arguments.output)
    run = Run.open(folder)
    if arguments.step is not None:
        told, tell = _step(run, arguments.step), _show_step
    elif arguments.candidate is not None:
        told, tell = _candidate(run, arguments.candidate), _show_candidate
    elif arguments.segment is not None:
        told, tell = segment(run, arguments.segment), _show_segment
    else:
        told, tell = _run(run), _show_run
    if arguments.json:
        print(json_text(told))
    else:
        tell(told)
    return DONE


def _run(run: Run) -> dict[str, Json]:
    about, results = overview(run.folder), results_of(run)
    return {
        "folder": str(run.folder),
        "state": about.state,
        "pid": about.pid,
        "age_s": round(about.age_s, 1),
        "findings": findings(results) if results else [about.headline],
        "systems": [_system(system) for system in results["systems"]] if results else [],
        "steps": steps(run),
        "report": str(run.folder / "report.html") if results else None,
    }


def _system(system: Mapping[str, Json]) -> dict[str, Json]:
    named = ("name", "layers", "params", "bytes", "kept", "removed", "evaluations", "compared")
    return {name: system[name] for name in named}


def _step(run: Run, step_id: str) -> dict[str, Json]:
    known = [planned["id"] for planned in run.plan["steps"]]
    if step_id not in known:
        raise _unknown("step", step_id, known, run.folder)
    return step(run, step_id)


def _candidate(run: Run, layers: str) -> dict[str, Json]:
    scores = candidate(run, layers)
    if not scores:
        raise _unknown("scored candidate", layers, candidates(run), run.folder)
    return {"candidate": layers, "scores": scores}


def _unknown(noun: str, word: str, known: Sequence[str], folder: Path) -> UsageError:
    from lp_runner.recipe.complaints import nearest

    return UsageError(f"{folder}: no such {noun}: {word}{nearest(word, known)}")


def _show_run(told: Mapping[str, Json]) -> None:
    by = f" by process {told['pid']}" if told["pid"] else ""
    show(f"{told['folder']}: {told['state']}{by}, last worked on {age(told['age_s'])} ago")
    for sentence in told["findings"]:
        show(sentence)
    if told["systems"]:
        show("")
        show(_systems(told["systems"]))
    show("")
    rows = [[s["step"], s["state"], _seconds(s["seconds"]), s["title"]] for s in told["steps"]]
    show(table(["step", "state", "seconds", "what"], rows, numbers=["seconds"]))
    if told["report"]:
        show(f"report: {told['report']}")


def _systems(systems: Sequence[Mapping[str, Json]]) -> Json:
    digits = digits_of(systems)
    columns = ["system", "layers", "parameters", "bytes", *digits]
    rows = [
        [
            system["name"],
            "+".join(str(count) for count in system["layers"].values()),
            f"{system['params'] / 1e6:,.1f} M",
            human_bytes(system["bytes"]),
            *(_score(metric, system, digits[metric]) for metric in digits),
        ]
        for system in systems
    ]
    return table(columns, rows, numbers=columns[1:])


def _score(metric: str, system: Mapping[str, Json], digits: int) -> str:
    score = next((one for one in system["evaluations"] if one["metric"] == metric), None)
    return with_interval(score, digits) if score else ""


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.1f}"


def _show_step(told: Mapping[str, Json]) -> None:
    show(f"{told['step']}: {told['title']}; {told['state']}")
    rows = [
        ["seconds", _seconds(told["seconds"])],
        ["key", told["key"] or ""],
        ["artefact", told["artefact"] or ""],
    ]
    rows += [[f"needs {role}", need] for role, need in told["needs"].items()]
    for kind, use in told["uses"].items():
        rows += [
            [kind, use["use"]],
            *([f"{kind}.{name}", _short(value)] for name, value in use["with"].items()),
        ]
    rows += [[f"fact {name}", _short(value)] for name, value in told["facts"].items()]
    rows += [[f"file {name}", human_bytes(size)] for name, size in told["files"].items()]
    show(table(["", ""], [row for row in rows if row[1]]))


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _show_candidate(told: Mapping[str, Json]) -> None:
    rows = [
        [
            score["search"],
            str(score["question"]),
            f"{score['value']:.4g}",
            "" if score["raw"] is None else f"{score['raw']:.4g}",
            score["kind"],
            ", ".join(score["gone"]),
        ]
        for score in told["scores"]
    ]
    columns = ["search", "question", "importance", "raw", "kind", "gone already"]
    show(table(columns, rows, numbers=columns[1:4]))


def _show_segment(told: Mapping[str, Json]) -> None:
    rows = [["source", told["source"], ""], ["reference", told["reference"] or "", ""]]
    for one in told["hypotheses"]:
        scores = ", ".join(f"{metric} {value:.4g}" for metric, value in one["scores"].items())
        rows.append([one["system"], one["hypothesis"], scores])
    show(table(["", f"segment {told['segment']}", "scores"], rows))
