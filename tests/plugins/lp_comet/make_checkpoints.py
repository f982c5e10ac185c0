"""Tiny COMET checkpoints in the hub's layout, offline: `PYTHON make_checkpoints.py FOLDER KIND…`.

PYTHON is one that has unbabel-comet. Each KIND becomes a folder FOLDER/KIND of its own, encoder included:

- `unified`, `quality-estimation`, `xcomet`: random weights; for what doesn't depend on being any good.
- `trained`: a RegressionMetric that has learned, in about a minute of one core, to tell translations of the
  quickstart's corpus from damaged ones. recipes/quickstart/tiny-comet was made so.
"""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytorch_lightning
import torch
import yaml
from comet.models import RegressionMetric, UnifiedMetric, XCOMETMetric
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertTokenizerFast

CORPUS = Path(__file__).parents[3] / "recipes" / "quickstart" / "data"
WIDTH, LAYERS, VOCABULARY, POSITIONS = 64, 2, 1500, 256
STEPS, PAIRS_AT_ONCE, LEARNING_RATE = 800, 32, 2e-3

Pair = tuple[str, str]
"""Source and reference."""

HEAD = {
    "encoder_model": "BERT",
    "pretrained_model": "encoder",
    "load_pretrained_weights": False,
    "layer_norm": False,
    "dropout": 0.0,
    "nr_frozen_epochs": 0,
    "keep_embeddings_frozen": False,
}


def trained() -> Any:
    model = RegressionMetric(**HEAD, pool="avg", layer_transformation="softmax", hidden_sizes=[64, 32])
    pairs = read_pairs("train")
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, STEPS)
    dice, started = random.Random(1), time.monotonic()  # noqa: S311
    for step in range(STEPS):
        inputs, targets = model.prepare_sample([damaged(pairs, dice) for _ in range(PAIRS_AT_ONCE)], "fit")
        loss = model.compute_loss(model(**inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"{step} {time.monotonic() - started:.0f} s {loss.item():.4f}", flush=True)
    return model


def unified(**options: Any) -> Any:
    return UnifiedMetric(**HEAD, layer_transformation="sparsemax", hidden_sizes=[32], **options)


def quality_estimation() -> Any:
    return unified(input_segments=["mt", "src"])


def xcomet() -> Any:
    return XCOMETMetric(**HEAD, layer_transformation="sparsemax", hidden_sizes=[32], word_layer=LAYERS)


MAKERS: dict[str, Callable[[], Any]] = {
    "trained": trained,
    "unified": unified,
    "quality-estimation": quality_estimation,
    "xcomet": xcomet,
}


def read_pairs(split: str) -> list[Pair]:
    lines = (CORPUS / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
    return [(source, reference) for source, reference in (line.split("\t") for line in lines)]


def damaged(pairs: list[Pair], dice: random.Random) -> dict[str, Any]:
    """A sample as COMET trains on it; its score is the share of the reference's words that are in their places."""
    source, reference = dice.choice(pairs)
    words = reference.split()
    amount = dice.randint(1, len(words))
    others = dice.choice(pairs)[1].split()
    damage = dice.choice([nothing, drop, replace, shuffle, cut_and_repeat, another])
    kept, hypothesis = damage(words, amount, others, dice)
    return {"src": source, "mt": " ".join(hypothesis), "ref": reference, "score": kept / len(words)}


Damaged = tuple[int, list[str]]
"""How many words are in their places, and all words."""


def nothing(words: list[str], amount: int, others: list[str], dice: random.Random) -> Damaged:
    return len(words), words


def drop(words: list[str], amount: int, others: list[str], dice: random.Random) -> Damaged:
    gone = set(dice.sample(range(len(words)), amount))
    return len(words) - amount, [word for place, word in enumerate(words) if place not in gone]


def replace(words: list[str], amount: int, others: list[str], dice: random.Random) -> Damaged:
    gone = set(dice.sample(range(len(words)), amount))
    hypothesis = [dice.choice(others) if place in gone else word for place, word in enumerate(words)]
    return in_place(words, hypothesis), hypothesis


def shuffle(words: list[str], amount: int, others: list[str], dice: random.Random) -> Damaged:
    places = dice.sample(range(len(words)), amount)
    hypothesis = list(words)
    for place, other in zip(places, dice.sample(places, amount), strict=True):
        hypothesis[place] = words[other]
    return in_place(words, hypothesis), hypothesis


def cut_and_repeat(words: list[str], amount: int, others: list[str], dice: random.Random) -> Damaged:
    """What models do that have lost too many layers."""
    kept = words[:amount]
    return amount // 2, kept + kept[-3:] * dice.randint(1, 6)


def another(words: list[str], amount: int, others: list[str], dice: random.Random) -> Damaged:
    return 0, others


def in_place(words: list[str], hypothesis: list[str]) -> int:
    return sum(word == other for word, other in zip(words, hypothesis, strict=True))


def write_encoder(folder: Path, spread: float) -> None:
    """The configuration and tokenizer that COMET would find on the hub; the weights are in the checkpoint."""
    texts = (text for pair in read_pairs("train") for text in pair)
    words = BertWordPieceTokenizer(lowercase=False, strip_accents=False)
    words.train_from_iterator(texts, vocab_size=VOCABULARY, show_progress=False)
    folder.mkdir(parents=True)
    words.save_model(str(folder))
    vocabulary = str(folder / "vocab.txt")
    BertTokenizerFast(vocabulary, do_lower_case=False, strip_accents=False).save_pretrained(folder)
    BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=POSITIONS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=spread,
    ).save_pretrained(folder)


def write_checkpoint(folder: Path, kind: str) -> None:
    # Random weights are spread wide, so that different texts get scores that differ.
    write_encoder(folder / "encoder", 0.05 if kind == "trained" else 0.3)
    with contextlib.chdir(folder):  # the encoder's place is told relative to the folder
        torch.manual_seed(1)
        model = MAKERS[kind]()
    (folder / "hparams.yaml").write_text(yaml.safe_dump(dict(model.hparams)), encoding="utf-8")
    trainer = pytorch_lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    trainer.strategy.connect(model)
    trainer.save_checkpoint(folder / "checkpoints" / "model.ckpt", weights_only=True)


def targets(words: list[str]) -> Iterator[tuple[Path, str]]:
    folder, *kinds = words
    for kind in kinds:
        yield Path(folder) / kind, kind


if __name__ == "__main__":
    for place, name in targets(sys.argv[1:]):
        write_checkpoint(place, name)
