"""Results → plain sentences: what was lost and gained, with named denominators and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lp_runner.api import Json


def findings(results: Mapping[str, Json]) -> list[str]:
    """One sentence for each delivered model, the deepest cut last; then how fast the smallest is, by each backend."""
    told = [_sentence(system, results) for system in results["systems"] if system["kept"]]
    return told + [_speed(row) + _elsewhere(results) + "." for row in _smallest(results)]


def _smallest(results: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """The smallest delivered model that was timed, by each backend at the largest batch."""
    kept = {system["name"]: system["params"] for system in results["systems"] if system["kept"]}
    rows = (results.get("benchmark") or {}).get("measurements", ())
    timed = [row for row in rows if row["speedup"] and row["system"] in kept]
    if not timed:
        return []
    smallest = min(timed, key=lambda row: kept[row["system"]])["system"]
    largest = max(row["batch_size"] for row in timed)
    return [row for row in timed if row["system"] == smallest and row["batch_size"] == largest]


def _speed(row: Mapping[str, Json]) -> str:
    gain = row["speedup"]
    return (
        f"{row['system']} is {gain['median']:.2f}× [{gain['min']:.2f}, {gain['max']:.2f}] as fast as the unpruned "
        f"model with {row['label']} at batch {row['batch_size']}; "
        f"fewer weights to read allow {row['ideal_speedup']:.2f}×"
    )


def _elsewhere(results: Mapping[str, Json]) -> str:
    """A shared artefact may come from another machine, whose speed is not this one's."""
    there, here = results["benchmark"]["machine"], results["machine"]
    if all(there[name] == here[name] for name in ("processor", "accelerators")):
        return ""
    return f" (measured on another machine: {', '.join([there['processor'], *there['accelerators']])})"


def _sentence(system: Mapping[str, Json], results: Mapping[str, Json]) -> str:
    unpruned = results["systems"][0]
    layers = f"{_layers(unpruned)}→{_layers(system)} layers"
    smaller = f"{100 * system['params'] / unpruned['params']:.0f} % of the parameters"
    quality = _quality(system)
    return f"{layers} ({smaller}): {quality}."


def _quality(system: Mapping[str, Json]) -> str:
    """By the recipe's first metric of which more is better; a share of an error rate says nothing."""
    scores = [one for one in system["evaluations"] if one["higher_is_better"]] or system["evaluations"]
    first = scores[0]
    told = f"{first['metric']} {first['value']:.1f}"
    kept = [
        line for line in system["compared"] if line["metric"] == first["metric"] and line["retention_percent"]
    ]
    if not first["higher_is_better"] or not kept:
        return told
    return f"{told}, which is " + " and ".join(_retention(line) for line in kept)


def _retention(line: Mapping[str, Json]) -> str:
    kept = line["retention_percent"]
    of = "the unpruned model" + (" with the same recovery" if line["of"].endswith("recovery") else "")
    return f"{kept['value']:.1f} % [{kept['low']:.1f}, {kept['high']:.1f}] of {of}"


def _layers(system: Mapping[str, Json]) -> str:
    counts: Mapping[str, Any] = system["layers"]
    return "+".join(str(counts[stack]) for stack in sorted(counts, reverse=True))
