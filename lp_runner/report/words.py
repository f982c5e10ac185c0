"""Two texts → the second, with what it lacks of the first and what it has instead. Pure, and no letter is lost."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal

_ALONE = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Letters of languages that put no spaces between words."""
_WORD = re.compile(rf"[{_ALONE}]\s*|[^\s{_ALONE}]+\s*|\s+")
Mark = Literal["same", "less", "more"]


def words(text: str) -> list[str]:
    """Without the spaces after them."""
    return [word.strip() for word in _WORD.findall(text)]


def marked(before: str, after: str) -> list[tuple[Mark, str]]:
    """Parts in order; those that are not "less" are `after`, letter by letter."""
    ours, theirs = _WORD.findall(after), _WORD.findall(before)
    found: list[tuple[Mark, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, words(before), words(after), autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("same", "".join(ours[c:d])))
        else:
            gone, new = "".join(theirs[a:b]).strip(), "".join(ours[c:d])
            space = new[len(new.rstrip()) :]
            parts: tuple[tuple[Mark, str], ...] = (("less", gone), ("more", new.rstrip()), ("same", space))
            found += [(mark, text) for mark, text in parts if text]
    return found
