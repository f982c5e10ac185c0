"""oneDNN's float32 products in the place of PyTorch's own."""

from __future__ import annotations

import pytest
import torch
from lp_models.products import by_onednn
from torch import nn

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch without oneDNN")


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (7, 1), (3, 5), (300, 1)])
def test_the_products_are_as_close_to_the_truth_as_float32_is(bias: bool, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    linear, hidden = nn.Linear(640, 100, bias=bias), torch.randn(*shape, 640)
    with torch.inference_mode(), by_onednn(linear):
        found = linear(hidden)
        assert "forward" in vars(linear)
    exactly = nn.functional.linear(
        hidden.double(), linear.weight.double(), linear.bias.double() if bias else None
    )
    most = 640 * 2.0**-24 * nn.functional.linear(hidden.abs(), linear.weight.abs()).max()
    assert found.dtype == torch.float32
    assert found.shape == exactly.shape
    assert (found - exactly).abs().max() < most


def test_afterwards_and_in_other_precisions_the_layers_are_their_own() -> None:
    both = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4).bfloat16()])
    with by_onednn(both):
        assert ["forward" in vars(linear) for linear in both] == [True, False]
    assert not any("forward" in vars(linear) for linear in both)
