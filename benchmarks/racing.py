"""How often a race chooses the layer that all segments would have given, over many random orders of the segments.

    python benchmarks/racing.py runs/quickstart runs/gemma3-270m-ces-deu --steps 4 --segments 100 --orders 200

In: run folders (their models and dev sets). First every candidate of the first steps of iterative-greedy is translated
whole by the exact engine, and the same question is raced at `--confidence`; both are timed and recorded beside this
file (`racing-NAME.jsonl`; a step that is there is not done again, and a race only by other rules). Then each step is raced on the recorded chrF++
statistics, in `--orders` random orders of the segments, by the plugin's own rules. Out: two tables in Markdown on the
terminal.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lp_ablation.race import Racing, race
from numpy.typing import NDArray
from paper_loop import Ours, Task, layers_of, new_layer, read_task, surround, timed
from sacrebleu.metrics.chrf import CHRF

from lp_runner.api import Evaluation, Layer, Removal

Table = NDArray[np.float64]
"""chrF++'s statistics, (segments, orders, 3): n-grams written, wanted, matched."""
CHRF_PP = CHRF(word_order=2)
CONFIDENCES = (0.8, 0.9, 0.95, 0.99)


def main() -> None:
    options = parse_options()
    surround()
    torch.set_num_threads(options.threads)
    recorded = {run.name: record(run, options) for run in options.runs}
    times(recorded)
    print(
        "\n| model | step | candidates | gap to the second | confidence | same layer | share of translations |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, steps in recorded.items():
        for number, tables in enumerate(map(tables_of, steps), 1):
            for confidence in CONFIDENCES:
                outcomes = [
                    raced(shuffled(tables, seed), rules(options, confidence), seed)
                    for seed in range(options.orders)
                ]
                print(row(name, number, tables, confidence, outcomes), flush=True)


def parse_options() -> argparse.Namespace:
    verbatim = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=verbatim)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--confidence", type=float, default=0.95, help="of the timed race")
    parser.add_argument("--first-look", type=int, default=30)
    parser.add_argument("--growth", type=float, default=2)
    parser.add_argument("--replicates", type=int, default=250)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def rules(options: argparse.Namespace, confidence: float) -> Racing:
    return Racing(confidence, options.first_look, options.growth, options.replicates)


