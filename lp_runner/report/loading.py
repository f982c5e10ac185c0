"""Results and recipe → Python that translates with a delivered model, for its card. Pure.

Texts from the recipe stand in it as string literals.
"""

from __future__ import annotations

from collections.abc import Mapping

from lp_runner.api import Json
from lp_runner.visible import visible

FOLDER = "FOLDER_OR_REPOSITORY"


def with_transformers(
    results: Mapping[str, Json], system: Mapping[str, Json], recipe: Mapping[str, Json]
) -> str:
    """Greedy, as the test set was translated."""
    if "encoder" in system["layers"]:
        return _encoder_decoder(results["languages"])
    longest = system["translation"]["max_new_tokens"]
    return "\n".join(
        [
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "",
            f"tokenizer = AutoTokenizer.from_pretrained({FOLDER!r})",
            f'model = AutoModelForCausalLM.from_pretrained({FOLDER!r}, dtype="auto")',
            "",
            *_prompt(results["languages"], recipe["prompt"]),
            f"written = model.generate(**ids, do_sample=False, max_new_tokens={longest})",
            'print(tokenizer.decode(written[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))',
        ]
    )


def with_vllm(results: Mapping[str, Json], system: Mapping[str, Json], recipe: Mapping[str, Json]) -> str:
    """The same, from the `ids` of the code for Transformers."""
    longest = system["translation"]["max_new_tokens"]
    return "\n".join(
        [
            "from vllm import LLM, SamplingParams",
            "",
            "# tokenizer and ids as above",
            f"llm = LLM(model={FOLDER!r})",
            f"greedy = SamplingParams(temperature=0, max_tokens={longest})",
            'written = llm.generate([{"prompt_token_ids": ids["input_ids"][0].tolist()}], greedy)',
            "print(written[0].outputs[0].text)",
        ]
    )


def _prompt(languages: Mapping[str, Json], prompt: Mapping[str, Json]) -> list[str]:
    """The ids of `source`; a template of one's own is filled as lp_runner fills it."""
    template = (
        prompt["template"]
        .replace("{source_language}", languages["source"])
        .replace("{target_language}", languages["target"])
    )
    lines = ['source = "…"', f'prompt = {_literal(template)}.replace("{{source}}", source)']
    if not prompt.get("chat", False):
        return [*lines, 'ids = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)']
    return [
        *lines,
        'turn = [{"role": "user", "content": prompt}]',
        "ids = tokenizer.apply_chat_template(",
        '    turn, add_generation_prompt=True, enable_thinking=False, return_tensors="pt", return_dict=True',
        ")",
    ]


def _literal(text: str) -> str:
    """Python's own leaves letters that nobody sees."""
    return visible(repr(text), keep="")


def _encoder_decoder(languages: Mapping[str, Json]) -> str:
    return "\n".join(
        [
            "from transformers import AutoModelForSeq2SeqLM, AutoTokenizer",
            "",
            'SOURCE, TARGET = "…", "…"  # the tokenizer\'s tags of ' + _comment(languages),
            f"tokenizer = AutoTokenizer.from_pretrained({FOLDER!r}, src_lang=SOURCE, tgt_lang=TARGET)",
            f'model = AutoModelForSeq2SeqLM.from_pretrained({FOLDER!r}, dtype="auto")',
            'ids = tokenizer("…", return_tensors="pt")',
            "written = model.generate(",
            "    **ids, forced_bos_token_id=tokenizer.convert_tokens_to_ids(TARGET), do_sample=False, num_beams=1",
            ")",
            "print(tokenizer.decode(written[0], skip_special_tokens=True))",
        ]
    )


def _comment(languages: Mapping[str, Json]) -> str:
    """Names from a recipe, on one line whatever they are."""
    return f"{_literal(languages['source'])} and {_literal(languages['target'])}"
