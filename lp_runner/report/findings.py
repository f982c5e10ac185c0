"""Results → plain sentences: what was lost and gained, with named denominators and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lp_runner.api import Json
from lp_runner.report.numbers import decimals, share
from lp_runner.report.points import headline, speeds


def findings(results: Mapping[str, Json]) -> list[str]:
    """One sentence for each delivered model, the deepest cut last; then how fast the smallest is, by every backend."""
    told = [_sentence(system, results) for system in results["systems"] if system["kept"]]
    timed = _smallest(results)
    return [*told, _speed(timed) + _elsewhere(results) + "."] if timed else told


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


def _speed(rows: Sequence[Mapping[str, Json]]) -> str:
    first, *others = rows
    told = f"{first['system']} is {_gain(first)} as fast as the unpruned model with {first['label']}"
    rest = [f"{_gain(row)} with {row['label']}" for row in others]
    at = f"at batch {first['batch_size']}"
    return f"{', '.join([f'{told} {at}', *rest])}; fewer weights to read allow {first['ideal_speedup']:.2f}×"


def _gain(row: Mapping[str, Json]) -> str:
    gain = row["speedup"]
    return f"{gain['median']:.2f}× [{gain['min']:.2f}, {gain['max']:.2f}]"


def _elsewhere(results: Mapping[str, Json]) -> str:
    """A shared artefact may come from another machine, whose speed is not this one's."""
    there, here = results["benchmark"]["machine"], results["machine"]
    if all(there[name] == here[name] for name in ("processor", "accelerators")):
        return ""
    return f" (measured on another machine: {', '.join([there['processor'], *there['accelerators']])})"


def _sentence(system: Mapping[str, Json], results: Mapping[str, Json]) -> str:
    unpruned = results["systems"][0]
    layers = f"{_layers(unpruned)}→{_layers(system)} layers"
    smaller = f"{100 * system['bytes'] / unpruned['bytes']:.0f} % of the bytes"
    return f"{layers} {_quality(system)}, at {_faster(system, results)}{smaller}."


def _quality(system: Mapping[str, Json]) -> str:
    """By the headline's metric; with the same recovery first, since that denominator is the harder one."""
    first = headline(system)
    told = f"reach {first['metric']} {first['value']:.{1 if decimals(first['value']) == 2 else 3}f}"
    kept = [
        line for line in system["compared"] if line["metric"] == first["metric"] and line["retention_percent"]
    ]
    if not first["higher_is_better"] or not kept:
        return told
    kept.sort(key=lambda line: not line["of"].endswith("recovery"))
    shares = [f"{_retention(kept[0])} of the {first['metric']} of {_denominator(kept[0])}"]
    shares += [f"{_retention(line)} of that of {_denominator(line)}" for line in kept[1:]]
    return f"keep {' and '.join(shares)}"


def _retention(line: Mapping[str, Json]) -> str:
    return share(line["retention_percent"])


def _denominator(line: Mapping[str, Json]) -> str:
    return "the unpruned model" + (" with the same recovery" if line["of"].endswith("recovery") else "")


def _faster(system: Mapping[str, Json], results: Mapping[str, Json]) -> str:
    """By the first backend of the benchmark, where this model was timed."""
    timed = next((one for one in speeds(results) if one.point.name == system["name"]), None)
    if timed is None:
        return ""
    backend = timed.backend.replace(" (", ", ").removesuffix(")")
    return f"{timed.speedup.value:.2f}× the speed ({backend}, batch {timed.batch_size}) and "


def _layers(system: Mapping[str, Json]) -> str:
    counts: Mapping[str, Any] = system["layers"]
    return "+".join(str(counts[stack]) for stack in sorted(counts, reverse=True))
