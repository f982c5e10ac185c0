"""Segments → the one true token ids of prompt and target; ids → texts. In one place, so all backends agree.

At inference a model sees the prompt's ids and goes on from there, so training must see exactly those ids
too: prompt and target are never tokenised as one, which could merge across the seam. The target's ids are
still those that the model would most naturally write: the tokenisation of the whole, less the prompt's ids,
where the whole begins with them; the target's own tokenisation where it doesn't. After a plain template
without white space at its end ("German:") a target begins with a space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from transformers import AutoConfig, GenerationConfig, PreTrainedTokenizerBase

from lp_models.chat import chat_text, closing_id
from lp_models.languages import name_of, names_for_tags
from lp_models.texts import decode, load_tokenizer
from lp_runner.api import Context, EncodedSegment, PromptSpec, Segment

CHUNK = 256


class TokenizerEncoder:
    """The tokenizer of one model folder under one prompt."""

    def open(self, context: Context, model: Path, prompt: PromptSpec) -> None:
        """Raises ValueError for a chat without a template, or a model without a token to end with."""
        self._tokenizer = load_tokenizer(model)
        config = AutoConfig.from_pretrained(str(model), trust_remote_code=False)
        make: Callable[..., _Ids] = _TaggedIds if config.is_encoder_decoder else _CausalIds
        self._ids = make(self._tokenizer, prompt)
        self._eos_ids = {*_eos_ids(config), *_eos_ids(_generation_config(model)), *_eos_ids(self._tokenizer)}

    def encode(self, segments: Sequence[Segment]) -> Iterator[EncodedSegment]:
        rest = iter(segments)
        while chunk := list(islice(rest, CHUNK)):
            yield from self._ids.encode(chunk)

    def decode(self, ids: Sequence[Sequence[int]]) -> Iterator[str]:
        yield from decode(self._tokenizer, ids)

    def stop_ids(self) -> list[int]:
        """The model's and the tokenizer's ends of text, and the end of the assistant's turn."""
        return sorted({*self._eos_ids, self._ids.ending})


class _Ids(Protocol):
    """One kind of model's way from texts to ids."""

    ending: int
    """What a translation ends with."""

    def encode(self, segments: Sequence[Segment]) -> Iterator[EncodedSegment]: ...


