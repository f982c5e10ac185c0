"""What the search of Aya-Expanse-8B costs on one 80 GB GPU, by the paper's loop and by the joint decoder.

    python benchmarks/cost_model.py

Nothing here is measured on a GPU. Operations are those that the joint decoder counts (`lp_models.cost`, which a test
holds against its counters); hardware and lengths are the assumptions printed with the table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lp_models.cost import Tokens, jointly, plainly

from lp_runner.api import Layer, ModelSize, Removal, SearchSize

AYA = ModelSize(
    params=8_028_033_024,
    layers=32,
    layer_params=218_107_904,
    embedding_params=256_000 * 4096,
    hidden_size=4096,
    kv_width=2 * 8 * 128,
    dtype_bytes=2,
)
SEGMENTS, REMOVALS = 200, 16
PROMPT, SHARED, TARGET, LONGEST = 75, 30, 45, 110
"""Tokens: of a prompt, what all begin with, of a translation, and of the longest of a batch."""


@dataclass(frozen=True)
class Gpu:
    """An H100 SXM by its data sheet, and how much of it a program reaches."""

    operations_per_s: float = 989e12
    bytes_per_s: float = 3.35e12
    memory_bytes: float = 80e9
    reached: float = 0.5
    """Of the operations, in matrix products of hundreds of rows."""
    host_step_s: float = 0.025
    """Of one step of `generate`: 32 layers are launched one kernel at a time."""
    reload_s: float = 10.0
    """16 GB from a page cache, through the host, onto the device."""


def main() -> None:
    gpu, search = Gpu(), SearchSize((), (PROMPT,) * SEGMENTS, (TARGET,) * SEGMENTS, SHARED)
    questions = list(greedy(AYA.layers, REMOVALS))
    sets = sum(map(len, questions))
    print(
        f"{sets} candidates, {SEGMENTS} segments, prompts of {PROMPT} tokens ({SHARED} shared), {TARGET} new ones\n"
    )
    print("| | operations | of these on prompts | time |\n|---|---:|---:|---:|")
    for batch in (1, 8, 100):
        plain = sum((plainly(one, AYA.layers, search) for one in questions), Tokens(0, 0))
        seconds = sum(
            paper_candidate_s(AYA.layers - len(removed), batch, gpu) for one in questions for removed in one
        )
        print(row(f"paper's loop, batch {batch}", plain, share_read(questions, search, plain), seconds))
    ours = sum((jointly(one, AYA.layers, search) for one in questions), Tokens(0, 0))
    print(row("joint decoder", ours, share_read(questions, search, ours), joint_s(questions, ours, gpu)))
    print(f"\nrows in flight: {rows_in_flight(gpu):,} of at most {len(questions[0]) * SEGMENTS:,}")


def greedy(layers: int, removals: int) -> Iterator[Sequence[Removal]]:
    """First and last stay; which layers go matters little, so every other one from the second does."""
    gone: frozenset[Layer] = frozenset()
    for _ in range(removals):
        left = [Layer(index) for index in range(1, layers - 1) if Layer(index) not in gone]
        yield [gone | {layer} for layer in left]
        gone |= {left[(2 * len(gone)) % len(left)]}


def paper_candidate_s(kept: int, batch: int, gpu: Gpu) -> float:
    """Load, then for each batch a prefill and as many steps as its longest text has."""
    batches = -(-SEGMENTS // batch)
    steps = TARGET if batch == 1 else LONGEST
    prefill = 2 * kept * AYA.layer_params * SEGMENTS * PROMPT / (gpu.reached * gpu.operations_per_s)
    weights = kept * AYA.layer_params + AYA.embedding_params
    step = max(gpu.host_step_s * kept / AYA.layers, weights * AYA.dtype_bytes / gpu.bytes_per_s)
    return gpu.reload_s + prefill + batches * steps * step


def joint_s(questions: Sequence[Sequence[Removal]], work: Tokens, gpu: Gpu) -> float:
    """Products at the reached speed; keys and values are read once per new token; steps that are short of rows."""
    products = work.operations(AYA) / (gpu.reached * gpu.operations_per_s)
    rows = sum(len(one) * SEGMENTS for one in questions)
    kept = sum(AYA.layers - len(removed) for one in questions for removed in one) / sum(map(len, questions))
    read = rows * TARGET * (PROMPT + TARGET / 2) * kept * AYA.kv_width * AYA.dtype_bytes / gpu.bytes_per_s
    flights = sum(-(-len(one) * SEGMENTS // rows_in_flight(gpu)) for one in questions)
    tails = flights * (LONGEST - TARGET) * gpu.host_step_s
    return gpu.reload_s + products + read + tails


def rows_in_flight(gpu: Gpu) -> int:
    """What keys and values leave room for, beside the weights."""
    row = (PROMPT + LONGEST) * AYA.layers * AYA.kv_width * AYA.dtype_bytes
    return int(0.7 * (gpu.memory_bytes - AYA.weight_bytes) / row)


def share_read(questions: Sequence[Sequence[Removal]], search: SearchSize, work: Tokens) -> float:
    """Of the layers' tokens, those of prompts."""
    kept = sum(AYA.layers - len(removed) for one in questions for removed in one)
    written = kept * sum(length - 1 for length in search.target_tokens)
    return 1 - written / work.layer


def row(name: str, work: Tokens, read: float, seconds: float) -> str:
    hours = f"{seconds / 3600:.1f} h" if seconds > 3600 else f"{seconds / 60:.0f} min"
    return f"| {name} | {work.operations(AYA) / 1e15:.0f} PFLOP | {100 * read:.0f} % | {hours} |"


if __name__ == "__main__":
    main()
