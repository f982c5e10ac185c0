"""Plan → what each step will take: model passes, disk, device memory. Pure; upper bounds, said as such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lp_runner.api import ModelSize, Removal, SearchCost, SearchSize
from lp_runner.plan.plan import Plan, Step
from lp_runner.recipe.recipe import Use
from lp_runner.registry import Registry

TEXT_BYTES = 2000
"""Of one segment in any of our files, generously."""
SEARCH_BYTES = 2**20
"""Of a search's questions and answers."""
STATE_BYTES = 4 * 4
"""Of one trained parameter in a checkpoint: its weight, its best so far and two moments, in float32."""
CHECKPOINTS = 3
"""Two that are kept, and one that is being written."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step takes."""

    passes: int | None
    """Segments run through a whole model, forward; None where they can't be counted yet. 0 without a model."""
    disk_bytes: int
    """At the peak."""
    kept_bytes: int
    """What stays on disk when the step is done."""
    device_bytes: int
    """At the peak; 0 where no device is used."""
    search: SearchCost | None = None
    """Of a search whose metric counts it; None elsewhere, and where texts' lengths aren't known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search's policy asks, at most."""

    count: int
    """Removal sets, measured ones included."""
    questions: tuple[tuple[Removal, ...], ...] = ()
    """To the recipe's importance metric."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of a split's prompts and targets, in tokens, by segment; and how many tokens all prompts begin with."""

    prompts: tuple[int, ...]
    targets: tuple[int, ...]
    shared: int


def estimate(
    plan: Plan,
    registry: Registry,
    segments: Mapping[str, int],
    questions: Mapping[str, Asked],
    lengths: Mapping[str, Lengths],
) -> dict[str, Cost]:
    """Each step's cost by its id.

    Args:
        segments: how many each split has; splits that aren't read yet are missing.
        questions: what each search asks; missing where that isn't known.
        lengths: of the token ids of each prompts step that is done.
    """
    costs = {step.id: _cost(step, plan, registry, segments, questions) for step in plan.steps}
    for step in plan.of_kind("search"):
        found = _counted(step, plan, registry, questions.get(step.id), lengths)
        costs[step.id] = replace(costs[step.id], search=found)
    return costs


def _counted(
    step: Step, plan: Plan, registry: Registry, asked: Asked | None, lengths: Mapping[str, Lengths]
) -> SearchCost | None:
    metric, there = step.uses["importance"], lengths.get(step.needs["prompts"])
    counted = registry.find(metric.kind, metric.name).declaration.search_cost
    if not (counted and asked and there):
        return None
    search = SearchSize(asked.questions, there.prompts, there.targets, there.shared)
    return counted(metric.options, plan.size, search)


def _cost(
    step: Step, plan: Plan, registry: Registry, segments: Mapping[str, int], questions: Mapping[str, Asked]
) -> Cost:
    size = _size_at(step, plan)
    if step.kind == "search":
        return _search(step, size, registry, segments, questions)
    if step.kind == "cut":
        return _lasting(0, size.weight_bytes, 0)
    if step.kind == "recover":
        peak = _device_bytes(step, "recover", size, registry)
        state = _state_bytes(step.uses["recover"], size, registry) if peak else 0
        passes = _training_passes(step, segments) if peak else 0
        return Cost(passes, size.weight_bytes + state, size.weight_bytes, peak)
    texts = TEXT_BYTES * segments.get(_split_of(step), 0)
    if step.kind == "translate":
        return _lasting(segments.get("test"), texts, _device_bytes(step, "infer", size, registry))
    if step.kind == "benchmark":
        return _benchmark(step, plan, registry)
    return _lasting(0, texts, 0)


def _search(
    step: Step,
    size: ModelSize,
    registry: Registry,
    segments: Mapping[str, int],
    questions: Mapping[str, Asked],
) -> Cost:
    """A policy with a backend of its own tries pruned models, one cut at a time, while the metric lets go of its own."""
    backends = _tried(step)
    peaks = [_device_bytes(step, "importance", size, registry)]
    peaks += [_needed(use, size, registry) for use in backends]
    passes = _search_passes(step, registry, segments, questions) if any(peaks) else 0
    disk = SEARCH_BYTES + (size.weight_bytes if backends else 0)
    return Cost(passes, disk, SEARCH_BYTES, max(peaks))


