"""Joint decoding of many removal sets against plain decoding of one cut model at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lp_models import joint, parts
from lp_models.architectures import CAUSAL, SEQ2SEQ
from lp_models.batching import Batches
from lp_models.decoding import GreedyDecoder
from lp_models.flight import Task
from lp_models.joint import JointDecoder
from lp_models.reading import alike
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from lp_runner.api import Layer, Removal

STOPS = [2, 5]
ENDINGS = st.lists(st.lists(st.integers(6, 96), min_size=2, max_size=14), min_size=1, max_size=6)
BEGINNINGS = st.lists(st.integers(6, 96), max_size=9)
SETS = st.lists(st.sets(st.integers(0, 4), max_size=3), min_size=1, max_size=6)
SOME = [[9, 30, 31, 7], [40, 8], [9, 50, 51, 52, 53, 7, 11, 12, 13], [6, 7]]


def never(rows: int) -> None:
    raise AssertionError("memory can't run out here")


def without(*indices: int) -> Removal:
    return frozenset(Layer(index) for index in indices)


def task(prompts: Sequence[Sequence[int]], limits: Sequence[int]) -> Task:
    return Task(prompts, limits, frozenset(STOPS))


def one_by_one(model: PreTrainedModel, given: Task, removed: Removal) -> list[list[int]]:
    """Every prompt alone, so without padding, by the stock forward."""
    decoder = GreedyDecoder(model, Batches(1), never)
    return decoder.translate(given.prompts, given.limits, STOPS, removed)


@pytest.fixture(params=[*CAUSAL, *SEQ2SEQ])
def architecture(request: pytest.FixtureRequest) -> str:
    """Every one that it knows."""
    return str(request.param)


@pytest.fixture
def model(architecture: str, tiny_model: Callable[..., PreTrainedModel]) -> PreTrainedModel:
    return tiny_model(architecture)


def test_every_set_gets_the_ids_of_plain_greedy_decoding(
    architecture: str, tiny_model: Callable[..., PreTrainedModel]
) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.integers(0, 3), st.integers(5, 7), BEGINNINGS, ENDINGS, SETS, st.data())
    def compare(
        seed: int,
        layers: int,
        beginning: list[int],
        endings: list[list[int]],
        gone: list[set[int]],
        data: st.DataObject,
    ) -> None:
        model = with_biases(tiny_model(architecture, layers, seed))
        prompts = [beginning + ending for ending in endings]
        given = task(prompts, [data.draw(st.integers(1, 16)) for _ in prompts])
        sets = [without(*indices) for indices in gone]
        found = dict(JointDecoder(model, None, never).translate(given, sets))
        assert found == {number: one_by_one(model, given, removed) for number, removed in enumerate(sets)}

    compare()


def with_biases(model: PreTrainedModel) -> PreTrainedModel:
    """New models have zeros there."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias"):
                weight.normal_(0, 0.3)
    return model


def test_layers_of_the_encoder_are_skipped_too(tiny_model: Callable[..., PreTrainedModel]) -> None:
    model = tiny_model("m2m_100")
    given = task([[9, 30, 31, 7], [9, 40, 7], [9, 50, 51, 52, 53, 7]], [12] * 3)
    encoder = [
        frozenset(Layer(index, "encoder") for index in indices) for indices in ((), (0,), (1, 4), (4,))
    ]
    sets = [removed | without(*gone) for removed in encoder for gone in ((), (2,))]
    found = dict(JointDecoder(model, None, never).translate(given, sets))
    assert found == {number: one_by_one(model, given, removed) for number, removed in enumerate(sets)}


def test_the_model_decodes_as_before_afterwards(model: PreTrainedModel) -> None:
    given = task(SOME, [9] * 4)
    before = one_by_one(model, given, without())
    list(JointDecoder(model, None, never).translate(given, [without(1), without(3)]))
    assert one_by_one(model, given, without()) == before


def test_a_set_comes_as_soon_as_it_is_done(tiny_model: Callable[..., PreTrainedModel]) -> None:
    model = tiny_model("llama")
    given = Task(SOME[:1], [40], frozenset(range(2, 14)))
    sets = [without(index) for index in range(5)]
    found = list(JointDecoder(model, None, never).translate(given, sets))
    lengths = [len(ids[0]) for _, ids in found]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 1


