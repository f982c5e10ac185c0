"""Another computation in a module's place for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def instead(modules: Sequence[nn.Module], forward: Callable[..., Any]) -> Iterator[None]:
    """Inside, calling one of the modules calls this, and nothing of the module's own is computed."""
    try:
        for module in modules:
            module.forward = forward
        yield
    finally:
        for module in modules:
            vars(module).pop("forward", None)
