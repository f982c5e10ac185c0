"""How the exact engine's time grows with segments, candidates and layers: one question to translation-quality each.

    python benchmarks/growth.py runs/gemma3-270m-ces-deu

In: a run folder (its model and dev set). Out: a table in Markdown on the terminal. One of the three grows at a time.
Fewer layers are the same model with the last but one, the last but two and so on gone from every candidate: it then
writes other texts, of other lengths, so the work that was counted stands beside the seconds.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from memory import forget_peak, peak_gb
from paper_loop import Ours, Task, layers_of, numbers, read_task, surround, timed

from lp_runner.api import Layer, Removal


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--segments", type=numbers, default=[25, 50, 100, 200], metavar="COUNT,…")
    parser.add_argument("--candidates", type=numbers, default=[2, 4, 8, 16], metavar="COUNT,…")
    parser.add_argument("--gone", type=numbers, default=[0, 3, 6], metavar="COUNT,…")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    surround()
    torch.set_num_threads(options.threads)
    most = options.segments
    options.segments = max(most)
    task = read_task(options)
    print(
        "| layers | candidates | segments | seconds | tokens through a layer | through the head "
        "| µs a layer's token | peak GB |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    for segments, candidates, gone in dict.fromkeys(questions(most, options.candidates, options.gone)):
        part = replace(task, segments=task.segments[:segments])
        print(row(part, candidates_of(layers_of(task), candidates, gone), layers_of(task) - gone), flush=True)


def questions(segments: list[int], candidates: list[int], gone: list[int]) -> Iterator[tuple[int, int, int]]:
    """Each of the three grows while the others stay at their second value, or at all layers."""
    yield from ((count, candidates[1], 0) for count in segments)
    yield from ((segments[1], count, 0) for count in candidates)
    yield from ((segments[1], candidates[1], count) for count in gone)


def candidates_of(layers: int, count: int, gone: int) -> list[Removal]:
    """So many sets, spread evenly over the layers that are left between the first and the last."""
    base = frozenset(Layer(layers - 2 - place) for place in range(gone))
    left = range(1, layers - 1 - gone)
    return [base | {Layer(left[place * len(left) // count])} for place in range(count)]


def row(task: Task, sets: list[Removal], layers: int) -> str:
    engine = Ours(task, bounds=False)
    forget_peak()
    seconds, _ = timed(engine.step, sets)
    work = engine.work[-1]
    each = 1e6 * seconds / work["layer_tokens"]
    counts = f"{work['layer_tokens']:,} | {work['head_tokens']:,}"
    return f"| {layers} | {len(sets)} | {len(task.segments)} | {seconds:.1f} | {counts} | {each:.0f} | {peak_gb():.2f} |"


if __name__ == "__main__":
    main()
