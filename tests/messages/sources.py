"""The errors that the sources can tell, read from them: one regular expression a message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("lp_runner", "plugins")
BY_CODE_ALONE = ("lp_runner/testing/", "lp_runner/worker/protocol.py")
"""What plugin authors call in their tests; what two processes tell each other."""
TOLD_FIRST = {
    *("LpError", "RunFailed", "UsageError", "GateNotMet", "EnvironmentFailed", "Interrupted", "Terminated"),
    *("OutOfMemory", "BrokenPlugin", "NameClash", "ArgumentTypeError"),
    *("ValueError", "OSError", "MemoryError", "LookupError"),
}
TOLD_SECOND = {"Complaint", "Fatal", "Problem", "problem"}


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it stands in the sources."""

    place: str
    pattern: str
    """Matches the message, in one line, whatever stands in its gaps."""


def told() -> Iterator[Told]:
    """Every message with words of its own that is given to an error."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not name.startswith(BY_CODE_ALONE):
                yield from _of(name, ast.parse(path.read_text("utf-8")))


def _of(name: str, tree: ast.Module) -> Iterator[Told]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (message := _message(node)):
            pattern = _pattern(message)
            if re.search(r"[a-z]{2}", pattern.replace(GAP, "")):
                yield Told(f"{name}:{node.lineno}", pattern)


def _message(call: ast.Call) -> ast.expr | None:
    kind = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    at = 0 if kind in TOLD_FIRST else 1 if kind in TOLD_SECOND else len(call.args)
    return call.args[at] if at < len(call.args) else None


GAP = ".*?"


def _pattern(message: ast.expr) -> str:
    """The words of a string in order; anything that isn't a literal is a gap."""
    match message:
        case ast.Constant(value=str() as text):
            return re.escape(text)
        case ast.JoinedStr(values=parts):
            return "".join(map(_pattern, parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _pattern(left) + _pattern(right)
        case _:
            return GAP
