"""What can't be translated or scored: a model, a prompt, a test set, or what a stranger's plugin asks for."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, processors
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MptConfig,
    MptForCausalLM,
    NllbTokenizer,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

from tests.messages.case import RUN, Case, Plant, installed, nothing, run, written

SOURCES_ALONE = '{"source": "pes"}\n'
BY_METRIC = '{"type": "object", "properties": {"metric": {"x-lp-kind": "evaluate", "default": "chrf++"}}}'
METRIC = """\
from lp_runner.api import Hypotheses

class Strategy:
    def __init__(self, *, metric):
        pass

    def open(self, context, model, segments, stop_ids):
        context.evaluator("metric").score(Hypotheses("mine", *TEXTS))
"""
POLICY = """\
from lp_runner.api import Ask, Layer

class Strategy:
    def search(self, layers):
        yield Ask((frozenset(ASKED),))
"""


def without_references(split: str) -> str:
    columns = "{source: source, target: null}"
    return f"data.{split}={{use: jsonl, with: {{path: {split}.jsonl, columns: {columns}}}}}"


def begun_by_the_tokenizer(tiny: Path) -> None:
    """A tokenizer that puts BOS in front."""
    path = str(tiny / "model" / "tokenizer.json")
    tokenizer = Tokenizer.from_file(path)
    tokenizer.post_processor = processors.TemplateProcessing("<bos> $A", special_tokens=[("<bos>", 1)])
    tokenizer.save(path)


def instead(tiny: Path, model: PreTrainedModel) -> None:
    """With the tokenizer that is there."""
    for name in ("config.json", "generation_config.json", "model.safetensors"):
        (tiny / "model" / name).unlink()
    model.save_pretrained(tiny / "model")


def with_tags(tiny: Path) -> None:
    """A tokenizer that knows NLLB's languages."""
    for path in (tiny / "model").glob("tokenizer*"):
        path.unlink()
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "▁": 4, "▁a": 5, "a": 6}
    NllbTokenizer(vocab=words, merges=[("▁", "a")]).save_pretrained(tiny / "model")


def encoder_decoder(tiny: Path) -> None:
    depths = {"encoder_layers": 3, "decoder_layers": 3, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    instead(tiny, M2M100ForConditionalGeneration(M2M100Config(vocab_size=220, d_model=16, **depths, **heads)))


def nllb(tiny: Path) -> None:
    encoder_decoder(tiny)
    with_tags(tiny)


def without_start(tiny: Path) -> None:
    nllb(tiny)
    for name in ("config.json", "generation_config.json"):
        path = tiny / "model" / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {"decoder_start_token_id": None}))


def t5(tiny: Path) -> None:
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 3, "num_heads": 2}
    instead(tiny, T5ForConditionalGeneration(T5Config(vocab_size=220, **sizes)))
    with_tags(tiny)


def mpt(tiny: Path) -> None:
    instead(tiny, MptForCausalLM(MptConfig(vocab_size=12, d_model=16, n_heads=2, n_layers=3)))


def too_wide(tiny: Path) -> None:
    """A model whose missing weights have no room on any machine."""
    config, weights = tiny / "model" / "config.json", tiny / "model" / "model.safetensors"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"intermediate_size": 10**15}))
    there = {name: tensor for name, tensor in load_file(weights).items() if ".mlp." not in name}
    save_file(there, weights, metadata={"format": "pt"})


def without_its_last_norm(tiny: Path) -> None:
    weights = tiny / "model" / "model.safetensors"
    there = load_file(weights)
    del there["model.norm.weight"]
    save_file(there, weights, metadata={"format": "pt"})


def policy(distribution: str, asked: str) -> Plant:
    return installed(distribution, f"prune.{distribution}", strategy=POLICY.replace("ASKED", asked))


def metric(distribution: str, texts: str) -> Plant:
    strategy = METRIC.replace("TEXTS", texts)
    return installed(distribution, f"importance.{distribution}", options=BY_METRIC, strategy=strategy)


