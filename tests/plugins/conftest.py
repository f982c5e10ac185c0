"""What plugin tests share: tiny random models of every architecture, tiny tokenizers, a context that remembers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from lp_sacrebleu.evaluator import chrf
from sacrebleu.metrics import CHRF
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from lp_runner.api import Evaluation, Hypotheses, Resamples

VOCABULARY = 97
EOS = 2
DECODERS = ("cohere", "cohere2", "llama", "mistral", "qwen3", "gemma3_text")
ARCHITECTURES = (*DECODERS, "m2m_100")
TEXT = """
Der Mann sieht einen Hund im Park. Die Frau liest ein Buch. Ein Kind spielt mit dem Ball.
Muž vidí psa v parku. Žena čte knihu. Dítě si hraje s míčem. A man sees a dog.
Translate the following text from Czech to German:
"""
CHAT_TEMPLATE = (
    "{BOS}{% for message in messages %}<turn>{{ message['role'] }}\n{{ message['content'] }}<end>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _config(architecture: str, layers: int) -> Any:
    if architecture == "m2m_100":
        sizes = {"d_model": 32, "encoder_layers": layers, "decoder_layers": layers, "encoder_ffn_dim": 48}
        heads = {"decoder_ffn_dim": 48, "encoder_attention_heads": 4, "decoder_attention_heads": 4}
        return AutoConfig.for_model(architecture, vocab_size=VOCABULARY, init_std=0.3, **sizes, **heads)
    kinds = {"layer_types": (["sliding_attention", "sliding_attention", "full_attention"] * layers)[:layers]}
    window = {"sliding_window": 6}
    return AutoConfig.for_model(
        architecture,
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        initializer_range=0.3,
        max_position_embeddings=256,
        bos_token_id=1,
        eos_token_id=EOS,
        pad_token_id=0,
        **(kinds if architecture in ("cohere2", "gemma3_text") else {}),
        **(window if architecture in ("cohere2", "gemma3_text", "mistral") else {}),
    )


def make_model(architecture: str, layers: int = 5, seed: int = 0) -> PreTrainedModel:
    """Random weights, wide enough apart that no two words ever tie."""
    torch.manual_seed(seed)
    config = _config(architecture, layers)
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    return auto.from_config(config).float().eval()


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., PreTrainedModel]:
    return make_model


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def cut_model() -> Callable[..., PreTrainedModel]:
    """A new, smaller model with the weights of the layers that are left: what a cut checkpoint holds."""

    def cut(
        model: PreTrainedModel, architecture: str, gone: Sequence[int], stack: str = "decoder"
    ) -> PreTrainedModel:
        config = type(model.config).from_dict(model.config.to_dict())
        seq2seq = config.is_encoder_decoder
        whole = config.decoder_layers if seq2seq else config.num_hidden_layers
        kept = [index for index in range(whole) if index not in gone]
        setattr(config, f"{stack}_layers" if seq2seq else "num_hidden_layers", len(kept))
        if getattr(config, "layer_types", None):
            config.layer_types = [config.layer_types[index] for index in kept]
        config = type(config).from_dict(config.to_dict())
        smaller = (
            (AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM).from_config(config).float().eval()
        )
        prefix = f"model.{stack}.layers." if seq2seq else "model.layers."
        weights = {}
        for name, tensor in model.state_dict().items():
            if name.startswith(prefix):
                index, rest = name.removeprefix(prefix).split(".", 1)
                if int(index) in gone:
                    continue
                name = f"{prefix}{kept.index(int(index))}.{rest}"
            weights[name] = tensor
        smaller.load_state_dict(weights)
        return smaller

    return cut


def make_tokenizer(
    style: str = "bytes", adds_bos: bool = True, template: str | None = None
) -> PreTrainedTokenizerFast:
    """A small BPE tokenizer.

    Args:
        style: "bytes" as Llama 3, Cohere and Qwen have it, "metaspace" as Llama 2, Mistral and Gemma.
        adds_bos: whether plain text gets `<bos>` in front.
        template: with {BOS} where a template of its own would write it, or None for no chat template.
    """
    specials = ["<pad>", "<bos>", "<eos>", "<turn>", "<end>", "<unk>"]
    core = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106
    if style == "bytes":
        core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        core.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        core.decoder = decoders.Metaspace(prepend_scheme="first")
        alphabet = sorted({*TEXT, "▁", "<", ">", "s", "/"})
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=specials, initial_alphabet=alphabet)
    core.train_from_iterator(TEXT.splitlines(), trainer)
    if adds_bos:
        core.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 1)])
    names = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>"}
    extra = {"additional_special_tokens": ["<turn>", "<end>"]}
    return PreTrainedTokenizerFast(tokenizer_object=core, chat_template=template, **names, **extra)


@pytest.fixture(scope="session")
def tiny_tokenizer() -> Callable[..., PreTrainedTokenizerFast]:
    return make_tokenizer


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """A complete folder: a tiny Llama (or any given model) and a tokenizer with a chat template."""

    def save(model: PreTrainedModel | None = None, tokenizer: Any = None) -> Path:
        tokenizer = tokenizer or make_tokenizer(template=CHAT_TEMPLATE.replace("{BOS}", "{{ bos_token }}"))
        tokenizer.save_pretrained(tmp_path / "model")
        (model or make_translator(len(tokenizer))).save_pretrained(tmp_path / "model")
        return tmp_path / "model"

    return save


def make_translator(vocabulary: int, layers: int = 5, seed: int = 0) -> PreTrainedModel:
    torch.manual_seed(seed)
    config = _config("llama", layers)
    config.vocab_size = vocabulary
    return AutoModelForCausalLM.from_config(config).float().eval()


@pytest.fixture(scope="session")
def tiny_translator() -> Callable[..., PreTrainedModel]:
    return make_translator


@dataclass
class ChrfPlusPlus:
    """A nested evaluator without a core: sacreBLEU's own corpus score; `times` turns it into a cost."""

    higher_is_better: bool = True
    bounding: bool = False
    systems: list[Hypotheses] = field(default_factory=list)

    def score(self, system: Hypotheses, resamples: Resamples | None = None) -> list[Evaluation]:
        self.systems.append(system)
        if resamples:
            return [chrf("chrf++", lowercase=False).evaluate(system.hypotheses, system.references, resamples)]
        value = CHRF(word_order=2).corpus_score(list(system.hypotheses), [list(system.references)]).score
        if not self.higher_is_better:
            value = 100 - value
        return [Evaluation("chrf++", value, "test", higher_is_better=self.higher_is_better)]

    def reach(self, system: Hypotheses, room: Sequence[int]) -> tuple[float, float] | None:
        """Bounds as chrF's own are, where `bounding` says so."""
        if not self.bounding:
            return None
        return chrf("chrf++", lowercase=False).reach(system.hypotheses, system.references, room)


@dataclass
class RememberingContext:
    """A context as a strategy sees it; what it was told is kept in lists."""

    scratch: Path
    seed: int = 7
    device: str = "cpu"
    dtype: str = "float32"
    metric: ChrfPlusPlus = field(default_factory=ChrfPlusPlus)
    facts: list[dict[str, Any]] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)

    def progress(self, done: int, total: int, note: str = "") -> None:
        self.steps.append((done, total))

    def record(self, **facts: float | str) -> None:
        json.dumps(facts)
        self.facts.append(facts)

    def evaluator(self, option: str) -> ChrfPlusPlus:
        assert option == "metric"
        return self.metric


@pytest.fixture
def context(tmp_path: Path) -> RememberingContext:
    return RememberingContext(tmp_path)
