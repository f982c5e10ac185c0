"""Text of any origin → the same text, where nothing is unseen and nothing steers: neither a parser nor the direction
of what stands around it. Pure.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff]"
    "|[\ufffe\uffff\U0001fffe\U0001ffff\U000e0000-\U0010ffff]"
)
"""What HTML forbids or a reader can't see: controls, directions that reach beyond their text, tags, private planes.
Marks of direction that a right-to-left text needs (U+200E, U+200F, U+061C) end with it and stay."""


def visible(text: str) -> str:
    """With the code of every such character in its place, so that it isn't lost: ⟨U+202E⟩."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)
