"""Strangers' plugins that break the contract, and workers that die: each fault in a small plugin of its own."""

from __future__ import annotations

from pathlib import Path

from tests.messages.case import NO_OPTIONS, Case, Plant, both, data, installed, nothing, run, written
from tests.messages.strategies import LOG, PAIRS, prune

PLUGINS = Path(__file__).parents[2] / "plugins"
READER = """\
import os, signal, sys, time

class Strategy:
    def read(self, context):
"""
METRIC = """\
from lp_runner.api import Hypotheses, Score

class Strategy:
    def open(self, context, model, segments, stop_ids): ...
    def close(self): ...
    def score(self, context, sets, need):
"""
POLICY = """\
from lp_runner.api import Ask, Measure

class Strategy:
    def __init__(self, **options): ...
    def search(self, layers):
"""
TRAINER = """\
from lp_runner.api import Hypotheses

class Strategy:
    def train(self, context, model, train, dev, into):
"""
EVALUATOR = """\
from lp_runner.api import Evaluation

class Strategy:
    def score(self, context, system, resamples):
"""
BACKEND = """\
from lp_runner.api import Generations

class Strategy:
    def load(self, context, model): ...
    def unload(self): ...
    def generate(self, context, prompts, max_new_tokens, stop_ids, fixed_length):
"""
BODIES = {
    "read": READER,
    "importance": METRIC,
    "prune": POLICY,
    "recover": TRAINER,
    "evaluate": EVALUATOR,
    "infer": BACKEND,
}
"""By kind: a class whose last method lacks its lines."""
MEASURES = (
    '{"type": "object", "properties": {"backend": {"x-lp-kind": "infer", "default": "transformers"}, '
    '"metric": {"x-lp-kind": "evaluate", "default": "chrf++"}}}'
)
HANDS_NOTHING_ON = """\
from MODULE import METRIC

class Strategy(METRIC):
    def open(self, context, model, segments, stop_ids):
        super().open(context, model, (), stop_ids)
"""
ELSEWHERE = """\
from unittest.mock import patch

import torch
from lp_sft.optimizers import build
from lp_sft.sft import Sft

class Strategy(Sft):
    def train(self, *given):
        with SUPPOSED:
            return super().train(*given)
"""
"""A training as it would go on another machine."""
FULL = "side_effect=torch.OutOfMemoryError"
OLD_GPU = (
    'patch("torch.cuda.is_available", return_value=True), '
    'patch("torch.cuda.is_bf16_supported", return_value=False)'
)
GPU_ALONE = (
    'patch("lp_sft.optimizers.build", lambda *given: build(*given[:2], torch.device("cuda"))), '
    'patch("lp_sft.optimizers.find_spec", return_value=None)'
)


def faulty(kind: str, name: str, *lines: str, options: str = NO_OPTIONS) -> Plant:
    """A plugin that does nothing but this."""
    body = "".join(f"        {line}\n" for line in lines)
    return installed(name, f"{kind}.{name}", strategy=BODIES[kind] + body, options=options)


def handing_nothing_on(name: str, metric: str, implementation: str) -> Plant:
    """A metric that passes on everything to another but the segments."""
    module, _, kind = implementation.partition(":")
    strategy = HANDS_NOTHING_ON.replace("MODULE", module).replace("METRIC", kind)
    options = PLUGINS / module.partition(".")[0] / f"{metric}.schema.json"
    return installed(name, f"importance.{name}", strategy=strategy, options=options.read_text("utf-8"))


def trained_elsewhere(name: str, supposed: str) -> Plant:
    """Args: supposed, what is otherwise on that machine."""
    options = (PLUGINS / "lp_sft" / "sft.schema.json").read_text("utf-8")
    strategy = ELSEWHERE.replace("SUPPOSED", supposed)
    return both(PAIRS, installed(name, f"recover.{name}", strategy=strategy, options=options))