ENCODER = "tiny: encode.tokenizer: "
CASES = (
    Case(
        "a BOS token in the middle of a prompt",
        begun_by_the_tokenizer,
        run("prompt.template='Czech: <bos> {source}'"),
        1,
        f"{ENCODER}the prompt's template writes a BOS token in its middle\n",
    ),
    Case(
        "a language that the model knows no tag for",
        nllb,
        run("languages.target=Upper Sorbian"),
        1,
        f"{ENCODER}the model's tokenizer has no tag for the language 'Upper Sorbian'\n",
    ),
    Case(
        "a chat with an encoder-decoder model",
        nllb,
        run("prompt.chat=true"),
        1,
        f"{ENCODER}an encoder-decoder model has no chat; say `chat: false` in the prompt\n",
    ),
    Case(
        "an encoder-decoder model whose tokenizer knows no languages",
        encoder_decoder,
        RUN,
        1,
        f"{ENCODER}the model's tokenizer has no language tags, as NLLB's has; an encoder-decoder model needs them\n",
    ),
    Case(
        "an encoder-decoder model that doesn't say what it begins with",
        without_start,
        RUN,
        1,
        "tiny: infer.transformers: the encoder-decoder model's config names no decoder_start_token_id\n",
    ),
    Case(
        "an encoder-decoder model of another build",
        t5,
        run("importance=magnitude"),
        1,
        "tiny: importance.magnitude: T5ForConditionalGeneration: can't find the layers of its encoder\n",
    ),
    Case(
        "a model of another build",
        mpt,
        run("importance=magnitude"),
        1,
        "tiny: importance.magnitude: MptForCausalLM: can't find its layers; looked for model.layers, "
        "model.language_model.layers, language_model.model.layers, model.decoder.layers, transformer.h, "
        "gpt_neox.layers\n",
    ),
    Case(
        "weights that lack a tensor, which Transformers would make up",
        without_its_last_norm,
        RUN,
        1,
        "tiny: infer.transformers: {tiny}/model: the weights lack model.norm.weight\n",
    ),
    Case(
        "a model that has no room in memory",
        too_wide,
        RUN,
        5,
        "tiny: infer.transformers: {tiny}/model does not fit the memory of cpu\n"
        "hint: its log is {tiny}/runs/tiny/logs/worker-1.log\n",
    ),
    Case(
        "a translation that has no room in memory",
        nothing,
        run(f"importance={{use: translation-quality, with: {{max_new_tokens: {10**14}}}}}"),
        5,
        "tiny: importance.translation-quality: the device has no memory left for a single segment\n"
        "hint: its log is {tiny}/runs/tiny/logs/worker-2.log\n",
    ),
    Case(
        "a metric that reads references where there are none",
        written("dev.jsonl", SOURCES_ALONE),
        run(without_references("dev"), "importance=likelihood"),
        1,
        "tiny: importance.likelihood: segment 1 has no reference, which likelihood needs\n",
    ),
    Case(
        "a test set without references",
        written("test.jsonl", SOURCES_ALONE.replace("pes", "dům")),
        run(without_references("test")),
        1,
        "tiny: evaluate.chrf++: translate-unpruned: chrf++ needs references, and the data has none\n",
    ),
    Case(
        "a policy that asks about a layer that isn't there",
        policy("beyond", "[Layer(9)]"),
        run("prune=beyond", "importance=likelihood"),
        1,
        "tiny: importance.likelihood: the model has no layer decoder.9\n",
    ),
    Case(
        "a policy that asks what is left without any layer",
        policy("greedier", "layers"),
        run("prune=greedier", "importance=likelihood"),
        1,
        "tiny: importance.likelihood: nothing would be left of the decoder\n",
    ),
    Case(
        "a metric that has nothing scored",
        metric("silent", "((), (), ())"),
        run("importance=silent"),
        1,
        "tiny: evaluate.chrf++: candidate: no segment to score\n",
    ),
    Case(
        "a metric that has more references than translations scored",
        metric("uneven", "(('pes',), ('Hund',), ('Hund', 'Katze'))"),
        run("importance=uneven"),
        1,
        "tiny: importance.uneven: mine: 1 sources, 1 hypotheses and 2 references; a segment has one of each\n",
    ),
)