def record(run: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Of each step what went, every candidate's statistics by layer, and what both ways took."""
    options.run = run
    task = read_task(options)
    kept = Path(__file__).with_name(f"racing-{run.name}.jsonl")
    steps = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    race = asdict(rules(options, options.confidence))
    if len(steps) < options.steps or not all(_raced_by(race, step) for step in steps[: options.steps]):
        _complete(
            steps, task, Ours(task, bounds=False), Ours(task, bounds=False, racing=race), options.steps, kept
        )
    return steps[: options.steps]


def _raced_by(rules: Mapping[str, Any] | None, step: Mapping[str, Any]) -> bool:
    return "race" in step and step["race"].get("rules") == rules


def _complete(
    steps: list[dict[str, Any]], task: Task, exact: Ours, race: Ours, wanted: int, kept: Path
) -> None:
    """What a step lacks is done; the file has every step that is complete."""
    for number in range(wanted):
        gone = frozenset(Layer(step["removed"]) for step in steps[:number])
        layers = [Layer(index) for index in range(1, layers_of(task) - 1) if Layer(index) not in gone]
        sets = [gone | {layer} for layer in layers]
        if number == len(steps):
            seconds, (best, texts) = timed(exact.step, sets)
            steps.append(
                {
                    "removed": new_layer(best, sets),
                    "exact": {"seconds": seconds, **exact.work[-1]},
                    "statistics": statistics(texts, sets, task.references),
                }
            )
        if not _raced_by(race.racing, steps[number]):
            seconds, (best, _) = timed(race.step, sets)
            told = {"rules": race.racing, "seconds": seconds, "removed": new_layer(best, sets)}
            steps[number]["race"] = told | race.work[-1]
        kept.write_text("".join(json.dumps(step) + "\n" for step in steps))


def times(recorded: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    print(
        "| model | step | removed | raced | exact, s | race, s | times less | tokens through the head, times less |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, steps in recorded.items():
        for number, step in enumerate(steps, 1):
            exact, race = step["exact"], step["race"]
            less = [f"{exact[what] / race[what]:.2f}" for what in ("seconds", "head_tokens")]
            cells = [
                name,
                number,
                step["removed"],
                race["removed"],
                f"{exact['seconds']:.1f}",
                f"{race['seconds']:.1f}",
            ]
            print(f"| {' | '.join(map(str, [*cells, *less]))} |")


def tables_of(step: Mapping[str, Any]) -> dict[int, Table]:
    return {
        int(layer): np.array(rows, dtype=float).reshape(len(rows), -1, 3)
        for layer, rows in step["statistics"].items()
    }


def statistics(
    texts: Mapping[Removal, Sequence[str]], sets: Sequence[Removal], references: Sequence[str]
) -> dict[int, Any]:
    return {
        new_layer(removed, sets): CHRF_PP._extract_corpus_statistics(list(texts[removed]), [list(references)])
        for removed in sets
    }


def shuffled(tables: Mapping[int, Table], seed: int) -> dict[int, Table]:
    order = np.random.default_rng(seed).permutation(len(next(iter(tables.values()))))
    return {layer: table[order] for layer, table in tables.items()}


def raced(tables: Mapping[int, Table], racing: Racing, seed: int) -> tuple[int, int]:
    """The layer that wins, and how many translations it took."""
    layers, everything = list(tables), len(next(iter(tables.values())))

    @cache
    def counts(seen: int) -> NDArray[np.float64]:
        chosen = np.random.default_rng(seed).choice(seen, size=(racing.replicates, seen), replace=True)
        return np.stack([np.bincount(one, minlength=seen) for one in chosen]).astype(float)

    def judge(number: int, seen: int) -> Evaluation:
        return evaluation(tables[layers[number]][:seen], counts(seen))

    end = race(racing, len(layers), everything, lambda numbers, part: None, judge)
    best = max(end.stayed, key=lambda number: (round(end.stayed[number].value, 2), -layers[number]))
    return layers[best], end.translated


def evaluation(table: Table, counts: NDArray[np.float64]) -> Evaluation:
    sums = np.tensordot(counts, table, 1)
    value = float(chrf(table.sum(0)[None])[0])
    return Evaluation("chrf++", value, "", replicates=tuple(chrf(sums).tolist()))


def chrf(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """sacreBLEU's corpus score of many corpora at once, (corpora, orders, 3) → (corpora,)."""
    written, wanted, matched = (sums[..., part] for part in range(3))
    counted = (written > 0) & (wanted > 0)
    orders = np.maximum(counted.sum(-1), 1)
    precision = np.where(counted, matched / np.maximum(written, 1), 0).sum(-1) / orders
    recall = np.where(counted, matched / np.maximum(wanted, 1), 0).sum(-1) / orders
    factor = CHRF.BETA**2
    return 100 * (1 + factor) * precision * recall / np.maximum(factor * precision + recall, 1e-16)


def row(
    name: str,
    number: int,
    tables: Mapping[int, Table],
    confidence: float,
    outcomes: Sequence[tuple[int, int]],
) -> str:
    scores = {layer: round(float(chrf(table.sum(0)[None])[0]), 2) for layer, table in tables.items()}
    best, second = sorted(scores.values())[: -len(scores) - 1 : -1][:2]
    winner = max(scores, key=lambda layer: (scores[layer], -layer))
    same = sum(layer == winner for layer, _ in outcomes) / len(outcomes)
    whole = sum(len(table) for table in tables.values())
    share = sum(translated for _, translated in outcomes) / len(outcomes) / whole
    cells = [name, number, len(tables), f"{best - second:.2f}", confidence, f"{same:.3f}", f"{share:.2f}"]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
