"""What a model can do with references, what the recipe wants, what the data has → whether the model gets them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class References:
    """What a model can do with references."""

    needed: bool
    usable: bool


def with_references(wanted: str | bool, can: References, there: bool, title: str) -> bool:
    """Whether the model is to see references.

    Args:
        wanted: the option: True, False or "auto".
        there: whether the data has them.
        title: of system and model, for errors.
    Raises ValueError where the three don't go together.
    """
    if wanted is True and not can.usable:
        raise ValueError(f"{title} has no use for references; leave the option `references` at auto")
    if wanted is False and can.needed:
        raise ValueError(f"{title} can't do without references; leave the option `references` at auto")
    if (can.needed or wanted is True) and not there:
        raise ValueError(f"{title} needs references, and the data has none")
    return can.usable and there and wanted is not False
