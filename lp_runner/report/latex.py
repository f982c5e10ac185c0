"""Text of any origin → LaTeX that shows it in the rows of a table, letter by letter. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lp_runner.visible import visible

PACKAGES = (r"\usepackage[T1]{fontenc}", r"\usepackage{booktabs}")
_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "→": r"$\rightarrow$",
    "×": r"$\times$",
    "Δ": r"$\Delta$",
    "−": r"$-$",
}
_LIGATURE = re.compile(r"-(?=-)|,(?=,)")
_SPACE = re.compile("^ | $|(?<= ) ")
"""Those that LaTeX leaves out."""
_ARGUMENT = re.compile(r"^(?=[\[*])")
"""What the end of the line before would take for its own."""


def row(cells: Sequence[str]) -> str:
    return " & ".join(_cell(one) for one in cells) + r" \\"


def comment(text: str) -> str:
    return f"% {visible(text, keep='')}"


def _cell(text: str) -> str:
    signs = "".join(_SIGNS.get(letter, letter) for letter in visible(text, keep=""))
    return _ARGUMENT.sub("{}", _SPACE.sub(r"\\ ", _LIGATURE.sub(r"\g<0>{}", signs)))
