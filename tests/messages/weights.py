"""Weights of a model that can't be read, or whose layers can't be told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.messages.case import (
    RUN,
    Case,
    Plant,
    gone,
    unreadable,
    written,
)
from tests.messages.models import MODEL


def with_header(change: Callable[[str], str]) -> Plant:
    """The weights' file with another header and the same data."""

    def plant(tiny: Path) -> None:
        path = tiny / "model" / "model.safetensors"
        whole = path.read_bytes()
        end = 8 + int.from_bytes(whole[:8], "little")
        text = change(whole[8:end].decode()).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + whole[end:])

    return plant


def with_norm(change: Callable[[dict[str, Any]], object]) -> Plant:
    """The last norm's tensor described in another way."""

    def changed(text: str) -> str:
        header = json.loads(text)
        change(header["model.norm.weight"])
        return json.dumps(header)

    return with_header(changed)


def one_layer_unlike(text: str) -> str:
    """The first layer has a tensor, of no numbers, that no other layer has."""
    more = {"model.layers.0.self_attn.sinks": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}
    return json.dumps(json.loads(text) | more)


def in_shards(index: object) -> Plant:
    """The weights under a shard's name, and an index that says this."""

    def plant(tiny: Path) -> None:
        (tiny / "model/model.safetensors").rename(tiny / "model/a.safetensors")
        (tiny / "model/model.safetensors.index.json").write_text(json.dumps(index), "utf-8")

    return plant


WEIGHTS = f"{MODEL}{{tiny}}/model/model.safetensors: not a whole safetensors file: "
INDEX = f"{MODEL}{{tiny}}/model/model.safetensors.index.json: "

CASES = (
    Case(
        "a model's weights that can't be read",
        unreadable("model/model.safetensors"),
        RUN,
        5,
        f"{MODEL}{{tiny}}/model/model.safetensors: can't be read: Input/output error\n",
    ),
    Case(
        "weights that were not copied whole",
        lambda tiny: written(
            "model/model.safetensors", (tiny / "model/model.safetensors").read_bytes()[:500]
        )(tiny),
        RUN,
        1,
        f"{WEIGHTS}the header says 3376 bytes, the file has 500\n",
    ),
    Case(
        "a model with pickled weights alone, or none",
        gone("model/model.safetensors"),
        RUN,
        2,
        f"{MODEL}{{tiny}}/model: no model.safetensors and no model.safetensors.index.json; pickled weights (.bin, .pt) "
        "are never opened\nhint: load and save the model once with Transformers, which writes safetensors\n",
    ),
    Case(
        "a model whose layers have no numbers",
        with_header(lambda text: text.replace("layers.", "layer_")),
        RUN,
        2,
        f"{MODEL}no numbered layers among the tensors, such as model.layers.0.\n",
    ),
    Case(
        "a model with several lists of layers",
        with_header(lambda text: text.replace("layers.3.", "experts.0.")),
        RUN,
        2,
        f"{MODEL}several numbered lists of layers: model.experts.N., model.layers.N.\n",
    ),
    Case(
        "a model that lacks a layer",
        with_header(lambda text: text.replace("layers.3.", "layers.4.")),
        RUN,
        2,
        f"{MODEL}model.layers.N. does not count its layers from 0 without a gap\n",
    ),
    Case(
        "a layer that can't take another's place",
        with_header(one_layer_unlike),
        (*RUN, "-o", "prune={use: explicit, with: {layers: [0]}}"),
        2,
        f"{MODEL}model.layers.1 has other tensors than layer 0, and no list in config.json says so\n",
    ),
    Case(
        "a tensor that is described twice",
        with_header(lambda text: text.replace("layers.3.", "layers.2.")),
        RUN,
        1,
        f"{WEIGHTS}model.layers.2.input_layernorm.weight stands twice in the JSON\n",
    ),
    Case(
        "weights with metadata that is no text",
        with_header(lambda text: text.replace('"pt"', "1")),
        RUN,
        1,
        f"{WEIGHTS}__metadata__ is not a map of strings\n",
    ),
    Case(
        "a tensor that is half described",
        with_norm(lambda norm: norm.pop("shape")),
        RUN,
        1,
        f"{WEIGHTS}model.norm.weight: not dtype, shape and data_offsets\n",
    ),
    Case(
        "a tensor of a type that nobody knows",
        with_norm(lambda norm: norm.update(dtype="F31")),
        RUN,
        1,
        f"{WEIGHTS}model.norm.weight: unknown dtype 'F31'\n",
    ),
    Case(
        "a tensor of a size below nothing",
        with_norm(lambda norm: norm.update(shape=[-16])),
        RUN,
        1,
        f"{WEIGHTS}model.norm.weight: shape or data_offsets are not natural numbers\n",
    ),
    Case(
        "a tensor of another size than its bytes",
        with_norm(lambda norm: norm.update(shape=[17])),
        RUN,
        1,
        f"{WEIGHTS}model.norm.weight: 64 bytes don't fit F32 [17]\n",
    ),
    Case(
        "a tensor that is not where the one before it ends",
        with_norm(lambda norm: norm.update(data_offsets=[0, 64])),
        RUN,
        1,
        f"{WEIGHTS}model.embed_tokens.weight: overlaps its neighbour or leaves a hole\n",
    ),
    Case(
        "weights with something behind them",
        lambda tiny: written(
            "model/model.safetensors", (tiny / "model/model.safetensors").read_bytes() + b"more"
        )(tiny),
        RUN,
        1,
        f"{WEIGHTS}the tensors end at byte 39288, the file has 39292\n",
    ),
    Case(
        "an index without its map",
        in_shards({"metadata": {}}),
        RUN,
        1,
        f"{INDEX}no weight_map\n",
    ),
    Case(
        "an index that names a file elsewhere",
        in_shards({"weight_map": {"model.norm.weight": "../a.safetensors"}}),
        RUN,
        1,
        f"{INDEX}'../a.safetensors' is not the name of a safetensors file in this folder\n",
    ),
    Case(
        "an index that names a shard that isn't there",
        in_shards({"weight_map": {"model.norm.weight": "b.safetensors"}}),
        RUN,
        1,
        f"{MODEL}{{tiny}}/model/b.safetensors: can't be read: No such file or directory\n",
    ),
    Case(
        "an index that lacks tensors",
        in_shards({"weight_map": {"model.norm.weight": "a.safetensors"}}),
        RUN,
        1,
        f"{INDEX}the index and the shards disagree about model.embed_tokens.weight\n",
    ),
)