def test_a_hopeless_set_is_ended_and_never_comes(
    tiny_model: Callable[..., PreTrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joint, "LOOK_BELOW", 2)
    model = tiny_model("llama")
    given, sets = task([[9, 30], [40, 8]], [40] * 2), [without(index) for index in range(4)]
    seen: list[dict[int, list[list[int]]]] = []

    def hopeless(partial: joint.Partial) -> set[int]:
        seen.append({number: [list(draft.ids) for draft in rows] for number, rows in partial.items()})
        return {2}

    found = dict(JointDecoder(model, None, never).translate(given, sets, hopeless))
    assert sorted(found) == [0, 1, 3]
    assert found == {number: one_by_one(model, given, sets[number]) for number in (0, 1, 3)}
    whole = one_by_one(model, given, sets[2])
    assert all(seen[0][2])
    assert all(len(begun) < 40 for begun in seen[0][2])
    assert seen[0][2] == [ids[: len(begun)] for ids, begun in zip(whole, seen[0][2], strict=True)]
    assert all(2 not in drafts for drafts in seen[1:])


def test_nobody_looks_for_hopeless_sets_while_most_rows_are_open(
    tiny_model: Callable[..., PreTrainedModel],
) -> None:
    seen: list[int] = []

    def hopeless(partial: joint.Partial) -> set[int]:
        seen.append(sum(not draft.whole for drafts in partial.values() for draft in drafts))
        return set()

    given = Task([[9, 30], [40, 8], [9, 8]], [40, 40, 2], frozenset(range(2, 14)))
    sets = [without(index) for index in range(5)]
    list(JointDecoder(tiny_model("llama"), None, never).translate(given, sets, hopeless))
    assert seen
    assert max(seen) < len(sets) * 3 / 2


@pytest.mark.parametrize("rows", [1, 3, 4, 9, 100])
def test_little_memory_changes_no_id(
    rows: int, tiny_model: Callable[..., PreTrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("gemma3_text")
    given, sets = task(SOME, [9] * 4), [without(0, 2), without(1), without(4)]
    monkeypatch.setattr(joint, "rows_with_room", lambda model, tokens: rows)
    found = dict(JointDecoder(model, None, never).translate(given, sets))
    assert found == {number: one_by_one(model, given, removed) for number, removed in enumerate(sets)}


def test_when_memory_runs_out_fewer_rows_go_at_once(
    tiny_model: Callable[..., PreTrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("qwen3")
    given, sets = task(SOME, [9] * 4), [without(0), without(1), without(2)]
    told: list[int] = []
    begin = joint.Flight.begin

    def full(flight: joint.Flight) -> None:
        if len(flight._answers) > 5:
            raise torch.OutOfMemoryError("no room")
        begin(flight)

    monkeypatch.setattr(joint.Flight, "begin", full)
    found = dict(JointDecoder(model, None, told.append).translate(given, sets))
    assert found == {number: one_by_one(model, given, removed) for number, removed in enumerate(sets)}
    assert told == [6]


def test_one_row_that_does_not_fit_is_an_error(
    tiny_model: Callable[..., PreTrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(flight: joint.Flight) -> Iterator[None]:
        raise MemoryError

    monkeypatch.setattr(joint.Flight, "begin", full)
    with pytest.raises(MemoryError, match="a single segment"):
        list(
            JointDecoder(tiny_model("llama"), None, lambda rows: None).translate(
                task([[9]], [4]), [without()]
            )
        )


def test_a_layer_runs_once_for_all_sets_that_share_what_is_below(
    tiny_model: Callable[..., PreTrainedModel],
) -> None:
    decoder = JointDecoder(tiny_model("llama"), None, never)
    list(decoder.translate(task([[9, 30, 31, 7]], [1]), [without(3), without(4), without(3, 4)]))
    # Layers 0 to 2 once; layer 3 for the set without 4; layer 4 for the set without 3.
    assert decoder.work.layer_tokens == 5 * 4
    assert decoder.work.head_tokens == 3


def test_what_all_prompts_begin_with_is_read_once_for_each_group(
    tiny_model: Callable[..., PreTrainedModel],
) -> None:
    decoder = JointDecoder(tiny_model("llama"), None, never)
    list(decoder.translate(task([[9, 30, 31, 7], [9, 30, 31, 8]], [1, 1]), [without(4)]))
    assert decoder.work.layer_tokens == 4 * (3 + 2)


def test_prompts_of_like_length_are_read_together() -> None:
    lengths = [30, 10, 11, 14, 12, 31]
    prompts = [[1, 2, *range(10 + number, 10 + number + length)] for number, length in enumerate(lengths)]
    assert alike(prompts, sets=1) == [[1, 2, 4], [3], [0, 5]]
    assert alike(prompts, sets=600) == [[1, 2], [4], [3], [0], [5]]


def test_an_architecture_that_it_does_not_know_is_named(tiny_model: Callable[..., PreTrainedModel]) -> None:
    model = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=97))
    assert parts.unknown(tiny_model("m2m_100")) is None
    assert parts.unknown(model) == "GPT2LMHeadModel is not one of its architectures"


def test_a_rotation_that_depends_on_the_batch_is_left_to_the_stock_model(
    tiny_model: Callable[..., PreTrainedModel],
) -> None:
    model = tiny_model("llama")
    model.config.rope_parameters = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    assert parts.unknown(model) == "rotary embeddings of the kind dynamic depend on the batch"
