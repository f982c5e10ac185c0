"""Unquoted text → scalar, and the text that means a value again: YAML 1.2's core schema, so `no` is a string.

Source: YAML 1.2.2, section 10.3.2. PyYAML's own rules are those of YAML 1.1.
"""

from __future__ import annotations

import math
import re

import yaml

from lp_runner.recipe.node import Json, Scalar

WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
DECIMAL = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
LONGEST_NUMBER = 100
LONGEST_LINE = 1000


def scalar(text: str) -> Scalar:
    """What unquoted text means. Raises ValueError on numbers that no option can take."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if DECIMAL.fullmatch(text):
        return int(_short(text))
    if OCTAL.fullmatch(text) or HEXADECIMAL.fullmatch(text):
        return int(_short(text), base=0)
    if NO_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    return _real(_short(text)) if REAL.fullmatch(text) else text


def _short(number: str) -> str:
    if len(number) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(number)} digits is too long")
    return number


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML would not read as a string."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if _is_text(text) and "\n" not in text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_text(text: str) -> bool:
    try:
        return isinstance(scalar(text), str)
    except ValueError:
        return False


_Dumper.add_representer(str, _represent_text)


def to_yaml(value: Json) -> str:
    """Text that every YAML reader understands alike; keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LONGEST_LINE)
