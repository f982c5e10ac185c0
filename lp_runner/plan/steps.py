"""Recipe → steps and systems: what is made of what, in which order. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from lp_runner.api import Json
from lp_runner.plan.keys import seed_for
from lp_runner.plan.plan import Step, System
from lp_runner.recipe import Recipe
from lp_runner.recipe.recipe import Benchmark, Prompt, Use

UNPRUNED = "unpruned"
RECOVERY = "recovery"
RESAMPLES = {"count": 1000, "seed": 12345}
ENCODER = Use("encode", "tokenizer", {}, {}, ())
_SEEDED = {"search": "importance", "recover": "recover", "translate": "infer"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every step of one plan shares: the model, the device's class, the dtype."""

    weights: str
    tokenizer: str
    layers: int
    device_class: str
    dtype: str

    def unpruned(self) -> dict[str, Json]:
        """What goes from the recipe's model into a model made from it."""
        return {"model": self.weights, "tokenizer": self.tokenizer}

    def computing(self) -> dict[str, Json]:
        return {"device": self.device_class, "dtype": self.dtype}


@dataclass(frozen=True, slots=True)
class Search:
    """One search of the plan: the recipe's own, or a control's."""

    name: str
    """Empty for the recipe's own; else the control's metric, with a number from the second of that name on."""
    step: str
    depths: tuple[int | None, ...]
    """How many layers are removed where a model is kept; None: as many as the policy ends with."""


def build(recipe: Recipe, about: Surroundings) -> tuple[list[Step], list[System]]:
    builder = _Builder(recipe, about)
    builder.prepare()
    searches = [builder.search("", recipe.importance.use, recipe.prune), *builder.controls()]
    builder.system(UNPRUNED, None, None, None)
    for search in searches:
        for depth in search.depths:
            builder.pruned(search, depth)
    if recipe.benchmark:
        builder.benchmark(recipe.benchmark)
    return builder.steps, builder.systems


def depths(policy: Use) -> tuple[int | None, ...]:
    """Where a policy's options say that models are kept; the end is always kept."""
    options = policy.options
    layers = options.get("layers")
    end = options.get("remove", len(layers) if isinstance(layers, list) else None)
    kept = {depth for depth in options.get("keep_at") or [] if end is None or depth < end}
    return (*sorted(kept), end)


