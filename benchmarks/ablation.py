"""A finished ablation of importance metrics → its table and its plot.

    lp-run recipes/ablation-metrics.yaml
    python benchmarks/ablation.py runs/ablation-metrics --plot docs/ablation.svg

In: a run whose controls are other metrics, searched by the same policy to the same depth. Out: a table in Markdown on
the terminal, and with `--plot` (needs matplotlib) quality before and after recovery.
`seconds` are those of the last sitting: of a search that was interrupted, or that found answers in the store, they say
too little. Spearman's rank correlation is that of the first question, every layer alone, with the recipe's own metric; it needs
exact scores (`bounds: false`).
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--plot", type=Path, metavar="SVG")
    options = parser.parse_args()
    results = json.loads((options.run / "results.json").read_text(encoding="utf-8"))
    rows = [row(search, results) for search in results["searches"]]
    table(rows, results)
    if options.plot:
        plot(rows, results["systems"][0]["evaluations"][0], options.plot)


def row(search: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """One metric: what it removed, what is left of the quality, and what it cost."""
    mine = [system for system in results["systems"] if set(system["removed"]) == set(search["removals"])]
    scores = {bool(system["recovered"]): system["evaluations"][0] for system in mine}
    return {
        "metric": named(search["metric"]),
        "removed": [int(name.partition(".")[2]) for name in search["removals"]],
        "before": scores[False],
        "after": scores.get(True),
        "spearman": spearman(first_scores(search), first_scores(results["searches"][0])),
        "passes": search["cost"]["passes"] or 0,
        "seconds": search["seconds"],
    }


def table(rows: Sequence[Mapping[str, Any]], results: Mapping[str, Any]) -> None:
    metric = results["systems"][0]["evaluations"][0]["metric"]
    heads = [
        "importance",
        "removed",
        metric,
        f"{metric} recovered",
        f"Spearman with {rows[0]['metric']}",
        "model passes",
        "seconds",
    ]
    print(f"| {' | '.join(heads)} |\n|---|---|{'---:|' * (len(heads) - 2)}")
    for one in rows:
        cells = [
            one["metric"],
            ", ".join(map(str, one["removed"])),
            interval(one["before"]),
            interval(one["after"]) if one["after"] else "",
            f"{one['spearman']:.2f}",
            f"{one['passes']:,}",
            f"{one['seconds']:.1f}",
        ]
        print(f"| {' | '.join(cells)} |")


def plot(rows: Sequence[Mapping[str, Any]], unpruned: Mapping[str, Any], out: Path) -> None:
    """A line for each metric, the best before recovery first."""
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = out.name
    told = sorted(rows, key=lambda one: one["before"]["value"])
    figure, axes = pyplot.subplots(figsize=(8, 1 + 0.28 * len(told)), layout="constrained")
    for name, marker, label in (("before", "o", "before recovery"), ("after", "s", "after recovery")):
        found = [(line, one[name]) for line, one in enumerate(told) if one[name]]
        values = [score["value"] for _, score in found]
        below = [score["value"] - score["low"] for _, score in found]
        above = [score["high"] - score["value"] for _, score in found]
        axes.errorbar(
            values, [line for line, _ in found], xerr=(below, above), fmt=marker, capsize=2, label=label
        )
    axes.axvline(unpruned["value"], color="gray", linestyle=":", label="unpruned")
    axes.set_yticks(range(len(told)), [f"{one['metric']}, {one['seconds']:.1f} s" for one in told])
    axes.set(xlabel=f"{unpruned['metric']} on the test set (95 %); seconds of the search")
    axes.legend(loc="upper left")
    figure.savefig(out, metadata={"Date": None})


def named(metric: Mapping[str, Any]) -> str:
    """With the options that tell a metric from another of its name."""
    given = metric["with"]
    quality = metric["use"] == "translation-quality"
    options = [given["metric"]["use"]] if quality else []
    options += ["against unpruned"] if quality and given["against"] == "unpruned" else []
    options += [f"seed {given['seed_offset']}"] if "seed_offset" in given else []
    return f"{metric['use']} ({', '.join(options)})" if options else str(metric["use"])


def first_scores(search: Mapping[str, Any]) -> dict[str, float]:
    """Of every layer alone. Raises ValueError where a score is not exact."""
    scores = search["questions"][0]["scores"]
    if any(score["kind"] != "exact" for score in scores):
        raise ValueError(
            f"{search['step']}: ranks need exact scores; give the metric `bounds: false`, no racing"
        )
    return {score["removed"][0]: score["value"] for score in scores}


def spearman(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Correlation of ranks; equal values share the mean of theirs."""
    layers = sorted(theirs)
    pair = [ranks([one[layer] for layer in layers]) for one in (ours, theirs)]
    return float(np.corrcoef(*pair)[0, 1])


def ranks(values: Sequence[float]) -> list[float]:
    return [
        sum(other < one for other in values) + sum(other == one for other in values) / 2 for one in values
    ]


def interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"


if __name__ == "__main__":
    main()
