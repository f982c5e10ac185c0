"""Linear layers in float32 on a CPU by oneDNN, which PyTorch has in it but by itself takes for lower precisions only.

Its products are float32 too, and it uses the widest vectors of any maker's processor, which MKL does on Intel's only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lp_models.instead import instead


@contextmanager
def by_onednn(module: nn.Module) -> Iterator[None]:
    """Inside, where no gradients are kept, the linear layers in a module that oneDNN can compute are computed by it."""
    with ExitStack() as products:
        for part in module.modules():
            if type(part) is nn.Linear and _can(part.weight):
                products.enter_context(instead([part], partial(_product, part.weight.detach(), part.bias)))
        yield


def product(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """One, (rows, width) and (words, width) → (rows, words), by oneDNN where it can; no gradients are kept."""
    own = weight.detach()
    return _product(own, bias, hidden) if _can(weight) else F.linear(hidden, own, bias)


def _can(weight: Tensor) -> bool:
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and weight.device.type == "cpu" and weight.dtype == torch.float32


def _product(weight: Tensor, bias: Tensor | None, hidden: Tensor) -> Tensor:
    found: Tensor = torch.ops.mkldnn._linear_pointwise(hidden, weight, bias, "none", [], "")
    return found  # "none": no function of the result