class _Builder:
    """Collects steps in order; a step is added after all that it needs."""

    def __init__(self, recipe: Recipe, about: Surroundings) -> None:
        self.recipe = recipe
        self.about = about
        self.steps: list[Step] = []
        self.systems: list[System] = []

    def add(
        self,
        step_id: str,
        title: str,
        uses: Mapping[str, Use],
        facts: Mapping[str, Json],
        needs: Mapping[str, str],
    ) -> str:
        kind = step_id.partition("-")[0]
        seeded = uses.get(_SEEDED.get(kind, ""))
        seed = seed_for(self.recipe.seed, kind, seeded.name) if seeded else 0
        self.steps.append(Step(step_id, kind, title, dict(uses), dict(facts), dict(needs), seed))
        return step_id

    def prepare(self) -> None:
        """Texts, then ids: what everything else reads."""
        splits = self._splits()
        for split, use in splits.items():
            self.add(f"read-{split}", f"read the {split} corpus", {"read": use}, {}, {})
        needs = {split: f"read-{split}" for split in splits}
        facts = {"overlap": self.recipe.data.overlap}
        self.add("corpora", "compare the corpora", {}, facts, needs)
        for split in splits:
            self._prompts(split)

    def _splits(self) -> dict[str, Use]:
        data, importance = self.recipe.data, self.recipe.importance
        own = importance.data or (data.dev if importance.prompt else None)
        splits = {"train": data.train, "dev": data.dev, "test": data.test, "search": own}
        return {split: use for split, use in splits.items() if use is not None}

    def _prompts(self, split: str) -> None:
        prompt: Prompt = self.recipe.prompt
        if split == "search" and self.recipe.importance.prompt:
            prompt = self.recipe.importance.prompt
        facts = {
            "tokenizer": self.about.tokenizer,
            "prompt": asdict(prompt),
            "languages": asdict(self.recipe.languages),
            "split": split,
        }
        texts = {"segments": "corpora" if split == "train" else f"read-{split}"}
        title = f"turn the {split} corpus into token ids"
        self.add(f"prompts-{split}", title, {"encode": ENCODER}, facts, texts)

    def controls(self) -> Iterator[Search]:
        """Other metrics under the same policy, no deeper than they are asked to go; those of one name are numbered."""
        seen: Counter[str] = Counter()
        for control in self.recipe.controls:
            seen[control.use.name] += 1
            number = seen[control.use.name]
            name = f"{control.use.name}-{number}" if number > 1 else control.use.name
            policy = self.recipe.prune
            if control.keep_at:
                policy = replace(policy, options=dict(policy.options) | _as_deep_as(control.keep_at, policy))
            yield self.search(name, control.use, policy)

    def search(self, name: str, metric: Use, policy: Use) -> Search:
        split = "search" if "search" in self._splits() else "dev"
        facts = {"model": self.about.weights, **self.about.computing()}
        title = f"search by {name or metric.name}, {policy.name}"
        uses = {"importance": metric, "prune": policy}
        step_id = f"search-{name}" if name else "search"
        self.add(step_id, title, uses, facts, {"prompts": f"prompts-{split}"})
        return Search(name, step_id, depths(policy))

    def pruned(self, search: Search, depth: int | None) -> None:
        """One kept depth of a search: cut, translate, evaluate; and again after recovery."""
        label = "end" if depth is None else str(self.about.layers - depth)
        name = f"{search.name}:{label}" if search.name else label
        facts = {**self.about.unpruned(), "count": depth}
        needs = {"search": search.step}
        cut = self.add(f"cut-{_folder(name)}", f"cut to {name}", {}, facts, needs)
        self.system(name, search, depth, cut)

    def system(self, name: str, search: Search | None, removed: int | None, model: str | None) -> None:
        """As it is and, where the recipe recovers, recovered; the last of the two is delivered."""
        chosen_by = search.step if search else None
        delivered = search is not None and not search.name
        recovers = bool(self.recipe.recover)
        self._tested(System(name, chosen_by, removed, False, model, "", (), delivered and not recovers))
        if recovers:
            recovered = self._recovered(name, model)
            named = f"{name}+{RECOVERY}"
            self._tested(System(named, chosen_by, removed, True, recovered, "", (), delivered))

    def _recovered(self, name: str, model: str | None) -> str | None:
        for number, use in enumerate(self.recipe.recover, start=1):
            needs = {"train": "prompts-train", "dev": "prompts-dev"} | self._from(model)
            stage = f"-{number}" if len(self.recipe.recover) > 1 else ""
            step_id = f"recover-{_folder(name)}{stage}"
            title = f"recover {name} by {use.name}"
            model = self.add(step_id, title, {"recover": use}, self._facts_of(model), needs)
        return model

    def _from(self, model: str | None) -> dict[str, str]:
        return {"model": model} if model else {}

    def _facts_of(self, model: str | None) -> dict[str, Json]:
        """The unpruned model is no step's work, so its fingerprint stands among the facts."""
        return self.about.computing() | ({} if model else self.about.unpruned())

    def benchmark(self, asked: Benchmark) -> None:
        """Last, when every model is there; all of it is one step, since only what is timed in turn compares."""
        names = asked.systems or tuple(s.name for s in self.systems if s.name == UNPRUNED or s.kept)
        timed = {system.name: system.model for system in self.systems if system.name in names}
        backends = asked.backends or (self.recipe.infer.use,)
        facts = {
            "systems": list(timed),
            "batch_sizes": list(asked.batch_sizes),
            "segments": asked.segments,
            "new_tokens": asked.new_tokens,
            "warmup": asked.warmup,
            "repeats": asked.repeats,
            # All of them: what is neutral to a result (a batch size, threads) is what a time depends on.
            "options": [dict(use.options) for use in backends],
            **self._facts_of(None),
        }
        models = {f"model:{name}": model for name, model in timed.items() if model}
        uses = {f"infer-{number}": use for number, use in enumerate(backends, start=1)}
        needs = {"prompts": "prompts-test", **models}
        self.add("benchmark", f"time {', '.join(timed)}", uses, facts, needs)

    def _tested(self, system: System) -> None:
        """Translate the test set, then one step for each evaluator."""
        infer = self.recipe.infer
        needs = {"prompts": "prompts-test", "dev": "prompts-dev"} | self._from(system.model)
        facts = {"max_new_tokens": infer.max_new_tokens, **self._facts_of(system.model)}
        step_id = f"translate-{_folder(system.name)}"
        uses = {"infer": infer.use, "encode": ENCODER}
        translate = self.add(step_id, f"translate with {system.name}", uses, facts, needs)
        evaluate = tuple(self._evaluations(system.name, translate))
        self.systems.append(replace(system, translate=translate, evaluate=evaluate))

    def _evaluations(self, name: str, translate: str) -> Iterator[str]:
        for number, use in enumerate(self.recipe.evaluate, start=1):
            step_id = f"evaluate-{_folder(name)}-{number}"
            title = f"score {name} by {use.name}"
            facts = {"resamples": RESAMPLES}
            yield self.add(step_id, title, {"evaluate": use}, facts, {"translate": translate})


def _as_deep_as(keep_at: tuple[int, ...], policy: Use) -> dict[str, Json]:
    """The options of a policy that goes no further; one without `remove` says itself how far it goes."""
    end = {"remove": max(keep_at)} if "remove" in policy.options else {}
    return {"keep_at": list(keep_at), **end}


def _folder(name: str) -> str:
    return name.replace(":", "-").replace("+", "-")
