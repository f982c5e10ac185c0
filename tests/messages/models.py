"""A model that can't be pruned, read or prompted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from transformers import BertConfig, BertForMaskedLM

from tests.messages.case import (
    RUN,
    SOMEWHERE,
    Case,
    Plant,
    both,
    gone,
    installed,
    nothing,
    unreadable,
    written,
)


def with_config(**changes: object) -> Plant:
    def plant(tiny: Path) -> None:
        path = tiny / "model" / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return plant


def a_reader(tiny: Path) -> None:
    """A model that only reads."""
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    BertForMaskedLM(BertConfig(vocab_size=12, **sizes)).save_pretrained(tiny / "model")


def without_tokenizer(tiny: Path) -> None:
    for path in (tiny / "model").glob("tokenizer*"):
        path.unlink()


def without_end(tiny: Path) -> None:
    path = tiny / "model" / "tokenizer_config.json"
    told = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({name: value for name, value in told.items() if name != "eos_token"}), "utf-8")


LINKER = """\
class Strategy:
    def train(self, context, model, train, dev, into):
        (into / "config.json").symlink_to(model / "config.json")
        return {}
"""
MODEL = "tiny: tiny.yaml:4:15: model.path: "
CONFIG = f"{MODEL}config.json: "
WRITE_OUT = "hint: load and save the model once with Transformers, which writes such lists out\n"

CASES = (
    Case(
        "a model folder that isn't there",
        nothing,
        (*RUN, "-o", "model.path=./modell"),
        2,
        f"-o model.path=./modell: no such folder: {{tiny}}/modell; did you mean model?\n{SOMEWHERE}",
    ),
    Case(
        "a model folder that isn't there, named by the recipe that this one extends",
        lambda tiny: (shutil.rmtree(tiny / "model"), written("more.yaml", "extends: tiny.yaml\n")(tiny)),
        ("run", "--quiet", "more.yaml"),
        2,
        f"tiny.yaml:4:15: model.path: no such folder: {{tiny}}/model\n{SOMEWHERE}",
    ),
    Case(
        "a folder that is no model",
        gone("model/config.json"),
        RUN,
        2,
        f"{MODEL}{{tiny}}/model has no config.json\nhint: name a Hugging Face model folder\n",
    ),
    Case(
        "a model's configuration that can't be read",
        unreadable("model/config.json"),
        RUN,
        5,
        f"{MODEL}{{tiny}}/model/config.json: can't be read: Input/output error\n",
    ),
    Case(
        "a model's configuration that is no JSON object",
        written("model/config.json", "[]"),
        RUN,
        1,
        f"{MODEL}{{tiny}}/model/config.json: the JSON is not an object\n",
    ),
    Case(
        "a model without a tokenizer",
        without_tokenizer,
        RUN,
        2,
        f"{MODEL}{{tiny}}/model has no tokenizer (tokenizer.json, or a vocabulary)\n"
        "hint: save the model's tokenizer into the same folder\n",
    ),
    Case(
        "a model that is no translator",
        a_reader,
        RUN,
        2,
        f"{MODEL}{{tiny}}/model: BertForMaskedLM writes no text, so it can't translate\n"
        "hint: name a model whose config.json says ForCausalLM or ForConditionalGeneration\n",
    ),
    Case(
        "a model that brings its own code",
        written("model/modeling_own.py", "raise SystemExit\n"),
        RUN,
        2,
        f"{MODEL}{{tiny}}/model/modeling_own.py: models that bring their own code are not supported\n",
    ),
    Case(
        "a model made of several models",
        with_config(vision_config={"hidden_size": 16}),
        RUN,
        2,
        f"{CONFIG}vision_config: models made of several models are not supported\n",
    ),
    Case(
        "a model of the hub that isn't on this machine",
        nothing,
        (*RUN, "--offline", "-o", "model.path=no-such/model"),
        5,
        "tiny: -o model.path=no-such/model: no-such/model is not on this machine\n"
        "hint: download it once where the hub can be reached, or give a folder with -o model.path=FOLDER\n",
    ),
    Case(
        "a model that fits no device of a size",
        nothing,
        ("check", "tiny.yaml", "--device-memory", "1kB"),
        5,
        "{tiny}/tiny.yaml: translate with unpruned needs about 1.2 GB of device memory, more than 1.0 kB\n",
    ),
    Case(
        "a prompt by a chat template that there isn't",
        nothing,
        (*RUN, "-o", "prompt.chat=true"),
        1,
        "tiny: encode.tokenizer: the model's tokenizer has no chat template; say `chat: false` in the prompt\n",
    ),
    Case(
        "a tokenizer that knows no end",
        without_end,
        RUN,
        1,
        "tiny: encode.tokenizer: the model's tokenizer has no token to end a translation with (eos_token)\n",
    ),
    Case(
        "an adapter in place of a model",
        written("model/adapter_config.json", "{}"),
        RUN,
        2,
        f"{MODEL}{{tiny}}/model/adapter_config.json: this is an adapter\n"
        "hint: merge it into its base model first (peft merge_and_unload)\n",
    ),
    Case(
        "a model that chooses code to run",
        with_config(auto_map={"AutoModelForCausalLM": "someone/model--modeling.Model"}),
        RUN,
        2,
        f"{MODEL}{{tiny}}/model/config.json: auto_map: models that choose code to run are not supported\n",
    ),
    Case(
        "a model of no class",
        with_config(architectures="CohereForCausalLM"),
        RUN,
        2,
        f"{CONFIG}architectures must name one class, not 'CohereForCausalLM'\n",
    ),
    Case(
        "a model whose size nobody knows without its weights",
        both(with_config(architectures=["OtherForCausalLM"]), gone("model/model.safetensors")),
        RUN,
        2,
        f"{CONFIG}the size of OtherForCausalLM is not known without weights; known: CohereForCausalLM, "
        "Cohere2ForCausalLM, Gemma3ForCausalLM, LlamaForCausalLM, MistralForCausalLM, Qwen3ForCausalLM\n",
    ),
    Case(
        "a model whose configuration lacks a size",
        with_config(vocab_size=None),
        RUN,
        2,
        f"{CONFIG}vocab_size is missing\n",
    ),
    Case(
        "a model whose configuration has a word for a size",
        with_config(architectures=["OtherForCausalLM"], hidden_size="wide"),
        RUN,
        2,
        f"{CONFIG}hidden_size: 'wide' is not a count\n",
    ),
    Case(
        "a model that doesn't say how wide it is",
        with_config(architectures=["OtherForCausalLM"], hidden_size=None),
        RUN,
        2,
        f"{CONFIG}none of hidden_size, d_model, n_embd says how wide the model is\n",
    ),
    Case(
        "a model stored as nothing that we know",
        with_config(dtype="int3"),
        RUN,
        2,
        f"{CONFIG}dtype: int3 is none of float32, float16, bfloat16\n",
    ),
    Case(
        "a model that doesn't say how many layers it has",
        with_config(architectures=["OtherForCausalLM"], num_hidden_layers=None),
        RUN,
        2,
        f"{CONFIG}none of num_hidden_layers, n_layer, n_layers, num_layers says how many layers there are\n",
    ),
    Case(
        "a model that says another number of layers than it has",
        with_config(num_hidden_layers=5),
        RUN,
        2,
        f"{CONFIG}num_hidden_layers: 5, but the weights have 4 layers\n",
    ),
    Case(
        "a model whose layers compute by their number",
        with_config(model_type="diffllama"),
        RUN,
        2,
        f"{CONFIG}model_type diffllama: its layers compute by their number\n",
    ),
    Case(
        "a model that is half of another",
        with_config(decoder_layers=4),
        RUN,
        2,
        f"{CONFIG}decoder_layers: half of an encoder-decoder model is not supported\n",
    ),
    Case(
        "a model with a rule by layer number",
        with_config(moe_layer_freq=2),
        RUN,
        2,
        f"{CONFIG}moe_layer_freq: 2 goes by layer number, which the cut would shift\n",
    ),
    Case(
        "a model with a rule by layer number that could be written out",
        with_config(sliding_window_pattern=4),
        RUN,
        2,
        f"{CONFIG}sliding_window_pattern: 4 goes by layer number, and layer_types is not written out\n{WRITE_OUT}",
    ),
    Case(
        "a model that makes its rule by layer number up",
        with_config(model_type="exaone4"),
        RUN,
        2,
        f"{CONFIG}layer_types is not written out; exaone4 would make it up by layer number\n{WRITE_OUT}",
    ),
    Case(
        "a model with a rule by layer number that is none",
        with_config(model_type="cohere2", sliding_window_pattern="four"),
        RUN,
        2,
        f"{CONFIG}sliding_window_pattern: 'four' is not a period in layers\n",
    ),
    Case(
        "a model with a list that is as long as it is deep",
        with_config(temperatures=[1, 1, 1, 1]),
        RUN,
        2,
        f"{CONFIG}temperatures: a list of 4 whose meaning for the layers is unknown\n",
    ),
    Case(
        "a model with too short a list of its layers",
        with_config(layer_types=["full_attention"] * 3),
        RUN,
        2,
        f"{CONFIG}layer_types: 3 entries, but the model has 4 layers\n",
    ),
    Case(
        "a quantized model with a key for one layer",
        with_config(quantization_config={"bits": {"model.layers.2": 8}}),
        RUN,
        2,
        f"{CONFIG}quantization_config.bits: model.layers.2 names a layer by its number\n",
    ),
    Case(
        "a quantized model with a word for one layer",
        with_config(quantization_config={"modules_to_not_convert": ["model.layers.2.mlp"]}),
        RUN,
        2,
        f"{CONFIG}quantization_config.modules_to_not_convert: model.layers.2.mlp names a layer by its number\n",
    ),
    Case(
        "a model that a trainer leaves with a link in it",
        both(written("train.tsv", "Haus\tdům\n"), installed("linker", "recover.linker", strategy=LINKER)),
        (
            *RUN,
            *("-o", "data.train={use: tsv, with: {path: train.tsv}}"),
            *("-o", "recover=[linker]"),
        ),
        1,
        "tiny: recover unpruned by linker: model/config.json: a symbolic link can't be published; "
        "copy what it names\n",
    ),
)
