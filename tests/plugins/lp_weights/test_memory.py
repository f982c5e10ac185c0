"""What a plan says of memory, on a model of round numbers."""

from __future__ import annotations

from lp_weights.memory import gradient_bytes, no_bytes

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


def test_gradients_need_weights_two_copies_of_the_layers_activations_and_logits() -> None:
    weights, layers, activations = 2 * 10**9, 10 * 10**7 * (2 + 4), 4 * 512 * 10 * 17 * 1024 * 2
    logits, overhead = 3 * 2**28 * 4, 2**30
    assert gradient_bytes({"batch_size": 4}, SIZE) == weights + layers + activations + logits + overhead


def test_magnitude_needs_no_device() -> None:
    assert no_bytes({}, SIZE) == 0
