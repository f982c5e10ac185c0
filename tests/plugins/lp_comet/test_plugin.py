"""What the declaration tells before anything is loaded."""

from __future__ import annotations

import pytest
from lp_comet.plugin import COMET

from lp_runner.api import ModelSize

JUDGED = ModelSize(1, 1, 1, 1, 1, 1, 2)


@pytest.mark.parametrize(
    ("model", "precision", "gigabytes"),
    [
        ("Unbabel/wmt22-comet-da", "float32", 2.8),
        ("Unbabel/wmt23-cometkiwi-da-xl", "float16", 8.4),
        ("Unbabel/XCOMET-XXL", "float32", 51.4),
    ],
)
def test_the_memory_of_a_known_model_is_estimated_by_its_name(
    model: str, precision: str, gigabytes: float
) -> None:
    assert COMET.device_bytes is not None
    needed = COMET.device_bytes({"model": model, "precision": precision}, JUDGED)
    assert round(needed / 1e9, 1) == gigabytes
