"""Options, data and models that a metric, a policy, a trainer or an evaluator refuses."""

from __future__ import annotations

from pathlib import Path

from transformers import (
    GPTJConfig,
    GPTJForCausalLM,
    HyperCLOVAXConfig,
    HyperCLOVAXForCausalLM,
    Lfm2Config,
    Lfm2ForCausalLM,
)

from tests.messages.case import RUN, Case, both, nothing, run, written
from tests.messages.models import with_config
from tests.messages.translating import instead, nllb

LOG = "{tiny}/runs/tiny/logs/worker-1.log"
UNPROTECTED = "prune.with.protect=[]"
JUDGE = f"evaluate=[{{use: comet, with: {{model: someone/judge, revision: {'a' * 40}}}}}]"
SIZES = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1}
PAIRS = written("train.tsv", "pes\tHund\nkočka\tKatze\n")


def prune(use: str, **options: object) -> str:
    told = ", ".join(f"{name}: {value}" for name, value in options.items())
    return f"prune={{use: {use}, with: {{{told}}}}}"


def trained(*more: str, **options: object) -> tuple[str, ...]:
    """Two pairs, one a step."""
    steps = {"batch_size": 1, "max_steps": 2} | options
    told = ", ".join(f"{name}: {value}" for name, value in steps.items())
    corpus = "data.train={use: tsv, with: {path: train.tsv}}"
    return run(corpus, f"recover=[{{use: sft, with: {{{told}}}}}]", *more)


def gptj(tiny: Path) -> None:
    sizes = {"n_embd": 16, "n_layer": 3, "n_head": 2, "rotary_dim": 4}
    instead(tiny, GPTJForCausalLM(GPTJConfig(vocab_size=12, **sizes)))


def lfm2(tiny: Path) -> None:
    """Half of its layers have a convolution where others have attention."""
    types = ["conv", "full_attention"]
    instead(tiny, Lfm2ForCausalLM(Lfm2Config(vocab_size=12, num_hidden_layers=2, layer_types=types, **SIZES)))
    with_config(full_attn_idxs=[1])(tiny)


def hyperclovax(tiny: Path) -> None:
    """Its logits are multiplied by what Granite's are divided by."""
    config = HyperCLOVAXConfig(vocab_size=12, num_hidden_layers=3, logits_scaling=0.5, **SIZES)
    instead(tiny, HyperCLOVAXForCausalLM(config))


