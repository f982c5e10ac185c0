"""The tokenizer of a model folder, and token ids → texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase


def load_tokenizer(folder: Path | str) -> PreTrainedTokenizerBase:
    """Raises OSError or ValueError where the folder has no tokenizer that Transformers knows."""
    return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)


def decode(tokenizer: PreTrainedTokenizerBase, ids: Sequence[Sequence[int]]) -> list[str]:
    """Texts without special tokens, stripped, otherwise exactly what the ids spell."""
    return [_text(tokenizer, row) for row in ids]


def longest_token(tokenizer: PreTrainedTokenizerBase) -> int:
    """Characters that one more id can add to a text, at most."""
    return max(map(len, tokenizer.get_vocab()))


def _text(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    text = tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return str(text).strip()
