"""What a plan says of memory, on a model of round numbers."""

from __future__ import annotations

from lp_activations.memory import all_states_bytes, angular_bytes, attention_bytes, cka_bytes
from lp_models.memory import forward_bytes

from lp_runner.api import ModelSize

SIZE = ModelSize(
    params=10**9,
    layers=10,
    layer_params=10**7,
    embedding_params=10**8,
    hidden_size=1024,
    kv_width=256,
    dtype_bytes=2,
)
FORWARD = forward_bytes({"batch_size": 4}, SIZE)
STATES = 2 * 11 * 4 * 512 * 1024 * 2


def test_all_states_are_held_twice() -> None:
    assert all_states_bytes({"batch_size": 4}, SIZE) == FORWARD + STATES


def test_cka_holds_two_matrices_of_doubles_per_layer_and_one_more() -> None:
    assert cka_bytes({"batch_size": 4}, SIZE) == FORWARD + STATES + 21 * 1024 * 1024 * 8


def test_the_last_tokens_states_are_next_to_nothing_and_all_tokens_are_not() -> None:
    assert angular_bytes({"batch_size": 4, "tokens": "last"}, SIZE) == FORWARD
    assert angular_bytes({"batch_size": 4, "tokens": "all"}, SIZE) == FORWARD + STATES


def test_attention_maps_grow_with_the_square_of_the_tokens() -> None:
    assert attention_bytes({"batch_size": 4}, SIZE) == FORWARD + 3 * 4 * 512 * 512 * 16 * 4
