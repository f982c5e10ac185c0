"""What stands in for a module, and leaves."""

from __future__ import annotations

import torch
from lp_models.instead import instead


def test_a_module_is_itself_again_after_something_stood_in_for_it() -> None:
    module = torch.nn.Linear(2, 2)
    before = module(torch.ones(2))
    with instead([module], lambda given: "else"):
        assert module(torch.ones(2)) == "else"
    assert torch.equal(module(torch.ones(2)), before)
