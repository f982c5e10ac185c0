"""Text of any origin → Markdown that shows it, letter by letter. Pure."""

from __future__ import annotations

import re

from lp_runner.visible import visible

_MARKUP = re.compile(r"[\\`*_{}\[\]<>()#+!|~&$@:]|^[-=]|\.(?=[^\W\d])")
"""What can begin a heading, list, link, table cell, entity, formula or mention, or stand in an address: after a
backslash it is itself."""
_NUMBER = re.compile(r"^(\d+)\.(?!\d)")
_SPACE = re.compile("^ | $|(?<= ) ")
"""Those that Markdown leaves out."""


def inline(text: str) -> str:
    """On one line, nothing in it is markup, what can't be seen is written out."""
    plain = _MARKUP.sub(r"\\\g<0>", visible(text, keep=""))
    return _SPACE.sub("&#32;", _NUMBER.sub(r"\1\\.", plain))
