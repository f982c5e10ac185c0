"""What the search of Aya-Expanse-8B costs on one 80 GB GPU, by the paper's loop and by the joint decoder.

    python benchmarks/cost_model.py

Nothing here is measured on a GPU. Operations are those that the joint decoder counts (`lp_models.cost`, which a test
holds against its counters); hardware and lengths are assumptions, printed with the table. `lp-run plan` does the same
for a recipe, with the lengths of its dev set.
"""

from collections.abc import Iterator

from lp_models.cost import H100, Tokens, joint_s, jointly, lasting, plain_s, plainly

from lp_runner.api import Layer, ModelSize, Removal, SearchSize

AYA = ModelSize(
    params=8_028_033_024,
    layers=32,
    layer_params=218_107_904,
    embedding_params=256_000 * 4096,
    hidden_size=4096,
    kv_width=2 * 8 * 128,
    dtype_bytes=2,
    model_type="cohere",
)
SEGMENTS, REMOVALS = 200, 16
PROMPT, SHARED = 75, 30
"""Tokens: of a prompt, and what all begin with."""
TARGETS = (110, 36, 36, 36, 36, 36, 35, 35)
"""Tokens of eight translations: 45 on average, 110 the longest of any batch of eight or more."""


def main() -> None:
    questions = tuple(greedy(AYA.layers, REMOVALS))
    search = SearchSize(questions, (PROMPT,) * SEGMENTS, TARGETS * (SEGMENTS // len(TARGETS)), SHARED)
    sets = sum(map(len, questions))
    print(
        f"{sets} candidates, {SEGMENTS} segments, prompts of {PROMPT} tokens ({SHARED} shared), "
        f"translations of {sum(TARGETS) / len(TARGETS):.0f}, the longest {max(TARGETS)}\n{H100}\n"
    )
    print("| | operations | of these on prompts | time |\n|---|---:|---:|---:|")
    plain = sum((plainly(one, AYA.layers, search) for one in questions), Tokens(0, 0))
    for batch in (1, 8, 100):
        print(row(f"paper's loop, batch {batch}", plain, search, plain_s(AYA, search, H100, batch)))
    ours = sum((jointly(one, AYA.layers, search) for one in questions), Tokens(0, 0))
    print(row("joint decoder", ours, search, joint_s(ours, AYA, search, H100)))
    most = len(questions[0]) * SEGMENTS
    print(f"\nrows in flight: {H100.rows_in_flight(AYA, search):,} of at most {most:,}")


def greedy(layers: int, removals: int) -> Iterator[tuple[Removal, ...]]:
    """First and last stay; which layers go matters little, so every other one from the second does."""
    gone: frozenset[Layer] = frozenset()
    for _ in range(removals):
        left = [Layer(index) for index in range(1, layers - 1) if Layer(index) not in gone]
        yield tuple(gone | {layer} for layer in left)
        gone |= {left[(2 * len(gone)) % len(left)]}


def row(name: str, work: Tokens, search: SearchSize, seconds: float) -> str:
    kept = sum(AYA.layers - len(removed) for sets in search.questions for removed in sets)
    read = 1 - kept * sum(length - 1 for length in search.target_tokens) / work.layer
    return f"| {name} | {work.operations(AYA) / 1e15:.0f} PFLOP | {100 * read:.0f} % | {lasting(seconds)} |"


if __name__ == "__main__":
    main()
