"""A run's results.json → the tables of its systems and their speed in Markdown, as docs/results.md has them.

python benchmarks/table.py runs/quickstart
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def main() -> None:
    results = json.loads((Path(sys.argv[1]) / "results.json").read_text(encoding="utf-8"))
    metrics = [one["metric"] for one in results["systems"][0]["evaluations"]]
    heads = ["system", "layers", "parameters", "MB", *metrics, f"{metrics[0]} kept of unpruned+recovery"]
    print(f"| {' | '.join(heads)} |")
    print(f"|---|{'---:|' * (len(heads) - 1)}")
    for system in results["systems"]:
        print(f"| {' | '.join(row(system, metrics[0]))} |")
    for search in results["searches"]:
        order = ", ".join(name.partition(".")[2] for name in search["removals"])
        print(
            f"\n{search['metric']['use']} removes {order}: {search['candidates']} candidates, "
            f"{search['seconds']:.0f} s."
        )
    if results.get("benchmark"):
        speed(results["benchmark"]["measurements"])


def speed(rows: Sequence[Mapping[str, Any]]) -> None:
    """Beside each backend its ratio to the first one in the same dtype, least and most of the rounds."""
    heads = [
        "system",
        "backend",
        "batch",
        "tokens/s",
        f"over {rows[0]['backend']['use']}",
        "over unpruned",
        "ideal",
        "load, s",
    ]
    print(f"\n| {' | '.join(heads)} |\n|---|---|{'---:|' * (len(heads) - 2)}")
    first = {setting(r): r for r in rows if r["backend"]["use"] == rows[0]["backend"]["use"]}
    for row in rows:
        pairs = zip(first[setting(row)]["rounds"], row["rounds"], strict=True)
        ratios = [plain["seconds"] / fast["seconds"] for plain, fast in pairs]
        over = "" if row is first[setting(row)] else f"{min(ratios):.1f} to {max(ratios):.1f}"
        gain = spread(row["speedup"], 2) if row["speedup"] else ""
        ideal = f"{row['ideal_speedup']:.2f}" if row["ideal_speedup"] else ""
        speeds = [str(row["batch_size"]), spread(row["tokens_per_s"], 1), over, gain, ideal]
        cells = [row["system"], row["label"], *speeds, f"{row['load_s'][0]:.1f}"]
        print(f"| {' | '.join(cells)} |")


def setting(row: Mapping[str, Any]) -> tuple[str, int, str]:
    return row["system"], row["batch_size"], row["backend"]["with"].get("dtype", "auto")


def spread(one: Mapping[str, float], decimals: int) -> str:
    middle, least, most = (f"{one[name]:.{decimals}f}" for name in ("median", "min", "max"))
    return f"{middle} [{least}, {most}]"


def row(system: Mapping[str, Any], metric: str) -> list[str]:
    layers = "+".join(str(count) for count in system["layers"].values())
    scores = [f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]" for one in system["evaluations"]]
    size = [f"{system['params'] / 1e6:.2f} M", f"{system['bytes'] / 1e6:.1f}"]
    return [system["name"], layers, *size, *scores, kept(system, metric)]


def kept(system: Mapping[str, Any], metric: str) -> str:
    for line in system["compared"]:
        if (line["metric"], line["of"]) == (metric, "unpruned+recovery") and line["retention_percent"]:
            share = line["retention_percent"]
            return f"{share['value']:.1f} % [{share['low']:.1f}, {share['high']:.1f}]"
    return "100 %" if system["name"] == "unpruned+recovery" else ""


if __name__ == "__main__":
    main()
