"""Texts that nobody should write and somebody will: as a source, a reference, a translation, a name. By what they try."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

HOSTILE: Mapping[str, str] = {
    # HTML, templates, formats
    "a script": "<script>alert(1)</script>",
    "an attribute's end": '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}',
    "a table's end": "</td></table></main><script>alert(1)</script>",
    "a head": "</title></style></textarea><svg onload=alert(1)>",
    "a comment": "]]><!-- --><![CDATA[<b>",
    "entities": "&lt;script&gt;&amp;&#x3c;&#60;",
    "a link that runs": "javascript:alert(1)//",
    "a template": "{{ 7 * 7 }} {% raw %} {# #} ${HOME}",
    "parts of a picture": 'id="a" href="#b" url(#c) #000001 font: 12px x',
    "formats": "%s %(x)s {0} {x!r} %",
    # what a terminal obeys
    "colours": "\x1b[31mred\x1b[0m [bold]",
    "a clear screen": "\x1b[2J\x1b[Hclear",
    "a terminal's title": "\x1b]0;title\x07",
    "a terminal's link": "\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\",
    "escapes of one byte": "\x9b31m\x9d0;x\x9c\x85",
    "a NUL": "a\x00b",
    "backspaces": "bell\x07 back\x08\x08space",
    "a DEL": "a\x7fb",
    "a carriage return": "good\rbad!",
    "lines": "one\r\n# two\n",
    "a tab": "a\tb",
    "other breaks": "a\x0bb\x0cc\x1cd\u2028e\u2029f",
    # what nobody sees
    "right to left": "abc\u202egnp.exe\u202c",
    "isolates": "\u2066abc\u2069",
    "a mark among Latin letters": "abc\u200f!",
    "Arabic with a mark": "مرحبا\u200f! (a)",
    "no width": "un\u200bpru\u2060ned\u200d\u200d",
    "a byte order mark": "\ufeffname",
    "a soft hyphen": "Donau\xaddampf",
    "tags": "flag\U000e0041\U000e007f",
    "variants of nothing": "a\ufe0f\ufe0f\U000e0100",
    "fillers": "\u3164\u115f",
    "private letters": "\ue000\U000f0000",
    "no letters": "\ufffe\U0001ffff",
    "half a pair": "half \ud83d of one",
    "a byte of a file's name": "caf\udce9",
    # what people write
    "beyond 16 bits": "𝒳 𐍈 😀 👩\u200d❤\ufe0f\u200d👨",
    "accents on accents": "e\u0301 q\u0307\u0323 Z\u0351\u036b\u0343",
    "wide letters": "犬は「猫」\u3000を\xa0見る",
    # rich, Markdown
    "rich markup": "[bold red]x[/] [link=http://example.org]y[/link] [/]",
    "codes of emoji": ":smile: :x: :warning:",
    "Markdown's links": "[x](javascript:alert(1)) ![y](http://example.org/y.png) [z]: <http://example.org>",
    "Markdown's marks": "*x* _y_ ~~z~~ __w__ `code` ``` ~~~ ==v==",
    "columns": "a | b || c",
    "an item": "- item",
    "a numbered item": "1. item",
    "another numbered item": "2) item",
    "an underline": "===",
    "front matter": "---\nlicense: mit",
    "a quotation": "> # + x",
    "a footnote": "[^1]: note",
    "addresses": "www.example.org http://example.org a@example.org @someone #1 example.org",
    "spaces": "  two  spaces  ",
    # spreadsheets
    "a formula": "=1+1",
    "a command of a spreadsheet": "=cmd|' /C calc'!A0",
    "a sum": "+1-2",
    "a difference": "-2+3",
    "a function": "@SUM(A1)",
    "a wide formula": "＝1+1",
    "a quoted formula": "'=1",
    "a tabbed formula": "\t=1",
    "quotes and commas": "\"quote\" and , comma; 'x'",
    # LaTeX
    "a file of LaTeX": "\\input{/etc/passwd} \\write18{x} \\",
    "LaTeX's signs": '50 % & #1 _x_ ^ ~ $\\frac{1}{2}$ {}|"',
    "LaTeX's ligatures": "a -- b --- c `x' ``y'' ?` !` <<z>> ,,w",
    "a length of LaTeX": "[9cm] x",
    "a star of LaTeX": "*x",
    "characters of TeX": "^^M ^^5cend",
    # names
    "a private name": "_name",
    "a special name": "__init__",
    "an option": "--help",
    "a folder above": "../../etc/passwd",
    "a shell's command": "$(touch owned) `touch owned`; touch owned",
    "YAML": "&a *a !!python/object:os.system {a: b} # c: d",
    "nothing of YAML": "null",
    "a number": "1e3",
}

each_hostile_text = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
