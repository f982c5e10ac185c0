"""The project → pages that nobody writes by hand: README, measurements, and the reference. Called by mkdocs.

Generated are the recipe and the plugins' options from their JSON Schemas, the command line from its own `--help`,
the files of a run from theirs, and a page that mkdocstrings fills from the docstrings of the contract.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from lp_runner.cli.main import COMMANDS, main
from lp_runner.recipe.check import base_schema
from lp_runner.recipe.schema import BuiltIn
from lp_runner.registry import HOOKS, Registry

ROOT = Path(__file__).parents[2]
FILES = {
    "results.json": "lp_runner/report/results.schema.json",
    "events.jsonl": "lp_runner/store/events.schema.json",
}
CONTRACT = ("strategies", "context", "values", "declaration", "candidates")
HELP_WIDTH = "100"
RECIPE = """\
# The recipe

Generated from its JSON Schema, which `lp-run schema` prints for editors. Where the type is *plugin*, a value is a
plugin's name, or `{use: NAME, with: {…}}` with its options: [Plugins and their options](plugins.md). Keys that begin
with `x-` are yours; they are read by nobody.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """mkdocs asks for this before it reads pages."""
    for name, text in pages():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **about: Any) -> str:
    """Links that hold in the repository hold in the site."""
    return markdown.replace("](../benchmarks/", "](benchmarks/").replace("](../../README.md", "](../index.md")


def pages() -> Iterator[tuple[str, str]]:
    yield "index.md", readme()
    for path in sorted((ROOT / "benchmarks").glob("*.md")):
        yield f"benchmarks/{path.name}", path.read_text(encoding="utf-8").replace("](../docs/", "](../")
    yield "reference/command-line.md", command_line()
    yield "reference/recipe.md", recipe()
    yield "reference/plugins.md", plugins()
    yield "reference/recipes.md", recipes()
    yield "reference/files.md", run_files()
    yield "reference/api.md", contract()


def readme() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    return re.sub(r"\]\(recipes/([\w-]+)\.yaml\)", r"](reference/recipes.md#\1)", text)


def command_line() -> str:
    parts = [
        "# The command line\n\nAs `--help` says it. `lp-run recipe.yaml` is short for `lp-run run recipe.yaml`.\n"
    ]
    parts.append(_help())
    parts += [f"## lp-run {name}\n\n{_help(name)}" for name in COMMANDS]
    return "\n".join(parts)


def recipe() -> str:
    schema = base_schema()
    parts = [RECIPE]
    parts += [_section(name, about, schema) for name, about in schema["properties"].items()]
    return "\n".join(parts)


def plugins() -> str:
    offers = BuiltIn(Registry.installed())
    parts = ["# Plugins and their options\n\nThose that ship; `lp-run plugins` lists yours too.\n"]
    for kind in HOOKS:
        parts.append(f"## {kind}\n")
        for name in sorted(offers.names(kind)):
            offer = offers.find(kind, name)
            parts.append(f"### {kind}: {name}\n\n{_text(offer.declaration.summary)}.\n")
            parts.append(_options(offer.schema, offer.schema) or "No options.\n")
    return "\n".join(parts)


def recipes() -> str:
    parts = ["# Recipes that ship\n\nCopy one, and put your own model and data into it.\n"]
    for path in sorted((ROOT / "recipes").glob("*.yaml")):
        parts.append(f"## {path.stem}\n\n````yaml\n{path.read_text(encoding='utf-8')}````\n")
    return "\n".join(parts)


def run_files() -> str:
    parts = [
        "# Files of a run\n\nWhat [the run folder](../explanation/run-folder.md) has for programs to read.\n"
    ]
    for name, path in FILES.items():
        schema = json.loads((ROOT / path).read_text(encoding="utf-8"))
        parts.append(
            f"## {name}\n\n{_text(schema.get('description') or schema['title'])}\n\n{_options(schema, schema)}"
        )
    return "\n".join(parts)


def contract() -> str:
    intro = "# The contract of plugins\n\n`lp_runner.api`, standard library only. [Write a plugin](../write-a-plugin.md) explains it.\n"
    return "\n".join([intro, *(f"## {name}\n\n::: lp_runner.api.{name}\n" for name in CONTRACT)])


def _help(*command: str) -> str:
    os.environ["COLUMNS"] = HELP_WIDTH
    told = io.StringIO()
    with redirect_stdout(told), suppress(SystemExit):
        main([*command, "--help"])
    return f"```text\n{told.getvalue()}```\n"


def _section(name: str, about: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    lines = [
        f"## {name}\n",
        f"{_text(about['description'])}\n",
        f"Type: {_type(about, schema)}.{_default(about)}\n",
    ]
    inner = about.get("items", about)
    lines.append(_options(_resolved(inner, schema), schema))
    return "\n".join(lines)


def _options(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_type(about, schema)} | {_needed(name, about, part)} | {_text(about.get('description', ''))} |"
        for name, about in _flat(part.get("properties", {}), schema)
    ]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows, ""]) if rows else ""


def _flat(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Nested mappings under dotted names; plugins are not opened."""
    for name, about in properties.items():
        yield name, about
        inner = _resolved(about.get("items", about), schema)
        if "x-lp-kind" not in inner and "properties" in inner:
            dotted = f"{name}[]" if "items" in about else name
            yield from ((f"{dotted}.{key}", more) for key, more in _flat(inner["properties"], schema))


def _resolved(part: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = part if isinstance(part, Mapping) else {}
    for name in found.get("$ref", "#").split("/")[1:]:
        schema = schema[name]
    return schema if "$ref" in found else found


def _type(about: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    kind = _resolved(about, schema).get("x-lp-kind")
    if kind:
        return f"plugin, [{kind}](plugins.md#{kind})"
    if "enum" in about or "const" in about:
        return " or ".join(f"`{_text(str(value))}`" for value in about.get("enum", [about.get("const")]))
    if "anyOf" in about:
        return " or ".join(_type(one, schema) for one in about["anyOf"])
    named = about.get("type", "any")
    told = " or ".join(named) if isinstance(named, list) else str(named)
    return f"{told} of: {_type(about['items'], schema)}" if "array" in told and about.get("items") else told


def _needed(name: str, about: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    if name in part.get("required", ()):
        return "(required)"
    if "default" not in about:
        return ""
    told = json.dumps(about["default"], ensure_ascii=False)
    return f"`{_text(told)}`"


def _default(about: Mapping[str, Any]) -> str:
    return f" Default: `{json.dumps(about['default'], ensure_ascii=False)}`." if "default" in about else ""


def _text(text: str) -> str:
    """In a table's cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
