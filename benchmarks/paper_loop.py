"""The paper's search loop, as plainly as its code has it, against the exact engine behind translation-quality.

    lp-run recipes/gemma3-270m-ces-deu.yaml
    python benchmarks/paper_loop.py runs/gemma3-270m-ces-deu --segments 100 --removals 6 --whole 100:2 --sample 1,8,32

In: a run folder (its model and the token ids of its dev set). Out: `benchmarks/paper_loop-NAME.json`, and its tables
in Markdown on the terminal.

The plain loop loads the model for every candidate, drops the layers, calls `generate` on consecutive batches, scores
with chrF++ and rounds to 2 decimals; the highest score goes, ties to the lowest layer (Moslem et al. 2025, arXiv
2510.22763). `--whole BATCH:STEPS` runs whole steps of it, in turn with the engine's with and without bounds;
`--sample` runs one candidate of the first step at each batch size, which stands for its like. Whatever both did must
agree: the layer that goes, and the texts of every finished candidate. Two logits can be nearer to each other than
float32 tells, and then the plain loop itself writes differently at different batch sizes: a text that differs must be
the one that it writes at batch 1.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from lp_ablation.limits import roomy
from lp_ablation.translation_quality import TranslationQuality
from lp_models.layers import skipping
from lp_models.padding import left_padded
from lp_models.seq2seq import pad_id
from lp_models.texts import decode, load_tokenizer
from lp_sacrebleu.evaluator import ChrfPlusPlus
from matrix_products import reached
from memory import forget_peak, peak_gb
from sacrebleu.metrics.chrf import CHRF
from transformers import AutoModelForCausalLM, GenerationConfig

from lp_runner.api import EncodedSegment, Hypotheses, Layer, Removal, Resamples
from lp_runner.worker import default_environment
from lp_runner.worker.formats import read_encoded

DECIMALS = 2


@dataclass(frozen=True)
class Task:
    """What every candidate translates."""

    folder: Path
    segments: Sequence[EncodedSegment]
    stop_ids: Sequence[int]
    limit: int
    dtype: torch.dtype

    @property
    def references(self) -> list[str]:
        return [segment.reference or "" for segment in self.segments]


@dataclass
class Plain:
    """The paper's loop at one batch size."""

    task: Task
    batch: int

    def __post_init__(self) -> None:
        self.tokenizer = load_tokenizer(self.task.folder)

    def candidate(self, removed: Removal) -> tuple[float, list[str]]:
        """Load, drop, generate, score."""
        model = AutoModelForCausalLM.from_pretrained(self.task.folder, dtype=self.task.dtype).eval()
        with skipping(model, removed), torch.inference_mode():
            texts = list(self._texts(model))
        score = CHRF(word_order=2).corpus_score(texts, [self.task.references]).score
        return round(score, DECIMALS), texts

    def step(self, sets: Sequence[Removal]) -> tuple[Removal, dict[Removal, list[str]]]:
        """The set that goes, and every candidate's texts."""
        found = {removed: self.candidate(removed) for removed in sets}
        best = max(sets, key=lambda removed: (found[removed][0], -new_layer(removed, sets)))
        return best, {removed: texts for removed, (_, texts) in found.items()}

    def _texts(self, model: Any) -> Iterator[str]:
        settings = GenerationConfig(
            max_new_tokens=self.task.limit,
            do_sample=False,
            eos_token_id=list(self.task.stop_ids),
            pad_token_id=pad_id(model),
        )
        prompts = [segment.prompt_ids for segment in self.task.segments]
        for start in range(0, len(prompts), self.batch):
            ids, mask = left_padded(prompts[start : start + self.batch], pad_id(model), model.device)
            made = model.generate(input_ids=ids, attention_mask=mask, generation_config=settings)
            new = made[:, ids.shape[1] :].tolist()
            yield from decode(self.tokenizer, [until_stop(row, self.task.stop_ids) for row in new])