class _CausalIds:
    """Prompt, then target, for a decoder-only model."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, prompt: PromptSpec) -> None:
        if prompt.chat and not tokenizer.chat_template:
            raise ValueError("the model's tokenizer has no chat template; say `chat: false` in the prompt")
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._bos = _bos(tokenizer)
        self._harmless = _Harmless(tokenizer)
        self._lead = "" if prompt.chat or prompt.template[-1:].isspace() else " "
        self.ending = _ending(tokenizer, prompt.chat)

    def encode(self, segments: Sequence[Segment]) -> Iterator[EncodedSegment]:
        prompts = [self._prompt_text(segment.source) for segment in segments]
        prompt_ids = self._tokenize(prompts)
        targets = [self._target_text(segment) for segment in segments]
        target_ids = self._target_ids(prompts, prompt_ids, targets)
        for segment, before, after in zip(segments, prompt_ids, target_ids, strict=True):
            end = (*after, self.ending) if segment.reference is not None else ()
            yield EncodedSegment(segment.source, segment.reference, self._with_one_bos(before), end)

    def _prompt_text(self, source: str) -> str:
        filled = fill(self._prompt, self._harmless.text(source))
        return chat_text(self._tokenizer, filled) if self._prompt.chat else filled

    def _target_text(self, segment: Segment) -> str:
        text = self._harmless.text((segment.reference or "").strip())
        return self._lead + text if text else ""

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        return list(self._tokenizer(texts, add_special_tokens=False).input_ids)

    def _target_ids(
        self, prompts: list[str], prompt_ids: list[list[int]], targets: list[str]
    ) -> Iterator[list[int]]:
        whole = self._tokenize([prompt + target for prompt, target in zip(prompts, targets, strict=True)])
        for ids, before, target in zip(whole, prompt_ids, targets, strict=True):
            fits = ids[: len(before)] == before
            yield ids[len(before) :] if fits else self._tokenize([target])[0]

    def _with_one_bos(self, ids: Sequence[int]) -> tuple[int, ...]:
        if self._bos is None:
            return tuple(ids)
        body = list(ids)
        while body[:1] == [self._bos]:
            body.pop(0)
        if self._bos in body:
            raise ValueError("the prompt's template writes a BOS token in its middle")
        return (self._bos, *body)


class _TaggedIds:
    """An encoder-decoder model whose tokenizer tags languages (NLLB, M2M-100); see `lp_models.seq2seq`."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, prompt: PromptSpec) -> None:
        if prompt.chat:
            raise ValueError("an encoder-decoder model has no chat; say `chat: false` in the prompt")
        if not hasattr(tokenizer, "src_lang"):
            raise ValueError(
                "the model's tokenizer has no language tags, as NLLB's has; an encoder-decoder model needs them"
            )
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._harmless = _Harmless(tokenizer)
        self._source_tag = _tag(tokenizer, prompt.source_language)[0]
        self._target_tag, self._target_id = _tag(tokenizer, prompt.target_language)
        self.ending = _ending(tokenizer, chat=False)

    def encode(self, segments: Sequence[Segment]) -> Iterator[EncodedSegment]:
        self._tokenizer.src_lang, self._tokenizer.tgt_lang = self._source_tag, self._target_tag
        sources = [fill(self._prompt, self._harmless.text(segment.source)) for segment in segments]
        targets = [self._harmless.text((segment.reference or "").strip()) for segment in segments]
        encoder_ids = self._tokenizer(sources).input_ids
        decoder_ids = self._tokenizer(targets, add_special_tokens=False).input_ids
        for segment, before, after in zip(segments, encoder_ids, decoder_ids, strict=True):
            end = (*after, self.ending) if segment.reference is not None else ()
            yield EncodedSegment(segment.source, segment.reference, (*before, self._target_id), end)


class _Harmless:
    """Text in which nothing is read as a control token: a `<s>` in a corpus becomes `< s>`."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
        spelled = sorted((token for token in special if len(token) > 1), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, spelled)) or r"(?!)")

    def text(self, text: str) -> str:
        return self._pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)


def fill(prompt: PromptSpec, source: str) -> str:
    """The template with its three names filled in; other braces, and those of the source, stay."""
    values = {
        "source": source,
        "source_language": name_of(prompt.source_language),
        "target_language": name_of(prompt.target_language),
    }
    return re.sub(
        r"\{(source|source_language|target_language)\}", lambda name: values[name[1]], prompt.template
    )


def _bos(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The BOS id if the tokenizer puts it in front of plain text; some only name one (Qwen, SmolLM)."""
    first = tokenizer("a").input_ids[:1]
    return first[0] if tokenizer.bos_token_id is not None and first == [tokenizer.bos_token_id] else None


def _ending(tokenizer: PreTrainedTokenizerBase, chat: bool) -> int:
    closing = closing_id(tokenizer) if chat else None
    ending = tokenizer.eos_token_id if closing is None else closing
    if ending is None:
        raise ValueError("the model's tokenizer has no token to end a translation with (eos_token)")
    return int(ending)


def _tag(tokenizer: PreTrainedTokenizerBase, language: str) -> tuple[str, int]:
    known = tokenizer.get_vocab()
    for name in names_for_tags(language):
        for written in (name, f"__{name}__"):
            if written in known:
                return name, known[written]
    raise ValueError(f"the model's tokenizer has no tag for the language {language!r}")


def _generation_config(model: Path) -> GenerationConfig | None:
    try:
        return GenerationConfig.from_pretrained(str(model))
    except OSError:  # the folder has none
        return None


def _eos_ids(holder: object) -> list[int]:
    found = getattr(holder, "eos_token_id", None)
    return [] if found is None else [found] if isinstance(found, int) else list(found)
