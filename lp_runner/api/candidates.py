"""What the options of all policies mean: which layers may go, how deep, and which layer or set is next."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterable, Sequence

from lp_runner.api.values import Ask, Layer, Removal, Score

_EVERY = re.compile(r"every ([1-9]\d*)")


def candidates_for(
    layers: Iterable[Layer],
    stack: str,
    protect: Iterable[str | int],
    remove: int = 1,
    keep_at: Iterable[int] = (),
) -> list[Layer]:
    """The layers of a stack that may be removed, by index.

    Args:
        protect: which stay: "first", "last", an index, "every 4" (the fourth, the eighth, …: indices 3, 7, …), or a
            type, "full_attention" say.
        remove: how many go; 1 where that isn't known yet.
        keep_at: after how many a model is kept.
    Raises ValueError on a stack, layer or type that isn't there, where more is to go than may, or where nothing
    would stay.
    """
    ours = sorted(layer for layer in layers if layer.stack == stack)
    if not ours:
        raise ValueError(f"stack: the model has no {stack} layers")
    spared = {layer for name in protect for layer in _protected(ours, name)}
    candidates = [layer for layer in ours if layer not in spared]
    if remove > len(candidates):
        raise ValueError(
            f"remove: {remove} layers, but only {len(candidates)} of {len(ours)} are unprotected"
        )
    if remove == len(ours):
        raise ValueError(f"remove: {remove} layers are all that there are; one must stay")
    check_depths(keep_at, remove)
    return candidates


def check_depths(keep_at: Iterable[int], remove: int) -> None:
    """Raises ValueError where a model is to be kept at a depth that is never reached."""
    beyond = [depth for depth in keep_at if not 1 <= depth <= remove]
    if beyond:
        raise ValueError(f"keep_at: {beyond[0]} is not between 1 and the {remove} layers to be removed")


def least_important(scores: Iterable[Score], count: int = 1) -> list[Removal]:
    """The removal sets of least value, least first; ties go to the lowest indices.

    A bound can lose, but is never chosen. Raises ValueError on a value that is no number, and where a bound is among
    the least.
    """
    known = list(scores)
    for score in known:
        if math.isnan(score.value):
            raise ValueError(f"the importance of {_names(score.removed)} is not a number")
    least = sorted(known, key=lambda score: (score.value, sorted(score.removed)))[:count]
    for score in least:
        if score.kind == "bound":
            raise ValueError(f"{_names(score.removed)} would be chosen by a bound, which can only lose")
    return [score.removed for score in least]


def next_to_go(
    removed: Sequence[Layer], candidates: Sequence[Layer]
) -> Generator[Ask, Sequence[Score], Layer]:
    """The candidate that costs least to remove next; one question about all that are left."""
    left = (candidate for candidate in candidates if candidate not in removed)
    [least] = least_important((yield Ask(tuple(frozenset([*removed, one]) for one in left), need="winner")))
    [gone] = least.difference(removed)
    return gone


def _names(removed: Removal) -> str:
    return ", ".join(map(str, sorted(removed)))


def _protected(layers: Sequence[Layer], name: str | int) -> Sequence[Layer]:
    if name == "first":
        return layers[:1]
    if name == "last":
        return layers[-1:]
    if every := _EVERY.fullmatch(str(name)):
        return layers[int(every[1]) - 1 :: int(every[1])]
    found = [layer for layer in layers if name in (layer.index, layer.type)]
    if not found:
        raise ValueError(f"protect: no layer {name}; {_there(layers)}")
    return found


def _there(layers: Sequence[Layer]) -> str:
    types = sorted({layer.type for layer in layers} - {""})
    return f"the last is {layers[-1]}" + (f", and there are {' and '.join(types)} layers" if types else "")