@dataclass
class Ours:
    """The plugin as a search asks it."""

    task: Task
    bounds: bool
    racing: Mapping[str, Any] | None = None
    texts: dict[Removal, list[str]] = field(default_factory=dict)
    drafts: dict[Removal, list[str]] = field(default_factory=dict)
    """As far as they were written when the contest last looked."""
    work: list[dict[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.metric = TranslationQuality(
            metric={},
            segments=len(self.task.segments),
            against="references",
            max_new_tokens=self.task.limit,
            decimals=DECIMALS,
            bounds=self.bounds,
            racing=self.racing,
            verify=0,
            batch_size="auto",
        )
        self.context: Any = Context(str(self.task.dtype).removeprefix("torch."), self)
        arguments = (self.context, self.task.folder, self.task.segments, self.task.stop_ids)
        self.open_s, _ = timed(self.metric.open, *arguments)
        """Once for all steps: loading, and translating with the unpruned model."""

    def step(self, sets: Sequence[Removal]) -> tuple[Removal, dict[Removal, list[str]]]:
        self.texts.clear()
        self.drafts.clear()
        before = self._counts()
        scores = list(self.metric.score(self.context, sets, "winner"))
        counts = {name: count - before[name] for name, count in self._counts().items()}
        self.work.append({**counts, "bounds": sum(score.kind == "bound" for score in scores)})
        best = min(scores, key=lambda score: (score.value, new_layer(score.removed, sets)))
        return best.removed, dict(self.texts)

    def _counts(self) -> dict[str, int]:
        work: Any = self.metric._decoder
        return {"layer_tokens": work.work.layer_tokens, "head_tokens": work.work.head_tokens}


@dataclass
class Context:
    """As much of a plugin's surroundings as this one needs; chrF++ is asked where it stands."""

    dtype: str
    asker: Ours
    device: str = "cpu"
    seed: int = 0

    def progress(self, done: int, total: int, note: str = "") -> None: ...

    def record(self, **facts: float | str) -> None: ...

    def evaluator(self, option: str) -> "Nested":
        return Nested(self.asker)


@dataclass
class Nested:
    asker: Ours

    def score(self, system: Hypotheses, resamples: Resamples | None = None) -> Any:
        self.asker.texts[removal_of(system)] = list(system.hypotheses)
        return CHRF_PP.score(NOWHERE, system, resamples)

    def reach(self, system: Hypotheses, room: Sequence[int]) -> tuple[float, float]:
        self.asker.drafts[removal_of(system)] = list(system.hypotheses)
        return CHRF_PP.reach(NOWHERE, system, room)


def removal_of(system: Hypotheses) -> Removal:
    return frozenset(Layer.parse(name) for name in system.system.split()[1:])


CHRF_PP = ChrfPlusPlus(lowercase=False, whitespace=False, beta=2)
NOWHERE: Any = None


def main() -> None:
    options = parse_options()
    surround()
    torch.set_num_threads(options.threads)
    task = read_task(options)
    told: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": f"{processor()}, {options.threads} threads, torch {torch.__version__}",
        "model": options.run.name,
        "segments": len(task.segments),
        "limit": task.limit,
        "dtype": options.dtype,
    }
    told["sample"] = sample(task, options.sample, options.candidate)
    engines = {"exact": Ours(task, bounds=False), "bounds": Ours(task, bounds=True)}
    print(f"open: {engines['exact'].open_s:.1f} s")
    told["steps"] = search(task, engines, options)
    told["reached"] = reached(engines["exact"].metric._model, told["steps"])
    out = Path(__file__).with_name(f"paper_loop-{options.run.name}.json")
    out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    show(told)


def surround() -> None:
    """Go on with the variables that a worker gets: the plain loop has them too."""
    variables = default_environment()
    if variables != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.argv], variables)  # noqa: S606


