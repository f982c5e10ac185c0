"""`lp-run list`: every run under --output, its state, age, headline and disk."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from lp_runner.api import Json
from lp_runner.cli.console import human_bytes, json_text, show, table
from lp_runner.cli.main import add_json, add_output
from lp_runner.cli.runs import age
from lp_runner.errors import DONE
from lp_runner.report.overview import overview
from lp_runner.store import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_output(parser)
    add_json(parser)


def main(arguments: argparse.Namespace) -> int:
    output = Output(arguments.output)
    runs = [_told(name, output) for name in output.runs()]
    told = {"output": str(output.path), "store_bytes": output.store_bytes(), "runs": runs}
    if arguments.json:
        print(json_text(told))
    else:
        _show(told)
    return DONE


def _told(name: str, output: Output) -> dict[str, Json]:
    about = overview(output.runs()[name])
    return {
        "name": name,
        "state": about.state,
        "pid": about.pid,
        "age_s": round(about.age_s, 1),
        "steps_done": about.done,
        "steps": about.steps,
        "own_bytes": output.own_bytes(name),
        "headline": about.headline,
    }


def _show(told: Mapping[str, Json]) -> None:
    if not told["runs"]:
        show(f"{told['output']}: no runs")
        return
    rows = [
        [run["name"], run["state"], age(run["age_s"]), human_bytes(run["own_bytes"]), run["headline"]]
        for run in told["runs"]
    ]
    show(table(["run", "state", "age", "its own", "headline"], rows, numbers=["age", "its own"]))
    show(f"{told['output']}: {human_bytes(told['store_bytes'])} in the store that all runs share")
