"""Commands about a run that has been done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sacrebleu

from lp_runner.store import manifest
from tests.messages.case import Case, Plant, gone, nothing, written

Change = Callable[[Any], object]
TWICE = ("compare", "tiny", "runs/tiny")
BOTH = ("compare", "tiny", "other/tiny")
CHRF = f"nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:{sacrebleu.__version__}"


def edited(name: str, change: Change) -> Plant:
    def plant(runs: Path) -> None:
        told = json.loads((runs / name).read_text("utf-8"))
        change(told)
        (runs / name).write_text(json.dumps(told), "utf-8")

    return plant


def another(name: str, change: Change) -> Plant:
    """A second run, the same but for one of its files."""

    def plant(runs: Path) -> None:
        shutil.copytree(runs / "runs", runs / "other", symlinks=True)
        for file in ("plan.json", "results.json"):
            edited(f"other/tiny/{file}", lambda told: told.update(name="other"))(runs)
        edited(f"other/tiny/{name}", change)(runs)

    return plant


def elsewhere(name: str) -> Plant:
    """Moved, and a link left in its place."""

    def plant(runs: Path) -> None:
        (runs / name).rename(runs / "elsewhere")
        (runs / name).symlink_to(runs / "elsewhere")

    return plant


def with_scores(change: Change) -> Plant:
    """Of the pruned model, published so."""

    def plant(runs: Path) -> None:
        artefact = (runs / "runs/tiny/steps/11-evaluate-3-1").resolve()
        edited(str(artefact / "evaluations.json"), change)(runs)
        about = manifest.read(artefact)
        assert about is not None
        manifest.write(artefact, manifest.measure(artefact, about.key, about.about, {}))

    return plant


def in_step(name: str, **facts: object) -> Change:
    """Of a plan."""

    def change(plan: Any) -> None:
        [step] = [step for step in plan["steps"] if step["id"] == name]
        step["facts"] |= facts

    return change


CASES = (
    Case(
        "a step that the run doesn't have",
        nothing,
        ("show", "tiny", "--step", "serach"),
        2,
        "runs/tiny: no such step: serach; did you mean search?\n",
    ),
    Case(
        "a candidate that was not scored",
        nothing,
        ("show", "tiny", "--candidate", "decoder.9"),
        2,
        "runs/tiny: no such scored candidate: decoder.9; did you mean decoder.2?\n",
    ),
    Case(
        "a segment beyond the test set",
        nothing,
        ("show", "tiny", "--segment", "9"),
        2,
        "runs/tiny: no segment 9; there are 1 to 2\n",
    ),
    Case(
        "a comparison of one run",
        nothing,
        ("compare", "tiny", "tiny"),
        2,
        "tiny: one run; a comparison needs two or more\n",
    ),
    Case(
        "a model that the run didn't deliver",
        nothing,
        ("publish", "tiny", "4", "--repo", "me/x"),
        2,
        "runs/tiny: no model is named 4; known are 3\n",
    ),
    Case(
        "a run whose models are gone",
        lambda runs: shutil.rmtree(runs / "runs/tiny/models"),
        ("publish", "tiny", "3", "--repo", "me/x"),
        2,
        "runs/tiny: no model is there yet\nhint: a run leaves its models when it is complete\n",
    ),
    Case(
        "a run with a slip in its name",
        nothing,
        ("remove", "tyni"),
        2,
        "no run is named tyni; known are tiny\n",
    ),
    Case(
        "a run that has done nothing yet",
        lambda runs: shutil.rmtree(runs / "runs/tiny/steps"),
        ("verify", "tiny"),
        2,
        "runs/tiny: no step of this run is done\n",
    ),
    Case(
        "a run whose plan is damaged",
        written("runs/tiny/plan.json", "{"),
        ("show", "tiny"),
        2,
        "runs/tiny/plan.json: not JSON\n",
    ),
    Case(
        "a run that isn't complete",
        lambda runs: shutil.rmtree((runs / "runs/tiny/steps/09-cut-3").resolve()),
        ("report", "tiny"),
        1,
        "{tiny}/runs/tiny: no report yet: 1 of 11 steps are missing: cut-3 (due)\n"
        "hint: the same `lp-run recipe.yaml` continues it\n",
    ),
    Case(
        "a plan that is none",
        written("runs/tiny/plan.json", "{}"),
        ("show", "tiny"),
        2,
        "runs/tiny/plan.json: not a plan\n",
    ),
    Case(
        "a run that was never planned",
        gone("runs/tiny/plan.json"),
        ("show", "tiny"),
        2,
        "runs/tiny: not a run folder (no plan.json)\n",
    ),
    Case(
        "a matrix in the place of a run",
        lambda runs: shutil.move(runs / "runs/tiny", runs / "runs/study/seed-1"),
        ("show", "study"),
        2,
        "study: a matrix of 1 runs; name one of them, as study/seed-1\n",
    ),
    Case(
        "a run whose events are damaged",
        written("runs/tiny/events.jsonl", "{}\n[]\n"),
        ("watch", "tiny"),
        1,
        "runs/tiny/events.jsonl:2: damaged: not a JSON object\nhint: delete that line to go on without it\n",
    ),
    Case(
        "a run whose recipe is gone",
        gone("runs/tiny/recipe.yaml"),
        ("report", "tiny"),
        5,
        "{tiny}/runs/tiny/recipe.yaml: No such file or directory\n",
    ),
    Case(
        "a segment that nothing has translated yet",
        lambda runs: shutil.rmtree(runs / "runs/tiny/steps"),
        ("show", "tiny", "--segment", "1"),
        2,
        "runs/tiny: no system has translated the test set yet\n",
    ),
    Case(
        "a step that a later lp_runner made",
        edited(
            "runs/tiny/steps/02-read-test/MANIFEST.json",
            lambda told: told.update(schema="lp_runner/manifest/2"),
        ),
        TWICE,
        1,
        "runs/tiny/steps/02-read-test/MANIFEST.json: its schema is lp_runner/manifest/2, "
        "this lp_runner reads lp_runner/manifest/1\nhint: another lp_runner made it; use that one\n",
    ),
    Case(
        "scores of fewer resamples than those beside them",
        with_scores(lambda scores: scores[0].update(replicates=scores[0]["replicates"][:999])),
        ("report", "tiny"),
        1,
        "chrf++: 999 and 1000 replicates can't be paired\n",
    ),
    Case(
        "a link to a run that lies elsewhere",
        elsewhere("runs/tiny"),
        ("remove", "runs/tiny"),
        2,
        "runs/tiny: a symbolic link, and nothing outside runs is removed\n",
    ),
    Case(
        "a store that lies elsewhere",
        elsewhere("runs/.store"),
        ("prune-cache", "--yes"),
        2,
        "runs/.store: a symbolic link, and nothing outside runs is pruned\n",
    ),
    Case(
        "a store of a run that can't be read",
        written("runs/tiny/plan.json", "{"),
        ("prune-cache", "--yes"),
        2,
        "runs/tiny/plan.json: not JSON; so what this run uses isn't known\n"
        "hint: remove the run, or run its recipe again\n",
    ),
    Case(
        "a comparison of a run that isn't complete",
        gone("runs/tiny/results.json"),
        TWICE,
        1,
        "tiny: has no results of its plan\nhint: the same `lp-run recipe.yaml` continues it\n",
    ),
    Case(
        "a comparison of runs with other test sets",
        another(
            "steps/02-read-test/MANIFEST.json",
            lambda told: told["files"]["segments.jsonl"].update(sha256="0"),
        ),
        BOTH,
        2,
        "tiny and other can't be compared: their test sets differ (2 and 2 segments)\n",
    ),
    Case(
        "a comparison of runs with other prompts",
        another(
            "plan.json", in_step("prompts-test", prompt={"template": "Übersetze: {source}", "chat": False})
        ),
        BOTH,
        2,
        'tiny and other can\'t be compared: their prompts differ: template is "{{source}}" and "Übersetze: {{source}}"\n',
    ),
    Case(
        "a comparison of runs with longer translations",
        another("plan.json", in_step("translate-unpruned", max_new_tokens=7)),
        BOTH,
        2,
        "tiny and other can't be compared: their decoding differs: max_new_tokens is 4 and 7\n",
    ),
    Case(
        "a comparison of runs with scores of other versions",
        another(
            "results.json", lambda told: told["systems"][0]["evaluations"][0].update(signature="version:9")
        ),
        BOTH,
        2,
        f"chrf++ isn't compared: its signatures differ: tiny {CHRF}, other version:9\n",
    ),
    Case(
        "a comparison to be written where a folder is",
        nothing,
        (*TWICE, "--out", "runs"),
        2,
        "runs: a folder, where the file to write is meant\n",
    ),
    Case(
        "a comparison to be written where no folder is",
        nothing,
        (*TWICE, "--out", "no/table.md"),
        2,
        "no/table.md: no such folder: no\n",
    ),
    Case(
        "a name that no repository can have",
        nothing,
        ("publish", "tiny", "3", "--repo", "me/two words"),
        2,
        "--repo: Repo id must use alphanumeric chars, '-', '_' or '.'. The name cannot start or end with '-' or '.' "
        "and the maximum length is 96: 'me/two words'.\nhint: name it like owner/name\n",
    ),
    Case(
        "a model without a card",
        gone("runs/tiny/models/3/README.md"),
        ("publish", "tiny", "3", "--repo", "me/small"),
        2,
        "{tiny}/runs/tiny/models/3: no README.md can be read there\nhint: `lp-run report` writes it again\n",
    ),
    Case(
        "a card with a colon too many",
        written("runs/tiny/models/3/README.md", "---\nlicense: MIT: mine\n---\n"),
        ("publish", "tiny", "3", "--repo", "me/small"),
        2,
        "{tiny}/runs/tiny/models/3/README.md: its metadata can't be read: mapping values are not allowed here "
        'in "<unicode string>", line 1, column 13: license: MIT: mine ^\n',
    ),
)
