"""Text of any origin → the same text, where nothing is unseen and nothing steers: neither a terminal, nor a parser, nor
the direction of what stands around it. Pure. Markup is escaped elsewhere, for where it goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_JOINERS = "\u200c\u200d"
_VARIANTS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_MARKS = "\u061c\u200e\u200f"
"""Of direction; they end with their text, and one with letters from right to left needs them."""
_BREAK = "\u200b"
"""Between words that no space parts."""
_ENDS_OF_PLANES = "".join(chr(0x10000 * plane + end) for plane in range(15) for end in (0xFFFE, 0xFFFF))
_UNSEEN = re.compile(
    f"[{_JOINERS}{_VARIANTS}{_MARKS}{_BREAK}{_ENDS_OF_PLANES}"
    "\x00-\x1f\x7f-\x9f\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2028-\u202e\u2060-\u206f\u3164\ud800-\uf8ff"
    "\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff\U000f0000-\U0010ffff]"
)
"""Those above; controls, directions that reach beyond their text, fillers, surrogates, tags, private planes."""
_VARIANT = re.compile(f"[{_VARIANTS}]")
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese, Khmer."""
_FROM_THE_RIGHT = re.compile("[\u0590-\u05ff\u0620-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U0001efff]")


def python_code(letter: str) -> str:
    r"""\x1b, \u202e, \U000e0001, \n."""
    return letter.encode("unicode_escape").decode()


def json_code(letter: str) -> str:
    r"""\u001b, \u202e, \udb40\udc01: units of UTF-16, of which some letters have two."""
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return re.sub("....", r"\\u\g<0>", units)


def visible(text: str, keep: str = "\n\t", code: Callable[[str], str] = python_code) -> str:
    r"""With \x1b in its place for every character that nobody sees, or that steers: so it isn't lost.

    What people write stays: accents, emoji of several parts, marks of direction where letters run from right to left.
    Args: keep, of the controls; without any, the text is on one line.
    """
    from_the_right = bool(_FROM_THE_RIGHT.search(text))

    def shown(found: re.Match[str]) -> str:
        before = text[found.start() - 1 : found.start()]
        stays = found[0] in keep or _belongs(found[0], before, from_the_right)
        return found[0] if stays else code(found[0])

    return _UNSEEN.sub(shown, text)


def _belongs(letter: str, before: str, from_the_right: bool) -> bool:
    """Whether it does what it is for, as part of the letter before it."""
    if letter in _MARKS:
        return from_the_right
    if letter == _BREAK:
        return bool(_SPACELESS.match(before))
    if letter in _JOINERS:
        return _seen(before) or bool(_VARIANT.match(before))
    return bool(_VARIANT.match(letter)) and _seen(before)


def _seen(letter: str) -> bool:
    return bool(letter.strip()) and not _UNSEEN.match(letter)