def parse_options() -> argparse.Namespace:
    verbatim = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=verbatim)
    parser.add_argument("run", type=Path, help="a run folder")
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--removals", type=int, default=6, help="steps of the engine")
    parser.add_argument("--whole", metavar="BATCH:STEPS", help="whole steps of the plain loop")
    parser.add_argument("--sample", type=numbers, default=[], metavar="BATCH,…", help="one candidate at each")
    parser.add_argument("--candidate", type=int, help="the layer of --sample; the middle one if not given")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def read_task(options: argparse.Namespace) -> Task:
    plan = json.loads((options.run / "plan.json").read_text(encoding="utf-8"))
    (prompts,) = options.run.glob("steps/*-prompts-dev")
    facts = json.loads((prompts / "MANIFEST.json").read_text(encoding="utf-8"))["about"]["facts"]
    segments = list(read_encoded(prompts / "encoded.jsonl"))[: options.segments]
    limit = roomy([segment.target_ids for segment in segments])
    return Task(
        Path(plan["model"]["folder"]), segments, facts["stop_ids"], limit, getattr(torch, options.dtype)
    )


def sample(task: Task, batches: Sequence[int], candidate: int | None) -> list[dict[str, Any]]:
    """One candidate at each batch size."""
    layers = layers_of(task)
    removed = frozenset({Layer(layers // 2 if candidate is None else candidate)})
    told, texts = [], []
    for batch in batches:
        forget_peak()
        seconds, (_, found) = timed(Plain(task, batch).candidate, removed)
        texts.append(found)
        told.append(
            {"batch": batch, "candidate": str(min(removed)), "seconds": seconds, "peak_gb": peak_gb()}
        )
        print(
            f"plain, batch {batch}, without {min(removed)}: {seconds:.1f} s, {peak_gb():.1f} GB", flush=True
        )
    differing = [sum(a != b for a, b in zip(texts[0], other, strict=True)) for other in texts[1:]]
    print(f"texts that differ from those at batch {batches[0] if batches else '-'}: {differing}")
    return told


def search(task: Task, engines: Mapping[str, Ours], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Step by step, the plain loop and the engine with and without bounds in turn."""
    batch, steps = (int(part) for part in (options.whole or "0:0").split(":"))
    gone: Removal = frozenset()
    told = []
    for number in range(options.removals):
        candidates = [Layer(index) for index in range(1, layers_of(task) - 1) if Layer(index) not in gone]
        sets = [gone | {candidate} for candidate in candidates]
        ways: dict[str, Any] = dict(engines)
        if number < steps:
            ways[f"plain, batch {batch}"] = Plain(task, batch)
        row, texts, gone_by, peaks = {}, {}, {}, {}
        for name, way in ways.items():
            forget_peak()
            row[name], (gone_by[name], texts[name]) = timed(way.step, sets)
            best, peaks[name] = gone_by[name], peak_gb()
            print(
                f"step {number + 1}: {name}: without {new_layer(best, sets)}: {row[name]:.1f} s, "
                f"{peaks[name]:.1f} GB with {len(engines)} engines loaded",
                flush=True,
            )
            check_same(name, task, gone_by, texts)
            if isinstance(way, Ours):
                check_begun(way, task, texts["exact"])
        work = {name: engine.work[-1] for name, engine in engines.items()}
        found = {"removed": new_layer(best, sets), "sets": len(sets), "seconds": row, "work": work}
        told.append({**found, "peak_gb": peaks})
        gone = best
    return told


def check_same(
    name: str, task: Task, gone: Mapping[str, Removal], texts: Mapping[str, Mapping[Removal, list[str]]]
) -> None:
    """Against the exact engine; in bfloat16 differences are only counted. Raises AssertionError."""
    exact = texts["exact"]
    finished = [(removed, number) for removed, found in texts[name].items() for number in range(len(found))]
    differing = [(removed, at) for removed, at in finished if exact[removed][at] != texts[name][removed][at]]
    print(f"  {len(differing)} of {len(finished)} texts differ from those of exact", flush=True)
    if task.dtype == torch.float32:
        assert gone[name] == gone["exact"], gone
        decided_by_the_plain_loop(differing, texts[name], task, exact)


def check_begun(way: Ours, task: Task, exact: Mapping[Removal, list[str]]) -> None:
    """What a set had written when a bound ended it begins what the exact engine has. Raises AssertionError."""
    ended = {removed: found for removed, found in way.drafts.items() if removed not in way.texts}
    begun = [(removed, number) for removed, found in ended.items() for number in range(len(found))]
    differing = [
        (removed, at) for removed, at in begun if not exact[removed][at].startswith(ended[removed][at])
    ]
    print(f"  {len(differing)} of {len(begun)} texts that a bound ended begin in another way", flush=True)
    if task.dtype == torch.float32:
        decided_by_the_plain_loop(differing, ended, task, exact)


def decided_by_the_plain_loop(
    differing: Sequence[tuple[Removal, int]],
    ours: Mapping[Removal, list[str]],
    task: Task,
    exact: Mapping[Removal, list[str]],
) -> None:
    """Where two words are too near to each other it is of two minds itself: it writes both. Raises AssertionError."""
    for removed, at in differing:
        others = (Plain(task, batch).candidate(removed)[1][at] for batch in (32, 100, 8))
        assert any(other.startswith(ours[removed][at]) for other in others), (removed, at)
        alone = replace(task, segments=[task.segments[at]])
        _, text = Plain(alone, 1).candidate(removed)
        assert text == [exact[removed][at]], (removed, at)
        print(f"  segment {at + 1}: exact has what the plain loop writes at batch 1")


def show(told: Mapping[str, Any]) -> None:
    print(
        f"\n{told['model']}, {told['segments']} segments, {told['dtype']}; {told['machine']}; {told['date']}"
    )
    print("\n| step | removed | candidates | seconds | layer tokens | head tokens | ended by a bound |")
    print("|---:|---:|---:|---|---:|---:|---:|")
    for number, step in enumerate(told["steps"], 1):
        seconds = ", ".join(f"{name} {spent:.1f}" for name, spent in step["seconds"].items())
        work = step["work"]["bounds"]
        cells = [number, step["removed"], step["sets"], seconds, work["layer_tokens"], work["head_tokens"]]
        print(f"| {' | '.join(map(str, cells))} | {work['bounds']} |")
    at = told["reached"]
    print(
        f"\nproducts: layers {at['layer_flop_per_s'] / 1e9:.0f} GFLOP/s "
        f"({at['own_flop_per_s'] / 1e9:.0f} by PyTorch's own), head ({at['head_dtype']}) "
        f"{at['head_flop_per_s'] / 1e9:.0f} GFLOP/s; alone they take {at['share']:.0%} of the engine's time"
    )
    first = told["steps"][0]
    for one in told["sample"]:
        whole = one["seconds"] * first["sets"]
        ratios = [f"{whole / first['seconds'][name]:.1f}× {name}" for name in ("exact", "bounds")]
        print(
            f"\nbatch {one['batch']}: one candidate {one['seconds']:.1f} s, so a step {whole:.0f} s: {', '.join(ratios)}"
        )


def layers_of(task: Task) -> int:
    config = json.loads((task.folder / "config.json").read_text(encoding="utf-8"))
    return int(config["num_hidden_layers"])


def new_layer(removed: Removal, sets: Sequence[Removal]) -> int:
    """The layer that no other candidate of the step lacks."""
    shared = frozenset.intersection(*sets) if len(sets) > 1 else frozenset()
    return min(removed - shared).index


def until_stop(ids: Sequence[int], stop_ids: Sequence[int]) -> list[int]:
    end = next((place for place, new in enumerate(ids) if new in stop_ids), len(ids))
    return list(ids[:end])


def timed(call: Any, *arguments: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    found = call(*arguments)
    return time.perf_counter() - started, found


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
