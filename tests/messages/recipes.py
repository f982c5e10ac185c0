"""Recipes too large or too strange to stand in tests/broken_recipes, and options that the model doesn't fit."""

from __future__ import annotations

from pathlib import Path

from tests.messages.case import RUN, Case, Plant, installed, nothing, written

CHECK = ("check", "tiny.yaml")
PLANNED = (*CHECK, "--device-memory", "1TB")
"""With the model, as far as it is known without its weights."""
STRANGE_GATE = "gates=[{system: 9, metric: chrf++, at_least: 40}]"
STRANGE_BENCHMARK = "benchmark={systems: [unprund]}"


def a_large_matrix(tiny: Path) -> None:
    """256 cells of more than a thousand values each."""
    with (tiny / "tiny.yaml").open("a", encoding="utf-8") as recipe:
        recipe.write(f"bystanders: {list(range(1000))}\n")
        recipe.write(f"matrix: {{seed: {list(range(128))}, prune.with.remove: [1, 2]}}\n")


def a_policy(name: str, search: str) -> Plant:
    """A stranger's, by these lines."""
    lines = "".join(f"        {line}\n" for line in search.splitlines())
    head = "from lp_runner.api import Layer, Measure\n\nclass Strategy:\n    def search(self, layers):\n"
    return installed(name, f"prune.{name}", strategy=head + lines)


def braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


CASES = (
    Case(
        "a recipe of more than a mebibyte",
        written("tiny.yaml", "#" * (2**20 + 1)),
        CHECK,
        2,
        "tiny.yaml:1:1: larger than 1 MiB\n",
    ),
    Case(
        "a recipe in another Unicode form",
        written("tiny.yaml", "version: 1\n".encode("utf-16")),
        CHECK,
        2,
        "tiny.yaml:1:1: UTF-16 or UTF-32; save it as UTF-8\n",
    ),
    Case(
        "a recipe in an encoding of old",
        written("tiny.yaml", b"version: 1\nname: r\xe9sum\xe9\n"),
        CHECK,
        2,
        "tiny.yaml:2:1: not UTF-8 (byte 18); save it as UTF-8\n",
    ),
    Case(
        "a matrix of more than memory should hold",
        a_large_matrix,
        CHECK,
        2,
        "tiny.yaml:1:1: matrix: 256 cells have more than 200000 values together\n",
    ),
    Case(
        "a gate for a system that the recipe doesn't make",
        nothing,
        (*PLANNED, "-o", STRANGE_GATE),
        2,
        f"-o {braced(STRANGE_GATE)}: gates.0.system: no system is named 9; there are 3, unpruned\n",
    ),
    Case(
        "a benchmark of a system that the recipe doesn't make",
        nothing,
        (*PLANNED, "-o", STRANGE_BENCHMARK),
        2,
        f"-o {braced(STRANGE_BENCHMARK)}: benchmark.systems.0: no system is named unprund; there are 3, unpruned\n",
    ),
    Case(
        "a model's name that is none",
        nothing,
        (*PLANNED, "-o", "model.path=models/acme/model"),
        2,
        "-o model.path=models/acme/model: neither a folder nor a name on the hub: models/acme/model\n"
        "hint: a name on the hub reads OWNER/NAME\n",
    ),
    Case(
        "a corpus of which no segment is left",
        written("dev.tsv", "\tHund\n"),
        (*RUN, "-o", "data.dev.with.empty=drop"),
        2,
        "tiny: tiny.yaml:8:8: data.dev: has no segments\n",
    ),
    Case(
        "a depth that the search doesn't come to",
        nothing,
        (*RUN, "-o", "prune={use: params-target, with: {target: 90%, keep_at: [2]}}"),
        2,
        "tiny: -o prune={{use: params-target, with: {{target: 90%, keep_at: [2]}}}}: prune.with.keep_at: "
        "no model is without 2 layers, for the search ended after 1\n"
        "hint: keep_at is at most 1 here; what is done stays done when it changes\n",
    ),
    Case(
        "a stack that the model doesn't have",
        nothing,
        (*RUN, "-o", "prune.with.stack=encoder"),
        1,
        "tiny: prune.one-shot: stack: the model has no encoder layers\n",
    ),
    Case(
        "as many layers to remove as there are",
        nothing,
        (*RUN, "-o", "prune={use: one-shot, with: {remove: 4, protect: []}}"),
        1,
        "tiny: prune.one-shot: remove: 4 layers are all that there are; one must stay\n",
    ),
    Case(
        "a depth that is deeper than the end",
        nothing,
        (*RUN, "-o", "prune={use: one-shot, with: {remove: 2, keep_at: [3]}}"),
        1,
        "tiny: prune.one-shot: keep_at: 3 is not between 1 and the 2 layers to be removed\n",
    ),
    Case(
        "a layer to protect that the model doesn't have",
        nothing,
        (*RUN, "-o", "prune.with.protect=[first, 7]"),
        1,
        "tiny: prune.one-shot: protect: no layer 7; the last is decoder.3\n",
    ),
    Case(
        "a policy that measures without layers of another stack",
        a_policy("stacker", 'yield Measure(frozenset([Layer(1, "encoder")]), ("params",))'),
        (*RUN, "-o", "prune=stacker"),
        1,
        "tiny: stacker measures a model that can't be: the model has no layers named 'encoder'; it has decoder\n",
    ),
    Case(
        "a policy that measures without a layer beyond the last",
        a_policy("digger", 'yield Measure(frozenset([Layer(9)]), ("params",))'),
        (*RUN, "-o", "prune=digger"),
        1,
        "tiny: digger measures a model that can't be: no layer decoder.9: the model has 4, counted from 0\n",
    ),
    Case(
        "a policy that measures without any layer",
        a_policy("voider", 'yield Measure(frozenset(layers), ("params",))'),
        (*RUN, "-o", "prune=voider"),
        1,
        "tiny: voider measures a model that can't be: every decoder layer would be removed; one must stay\n",
    ),
    Case(
        "a policy that removes every layer",
        a_policy("emptier", "yield from ()\nreturn layers"),
        (*RUN, "-o", "prune=emptier"),
        1,
        "tiny: emptier removes every decoder layer; one must stay\n",
    ),
)
