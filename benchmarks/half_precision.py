"""How often the texts of one step's candidates differ between ways to translate in bfloat16, and from those in float32.

    python benchmarks/half_precision.py runs/gemma3-270m-ces-deu --segments 50 --batches 8,32

In: a run folder (its model and the token ids of its dev set). Out: seconds, the layer that goes and, for each way, how
many texts are others than each other way's. The ways are the exact engine in both precisions and the plain loop of
paper_loop.py, which loads the model for every candidate and calls `generate`, in bfloat16 at each batch size.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from paper_loop import Ours, Plain, layers_of, new_layer, numbers, read_task, surround, timed

from lp_runner.api import Layer, Removal

Texts = Mapping[Removal, list[str]]


def main() -> None:
    options = parse_options()
    surround()
    torch.set_num_threads(options.threads)
    task = read_task(options)
    sets = [frozenset({Layer(index)}) for index in range(1, layers_of(task) - 1)]
    ways = {
        "engine, float32": Ours(replace(task, dtype=torch.float32), bounds=False),
        "engine, bfloat16": Ours(task, bounds=False),
        **{f"plain, bfloat16, batch {batch}": Plain(task, batch) for batch in options.batches},
    }
    found: dict[str, Texts] = {}
    for name, way in ways.items():
        seconds, (gone, found[name]) = timed(way.step, sets)
        print(f"{name}: without {new_layer(gone, sets)}, {seconds:.1f} s", flush=True)
    show(found)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--segments", type=int, default=50)
    parser.add_argument("--batches", type=numbers, default=[8, 32], metavar="BATCH,…")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def show(found: Mapping[str, Texts]) -> None:
    print(f"\n| of {sum(map(len, next(iter(found.values())).values()))} texts | {' | '.join(found)} |")
    print(f"|---|{'---:|' * len(found)}")
    for name, texts in found.items():
        print(f"| {name} | {' | '.join(str(differing(texts, other)) for other in found.values())} |")


def differing(ours: Texts, others: Texts) -> int:
    return sum(a != b for removed in ours for a, b in zip(ours[removed], others[removed], strict=True))


if __name__ == "__main__":
    main()