CASES = (
    Case(
        "a plugin that nobody has installed",
        nothing,
        ("check", "tiny.yaml", "-o", "importance=likelyhood"),
        2,
        "-o importance=likelyhood: no importance plugin is named 'likelyhood'; did you mean likelihood?\n",
    ),
    Case(
        "a publisher whose models can run code",
        nothing,
        ("check", "tiny.yaml", "-o", JUDGE),
        2,
        f"-o {JUDGE.replace('{', '{{').replace('}', '}}')}: evaluate.0.with.model: someone is none of comet's known "
        "publishers (Unbabel), and its models can run code; --trust-publisher someone if you trust it\n",
    ),
    Case(
        "more layers than may go",
        nothing,
        (*RUN, "-o", "prune.with.remove=9"),
        1,
        "tiny: prune.one-shot: remove: 9 layers, but only 2 of 4 are unprotected\n",
    ),
    Case(
        "a race by an error rate",
        nothing,
        (
            *RUN,
            *("-o", "importance={use: translation-quality, with: {metric: ter, racing: {confidence: 0.9}}}"),
            *("-o", "prune={use: iterative-greedy, with: {remove: 1}}"),
        ),
        1,
        "tiny: importance.translation-quality: racing: ter counts errors; race by a metric that counts upwards\n",
    ),
    Case(
        "an optimizer that needs a GPU",
        written("train.tsv", "Haus\tdům\n"),
        (
            *RUN,
            *("-o", "data.train={use: tsv, with: {path: train.tsv}}"),
            *("-o", "recover=[{use: sft, with: {optimizer: paged-adamw-32bit}}]"),
        ),
        5,
        "tiny: recover.sft: paged-adamw-32bit needs a CUDA device; `optimizer: adamw` does not\n"
        "hint: its log is {tiny}/runs/tiny/logs/worker-1.log\n",
    ),
    Case(
        "an option that a plugin needs",
        nothing,
        ("check", "tiny.yaml", "-o", "evaluate=[comet]"),
        2,
        "-o evaluate=[comet]: evaluate.0.with.model: is missing; comet needs it\n",
    ),
    Case(
        "a model of the hub without its commit",
        nothing,
        ("check", "tiny.yaml", "-o", "evaluate=[{use: comet, with: {model: someone/judge}}]"),
        2,
        "-o evaluate=[{{use: comet, with: {{model: someone/judge}}}}]: evaluate.0.with.model: someone/judge is no folder "
        "here; a model of the hub needs its commit in `revision`\n",
    ),
    Case(
        "more segments to be timed than the test set has",
        nothing,
        run("benchmark.batch_sizes=[1]", "benchmark.segments=9"),
        2,
        "tiny: -o benchmark.segments=9: 9 are asked for, and the test set has 2\n",
    ),
    Case(
        "more segments to be timed in a search than it has",
        nothing,
        run(prune("speed-target", target=1.1, backend="transformers"), "prune.with.segments=9"),
        2,
        "tiny: -o prune.with.segments=9: 9 are to be timed, and the search has 1\n",
    ),
    Case(
        "a quality of 0, of which nothing can be kept",
        nothing,
        run(prune("quality-floor", keep_percent=90, metric="bleu")),
        1,
        "tiny: prune.quality-floor: no share of the unpruned model's bleu can be told: a resample of it is 0\n"
        "hint: give it more segments, or another metric\n",
    ),
    Case(
        "more neighbouring layers to go than stand together",
        nothing,
        run(prune("contiguous", remove=3, protect="[2]")),
        1,
        "tiny: prune.contiguous: remove: no 3 neighbouring layers are unprotected\n",
    ),
    Case(
        "a list of all layers",
        nothing,
        run(prune("explicit", layers="[0, 1, 2, 3]")),
        1,
        "tiny: prune.explicit: layers: no decoder layer would stay\n",
    ),
    Case(
        "a list with a layer that the model doesn't have",
        nothing,
        run(prune("explicit", layers="[7]")),
        1,
        "tiny: prune.explicit: layers: the model has no decoder.7; its last is decoder.3\n",
    ),
    Case(
        "a list with a layer by two names",
        nothing,
        run(prune("explicit", layers="[1, decoder.1]")),
        1,
        "tiny: prune.explicit: layers: decoder.1 is listed twice\n",
    ),
    Case(
        "a start of fewer layers than are to go",
        nothing,
        run(prune("swap", remove=2, start="[1]")),
        1,
        "tiny: prune.swap: start: 1 layers are listed, and 2 are to go\n",
    ),
    Case(
        "a start with a layer that stays",
        nothing,
        run(prune("swap", remove=1, start="[0]")),
        1,
        "tiny: prune.swap: start: decoder.0 is protected, or not in the decoder\n",
    ),
    Case(
        "a size that isn't reached by all layers that may go",
        nothing,
        run(prune("params-target", target="10%")),
        1,
        "tiny: prune.params-target: target: 898 parameters can't be reached: without the 2 layers that may go it is "
        "4,592\n",
    ),
    Case(
        "a size that the model has already",
        nothing,
        run(prune("params-target", target=10**6)),
        1,
        "tiny: prune.params-target: target: the unpruned model has 8,976 parameters, no more than 1,000,000\n",
    ),
    Case(
        "a shortlist by a metric of blocks",
        nothing,
        ("check", "tiny.yaml", "-o", prune("two-stage", remove=2, shortlist="angular-distance")),
        2,
        "-o prune={{use: two-stage, with: {{remove: 2, shortlist: angular-distance}}}}: prune.with.shortlist: "
        "angular-distance knows sets of neighbouring layers alone, and two-stage asks about others; prune by "
        "contiguous or one-shot\n",
    ),
    Case(
        "a metric that translates where there are no references",
        written("dev.jsonl", '{"source": "pes vidí"}\n'),
        run(
            "data.dev={use: jsonl, with: {path: dev.jsonl, columns: {source: source, target: null}}}",
            "importance=translation-quality",
        ),
        1,
        "tiny: importance.translation-quality: segment 1 has no reference; `against: unpruned` needs none\n",
    ),
    Case(
        "a metric of attention where a layer has none",
        lfm2,
        run("importance=attention-entropy", UNPROTECTED),
        1,
        "tiny: importance.attention-entropy: Lfm2DecoderLayer: can't find its attention; looked for self_attn, "
        "attention, attn, self_attention\n",
    ),
    Case(
        "a metric that runs layers which return more than states",
        gptj,
        run("importance=likelihood"),
        1,
        "tiny: importance.likelihood: GPTJBlock returns more than hidden states, which teacher-forced metrics don't "
        "know\n",
    ),
    Case(
        "a GPU that torch doesn't find",
        nothing,
        RUN,
        5,
        "tiny: infer.transformers: cuda:0: torch finds no CUDA device here (hint: device: cpu)\n"
        f"hint: its log is {LOG}\n",
        {"LP_RUN_DEVICES": "cuda:99"},
    ),
    Case(
        "a training of an encoder-decoder model",
        both(PAIRS, nllb),
        trained(UNPROTECTED),
        1,
        "tiny: recover.sft: m2m_100 is an encoder-decoder model; recovery trains decoder-only models "
        "(hint: recover with none)\n",
    ),
    Case(
        "a training of a model whose logits are made in another way",
        both(PAIRS, hyperclovax),
        trained(),
        1,
        "tiny: recover.sft: hyperclovax changes its logits after the head in a way that recovery does not know\n",
    ),
    Case(
        "a training that has no example short enough",
        PAIRS,
        trained(max_length=2),
        1,
        "tiny: recover.sft: no example is left to train on (hint: max_length, or references in data.train)\n",
    ),
    Case(
        "a training of weights in float16",
        PAIRS,
        trained("model.dtype=float16", weights="model"),
        1,
        "tiny: recover.sft: float16 weights can't be trained: small gradients vanish (hint: weights: float32)\n",
    ),
    Case(
        "a training over the words in use with a head that moves",
        PAIRS,
        trained(vocabulary="in-use"),
        2,
        "tiny: -o recover=[{{use: sft, with: {{batch_size: 1, max_steps: 2, vocabulary: in-use}}}}]: "
        "recover.0: sft: vocabulary: in-use needs freeze_embeddings: true (the head must not move)\n",
    ),
    Case(
        "a training that diverges",
        PAIRS,
        trained(learning_rate="3.0e+38", evaluate_every=9),
        1,
        "tiny: recover.sft: training diverged at step 2: loss nan, gradient norm nan (hint: a lower learning_rate, "
        "a longer warmup, max_gradient_norm: 1, or weights: float32)\n",
    ),
    Case(
        "a training that has diverged where the dev set is looked at",
        PAIRS,
        trained(learning_rate="3.0e+38"),
        1,
        "tiny: recover.sft: the dev loss is nan at step 1 (hint: a lower learning_rate)\n",
    ),
)
