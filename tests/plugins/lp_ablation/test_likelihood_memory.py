"""What a plan says of the memory of teacher-forced metrics, on a model of round numbers."""

from __future__ import annotations

from lp_ablation.teacher_forced_memory import teacher_forced_bytes
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


def test_a_forward_pass_logits_and_the_final_states_of_a_candidate_per_layer() -> None:
    finals, logits = 10 * (4 * 512 // 2) * 1024 * 2, 4 * 2**28 * 4
    expected = forward_bytes({"batch_size": 4}, SIZE) + logits + finals
    assert teacher_forced_bytes({"batch_size": 4}, SIZE) == expected