def _benchmark(step: Step, plan: Plan, registry: Registry) -> Cost:
    """Everything is loaded at once where that fits; otherwise the largest alone is the peak."""
    engines = [engine_bytes(use, model, plan, registry) for use, model in engines_of(step)]
    fits = sum(engines) <= plan.memory_bytes
    loads, peak = (1, sum(engines)) if fits else (step.facts["repeats"], max(engines))
    timed = step.facts["repeats"] * step.facts["segments"] * len(step.facts["batch_sizes"])
    warm = loads * step.facts["warmup"] * sum(step.facts["batch_sizes"])
    return _lasting((timed + warm) * len(engines), SEARCH_BYTES, peak)


def engines_of(step: Step) -> list[tuple[Use, str | None]]:
    """Each backend of a benchmark with each model: the step that makes it, None for the unpruned one."""
    models = [step.needs.get(f"model:{name}") for name in step.facts["systems"]]
    return [(use, model) for model in models for use in step.uses.values()]


def engine_bytes(use: Use, model: str | None, plan: Plan, registry: Registry) -> int:
    """Device memory that a backend needs with a model loaded, as it declares."""
    removed = _removed(plan.step(model), plan) if model else 0
    return _needed(use, _smaller(plan.size, removed), registry)


def _lasting(passes: int | None, disk_bytes: int, device_bytes: int) -> Cost:
    """Of a step that leaves all that it writes."""
    return Cost(passes, disk_bytes, disk_bytes, device_bytes)


def _split_of(step: Step) -> str:
    """Whose texts a step writes."""
    if step.kind in ("read", "prompts"):
        return step.id.partition("-")[2]
    return "train" if step.kind == "corpora" else "test"


def _search_passes(
    step: Step, registry: Registry, segments: Mapping[str, int], questions: Mapping[str, Asked]
) -> int | None:
    """The whole model's, and one for each question; an additive metric has all answers from the first.

    With a policy that tries models itself every question counts, which is too much where the metric is additive.
    """
    metric = step.uses["importance"]
    additive = "additive" in registry.find(metric.kind, metric.name).declaration.traits and not _tried(step)
    there = segments.get(step.needs["prompts"].removeprefix("prompts-"))
    asked = Asked(0) if additive else questions.get(step.id)
    if there is None or asked is None:
        return None
    return int(min(metric.options.get("segments") or there, there) * (1 + asked.count))


def _tried(step: Step) -> list[Use]:
    """The backends that a search's policy measures pruned models with."""
    return [use for use in step.uses["prune"].nested.values() if use.kind == "infer"]


def _training_passes(step: Step, segments: Mapping[str, int]) -> int | None:
    """One pass of training is three of inference: forward, and twice that backward.

    None too where the recipe counts in target tokens, since no segment's length is known yet.
    """
    use = step.uses["recover"]
    if "train" not in segments or use.options.get("tokens"):
        return None
    return int(3 * segments["train"] * float(use.options.get("epochs") or 1))


def _state_bytes(use: Use, size: ModelSize, registry: Registry) -> int:
    """Of a training's checkpoints; adapters are small beside what they adapt."""
    if "adapters" in registry.find(use.kind, use.name).declaration.traits:
        return CHECKPOINTS * STATE_BYTES * size.params // 50
    trained = size.params - (size.embedding_params if use.options.get("freeze_embeddings") else 0)
    return CHECKPOINTS * STATE_BYTES * trained


def _device_bytes(step: Step, kind: str, size: ModelSize, registry: Registry) -> int:
    return _needed(step.uses[kind], size, registry)


def _needed(use: Use, size: ModelSize, registry: Registry) -> int:
    needed = registry.find(use.kind, use.name).declaration.device_bytes
    return needed(use.options, size) if needed else int(1.2 * size.weight_bytes)


def _size_at(step: Step, plan: Plan) -> ModelSize:
    """Of the model that a step works on."""
    return _smaller(plan.size, _removed(step, plan))


def _smaller(size: ModelSize, removed: int) -> ModelSize:
    params = size.params - removed * size.layer_params
    return replace(size, layers=size.layers - removed, params=params)


def _removed(step: Step, plan: Plan) -> int:
    if step.kind == "cut":
        return int(step.facts["count"] or 0)
    model = step.needs.get("model")
    return _removed(plan.step(model), plan) if model else 0
