"""What a recipe may not say though every key of it is well formed. Each rule yields complaints; pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping

from lp_runner.recipe.complaints import Complaint, nearest
from lp_runner.recipe.languages import language
from lp_runner.recipe.node import Json, Trail
from lp_runner.recipe.recipe import Use

PLACEHOLDER = re.compile(r"\{(\w+)\}")
PLACEHOLDERS = ("source", "source_language", "target_language")
VIEW = ("skip", "limit", "shuffle", "empty", "columns", "header")
"""The readers' options that choose among a source's segments, or say how to read them."""
Traits = Callable[[Use], frozenset[str]]
"""What a strategy's declaration says that it fits."""
BLOCKS = "contiguous"
"""The trait of a metric that knows sets of neighbouring layers alone, and of a policy that asks about no others."""


def unsound(value: Json, uses: Mapping[Trail, Use], traits: Traits) -> Iterator[Complaint]:
    """Everything wrong with a recipe as a whole; a part with an error of its own is left out."""
    yield from _blocks(uses, traits)
    yield from _languages(value)
    for trail in (("prompt",), ("importance", "prompt")):
        yield from _prompt(_at(value, *trail, "template"), (*trail, "template"))
    if _at(value, "recover") and not _at(value, "data", "train"):
        yield Complaint(("data", "train"), "is missing; recover needs it", at_key=True)
    if _at(value, "data", "overlap") != "allow":
        yield from _shared_sources(uses)
    for index, gate in enumerate(_at(value, "gates") or ()):
        yield from _gate(gate, bool(_at(value, "recover")), ("gates", index))
    yield from _batches(_at(value, "benchmark", "batch_sizes"), _at(value, "benchmark", "segments"))
    yield from _backends({trail: use for trail, use in uses.items() if trail[0] == "benchmark"})


def _blocks(uses: Mapping[Trail, Use], traits: Traits) -> Iterator[Complaint]:
    policy = uses.get(("prune",))
    if policy is None or BLOCKS in traits(policy):
        return
    asked = [use for trail, use in uses.items() if trail[0] in ("importance", "controls")]
    for use in (*asked, *policy.nested.values()):
        if use.kind == "importance" and BLOCKS in traits(use):
            asks = f"{policy.name} asks about others; prune by contiguous or one-shot"
            yield Complaint(use.place, f"{use.name} knows sets of neighbouring layers alone, and {asks}")


def _at(value: Json, *trail: str) -> Json:
    for name in trail:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _languages(value: Json) -> Iterator[Complaint]:
    for side in ("source", "target"):
        text = _at(value, "languages", side)
        try:
            if isinstance(text, str):
                language(text)
        except LookupError as error:
            yield Complaint(("languages", side), str(error.args[0]))


def _prompt(template: Json, trail: Trail) -> Iterator[Complaint]:
    if not isinstance(template, str):
        return
    names = PLACEHOLDER.findall(template)
    for name in names:
        if name not in PLACEHOLDERS:
            yield Complaint(trail, f"there is no placeholder {{{name}}}{nearest(name, PLACEHOLDERS)}")
    if "source" not in names:
        yield Complaint(trail, "must have {source} in it")


def _shared_sources(uses: Mapping[Trail, Use]) -> Iterator[Complaint]:
    names: list[Trail] = [("data", "train"), ("data", "dev"), ("data", "test")]
    pairs = [*itertools.combinations(names, 2), (("data", "test"), ("importance", "data"))]
    for one, other in pairs:
        if one in uses and other in uses and _overlap(uses[one], uses[other]):
            dotted = ".".join(map(str, one))
            yield Complaint(other, f"reads the same segments as {dotted}; give each its own skip and limit")


def _overlap(one: Use, other: Use) -> bool:
    if (one.name, _source(one)) != (other.name, _source(other)):
        return False
    if one.options.get("shuffle") != other.options.get("shuffle"):
        return True
    (first, end), (second, other_end) = _span(one), _span(other)
    return first < other_end and second < end


def _source(use: Use) -> dict[str, Json]:
    return {name: value for name, value in use.options.items() if name not in VIEW}


def _span(use: Use) -> tuple[float, float]:
    """First segment and the one behind the last; readers shuffle first, then skip, then limit."""
    skip, limit = use.options.get("skip") or 0, use.options.get("limit")
    return skip, float("inf") if limit is None else skip + limit


def _batches(sizes: Json, segments: Json) -> Iterator[Complaint]:
    """A batch that isn't full would be told as a speed of the full one."""
    if not isinstance(sizes, list) or not isinstance(segments, int):
        return
    for index, size in enumerate(sizes):
        if isinstance(size, int) and size > 0 and segments % size:
            trail = ("benchmark", "batch_sizes", index)
            yield Complaint(trail, f"{segments} segments are not full batches of {size}; choose a divisor")


def _backends(uses: Mapping[Trail, Use]) -> Iterator[Complaint]:
    seen: list[tuple[str, Mapping[str, Json]]] = []
    for trail, use in uses.items():
        if (use.name, use.options) in seen:
            yield Complaint(trail, f"{use.name} is there already, with the same options")
        seen.append((use.name, use.options))


def _gate(gate: Json, recovers: bool, trail: Trail) -> Iterator[Complaint]:
    if not isinstance(gate, dict):
        return
    if ("keep_percent" in gate) == ("at_least" in gate):
        yield Complaint(trail, "needs either keep_percent or at_least")
    if "at_least" in gate and "of" in gate:
        yield Complaint((*trail, "of"), "says nothing beside at_least", at_key=True)
    if gate.get("of") == "unpruned+recovery" and not recovers:
        yield Complaint((*trail, "of"), "there is no such system without recover")