def trained_by(name: str, *more: str) -> tuple[str, ...]:
    return run("data.train={use: tsv, with: {path: train.tsv}}", f"recover=[{{use: {name}}}]", *more)


def of_another_version(tiny: Path) -> None:
    """An interpreter that speaks as a worker, of another lp_runner."""
    path, hello = tiny / "python", '{"type": "hello", "api": 2, "python": "3.14", "pid": 1}'
    path.write_text(f"#!/bin/bash\necho '{hello}' >&$5\nsleep 20\n", "utf-8")
    path.chmod(0o755)


RAISING = faulty("read", "raising", "raise KeyError('segment \\x1b[31m7')")
IN_VLLM = (*run("infer={use: vllm, max_new_tokens: 4}"), "--offline")

CASES = (
    Case(
        "a worker that is killed",
        faulty("read", "eaten", "os.kill(os.getpid(), signal.SIGKILL)"),
        data("eaten"),
        5,
        "tiny: read.eaten: its worker was killed (SIGKILL), most likely for want of memory\n"
        f"hint: its log, {LOG}, says nothing\n",
    ),
    Case(
        "a worker that another signal ends",
        faulty("read", "shot", "os.kill(os.getpid(), signal.SIGTERM)"),
        data("shot"),
        1,
        f"tiny: read.shot: its worker was ended by SIGTERM\nhint: its log, {LOG}, says nothing\n",
    ),
    Case(
        "a worker that ends itself",
        faulty("read", "quitting", "print('no licence')", "os._exit(3)"),
        data("quitting"),
        1,
        "tiny: read.quitting: its worker ended by itself with exit code 3\n"
        f"hint: the end of {LOG}:\n  no licence\n",
    ),
    Case(
        "a worker that closes its pipe",
        faulty("read", "hanging_up", "os.closerange(3, 64)", "time.sleep(60)"),
        data("hanging_up"),
        1,
        f"tiny: read.hanging_up: its worker closed its pipe and was ended\nhint: its log is {LOG}\n",
    ),
    Case(
        "a worker that writes into its pipe what is no message",
        faulty("read", "muttering", "os.write(int(sys.argv[2]), b'la la la\\n')", "time.sleep(60)"),
        data("muttering"),
        1,
        f"tiny: read.muttering: the pipe of its worker: not a message: b'la la la'\nhint: its log is {LOG}\n",
    ),
    Case(
        "a worker that prints without end",
        faulty("read", "talking", "os.ftruncate(1, 2**30)", "print('\\rla la la')", "time.sleep(60)"),
        data("talking"),
        1,
        "tiny: read.talking: its worker printed more than 1024 MiB and was ended\n"
        f"hint: the end of {LOG}:\n  la la la\n",
    ),
    Case(
        "a worker that takes longer than it may",
        faulty("read", "dreaming", "print('zzz')", "time.sleep(60)"),
        (*data("dreaming"), "--time-limit", "1s"),
        1,
        "tiny: read.dreaming: its worker took longer than its limit of 1 s and was ended\n"
        f"hint: the end of {LOG}:\n  zzz\n",
    ),
    Case(
        "a worker that gets no more memory",
        faulty("read", "greedy", "bytearray(2**62)"),
        data("greedy"),
        5,
        f"tiny: read.greedy: out of memory\nhint: its log is {LOG}\n",
    ),
    Case(
        "a plugin that raises",
        RAISING,
        data("raising"),
        1,
        f"tiny: read.raising: KeyError: 'segment \\x1b[31m7'\nhint: the traceback is in {LOG}\n",
    ),
    Case(
        "an interpreter that isn't there",
        nothing,
        IN_VLLM,
        5,
        "tiny: {tiny}/pyhton: this interpreter can't be started: No such file or directory\n",
        {"LP_RUN_VLLM_PYTHON": "{tiny}/pyhton"},
    ),
    Case(
        "an interpreter with an lp_runner of another version",
        of_another_version,
        IN_VLLM,
        5,
        "tiny: {tiny}/python: its lp_runner speaks version 2 of the contract, this one 1\n",
        {"LP_RUN_VLLM_PYTHON": "{tiny}/python"},
    ),
    Case(
        "a metric that leaves candidates out",
        faulty("importance", "mute", "yield from ()"),
        run("importance=mute"),
        1,
        "tiny: mute left 2 of 2 removal sets without a score\n",
    ),
    Case(
        "a metric that gives bounds where scores are wanted",
        faulty("importance", "vague", "return (Score(each, 1.0, kind='bound') for each in sets)"),
        run("importance=vague"),
        1,
        "tiny: vague answers with a bound where a score is asked for\n",
    ),
    Case(
        "a metric that gives nothing but bounds",
        faulty("importance", "vaguer", "return (Score(each, 1.0, kind='bound') for each in sets)"),
        run("importance=vaguer", prune("iterative-greedy", remove=1)),
        1,
        "tiny: prune.iterative-greedy: decoder.1 would be chosen by a bound, which can only lose\n",
    ),
    Case(
        "a metric whose scores are no numbers",
        faulty("importance", "lost", "return (Score(each, float('nan')) for each in sets)"),
        run("importance=lost"),
        1,
        "tiny: prune.one-shot: the importance of decoder.1 is not a number\n",
    ),
    Case(
        "a metric that wants checkpoints",
        faulty("importance", "careful", "context.checkpoints.latest()"),
        run("importance=careful"),
        1,
        "tiny: careful calls 'checkpoint.latest', which lp_runner doesn't offer to a metric\n",
    ),
    Case(
        "a metric that asks for an evaluator that it has no option for",
        faulty("importance", "presuming", "context.evaluator('judge').score(Hypotheses('mine', (), (), ()))"),
        run("importance=presuming"),
        1,
        "tiny: presuming has no evaluator in an option named 'judge'\n",
    ),
    Case(
        "a metric that hands one of activations no segments",
        handing_nothing_on("reading_nothing", "cka", "lp_activations.cka:Cka"),
        run("importance=reading_nothing"),
        1,
        "tiny: importance.reading_nothing: cka has no segments to run\n",
    ),
    Case(
        "a metric that hands one of translations no segments",
        handing_nothing_on(
            "writing_nothing",
            "translation-quality",
            "lp_ablation.translation_quality:TranslationQuality",
        ),
        run("importance=writing_nothing"),
        1,
        "tiny: importance.writing_nothing: translation-quality has no segments to translate\n",
    ),
    Case(
        "a race by an evaluator that has no replicates",
        both(
            written("dev.tsv", 31 * "pes vidí\tHund sieht\n"),
            faulty("evaluate", "sure", "return [Evaluation('sureness', 50.0, 'mine')]"),
        ),
        run(
            "importance={use: translation-quality, with: {metric: sure, racing: {confidence: 0.9}}}",
            prune("iterative-greedy", remove=1),
        ),
        1,
        "tiny: importance.translation-quality: racing: sureness has no replicates; race by a metric that has\n",
    ),
    Case(
        "a quality by an evaluator that has no replicates",
        faulty("evaluate", "certain", "return [Evaluation('certainty', 50.0, 'mine')]"),
        run(prune("quality-floor", keep_percent=90, metric="certain")),
        1,
        "tiny: prune.quality-floor: certainty has no replicates, so what is kept of it would have no interval\n",
    ),
    Case(
        "an evaluator that wants checkpoints",
        faulty("evaluate", "thorough", "context.checkpoints.latest()"),
        run("evaluate=[thorough]"),
        1,
        "tiny: evaluate.thorough calls 'checkpoint.latest', which lp_runner doesn't offer to it\n",
    ),
    Case(
        "a policy that measures what nothing tells",
        faulty("prune", "vain", "yield Measure(frozenset(), ('beauty',))"),
        run("prune={use: vain}"),
        1,
        "tiny: vain measures 'beauty', which nothing tells\n",
    ),
    Case(
        "a policy that measures without a backend",
        faulty("prune", "bare", "yield Measure(frozenset(), ('quality',))"),
        run("prune={use: bare}"),
        1,
        "tiny: bare measures with its option 'backend', and has no such plugin there\n",
    ),
    Case(
        "a policy that measures without segments",
        faulty("prune", "sparse", "yield Measure(frozenset(), ('quality',))", options=MEASURES),
        run("prune={use: sparse}"),
        1,
        "tiny: sparse measures with an option 'segments' that it doesn't have\n",
    ),
    Case(
        "a policy that asks by a metric that isn't there",
        faulty("prune", "curious", "yield Ask((frozenset(layers[:1]),), metric='cheap')"),
        run("prune={use: curious}"),
        1,
        "tiny: curious asks for 'cheap', which is no metric of this recipe\n",
    ),
    Case(
        "a policy that removes a layer twice",
        faulty("prune", "repeating", "yield from ()", "return [layers[1], layers[1]]"),
        run("prune={use: repeating}"),
        1,
        "tiny: repeating removes layers twice, or that aren't there: decoder.1, decoder.1\n",
    ),
    Case(
        "a backend that stops too early to be timed",
        faulty(
            "infer", "lazy", "return Generations(((),) * len(prompts), {'generate_s': 1.0, 'new_tokens': 0})"
        ),
        run("benchmark={segments: 2, batch_sizes: [1], new_tokens: 2, backends: [lazy]}"),
        1,
        "tiny: lazy: 0 new tokens where 4 were asked for\n",
    ),
    Case(
        "a trainer that writes no model",
        both(PAIRS, faulty("recover", "idle", "return {}")),
        trained_by("idle"),
        1,
        "tiny: idle left no model in the folder that it was given\n",
    ),
    Case(
        "a trainer that wants an evaluator",
        both(
            PAIRS,
            faulty("recover", "judging", "context.evaluator('judge').score(Hypotheses('mine', (), (), ()))"),
        ),
        trained_by("judging"),
        1,
        "tiny: judging calls 'evaluator', which lp_runner doesn't offer to a trainer\n",
    ),
    Case(
        "a training that has no memory for an example",
        trained_elsewhere("crammed", f'patch("lp_sft.loss.TokenLoss.total", {FULL})'),
        trained_by("crammed"),
        5,
        "tiny: recover.crammed: one example does not fit the device (hint: gradient_checkpointing, max_length, lora)\n"
        f"hint: its log is {LOG}\n",
    ),
    Case(
        "a training that has no memory for its optimizer",
        trained_elsewhere("stuffed", f'patch("torch.optim.AdamW.step", {FULL})'),
        trained_by("stuffed"),
        5,
        "tiny: recover.stuffed: no memory for the optimizer's state (hint: lora, or optimizer: paged-adamw-32bit)\n"
        f"hint: its log is {LOG}\n",
    ),
    Case(
        "a training in bfloat16 on a GPU that hasn't it",
        both(
            trained_elsewhere("aged", OLD_GPU),
            faulty("infer", "instant", "return Generations(((4,),) * len(prompts))"),
        ),
        trained_by("aged", "infer={use: instant, max_new_tokens: 2}", "model.dtype=bfloat16"),
        5,
        f"tiny: recover.aged: cuda:0 has no bfloat16 (hint: model.dtype: float32)\nhint: its log is {LOG}\n",
        {"LP_RUN_DEVICES": "cuda:99"},
    ),
    Case(
        "an optimizer that isn't installed",
        trained_elsewhere("unpaged", GPU_ALONE),
        trained_by("unpaged", "recover.0.with.optimizer=paged-adamw-32bit"),
        5,
        "tiny: recover.unpaged: paged-adamw-32bit needs bitsandbytes: pip install bitsandbytes, or say "
        f"`optimizer: adamw`\nhint: its log is {LOG}\n",
    ),
)
