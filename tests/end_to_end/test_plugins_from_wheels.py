"""Plugins as strangers make them: wheels beside lp_runner's own in a fresh environment, and one recipe for all.

One wheel per strategy kind, built outside the tree. The first is the example of docs/write-a-plugin.md,
taken from the document; the commands that it recommends are run as they stand there.
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GUIDE = (ROOT / "docs" / "write-a-plugin.md").read_text(encoding="utf-8")
FILE_IN_GUIDE = re.compile(r"^\*\*([^*\n]+)\*\*[^\n]*\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRAGMENT = "part of recipe.yaml"

pytestmark = pytest.mark.timeout(1800)  # torch is installed anew, and a network may be slow


def files_in_guide() -> dict[str, str]:
    return {name.replace("\\", ""): text for name, text in FILE_IN_GUIDE.findall(GUIDE)}


def commands_in_guide() -> list[str]:
    return re.findall(r"^\$ (.+)$", GUIDE, re.MULTILINE)


def pip(python: Path | str, *words: str) -> None:
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "--quiet", *words], check=True)


def build(source: Path, wheels: Path) -> None:
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(source))


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment made of wheels, and a folder with a recipe, a model and corpora."""

    bin: Path
    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        variables |= {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}
        variables |= {"LP_RUN_CACHE": str(self.folder / "cache"), "HF_TOKEN": "hf_of_the_user_alone"}
        return subprocess.run(
            words, check=False, cwd=self.folder, env=variables, capture_output=True, text=True
        )

    def results(self) -> dict[str, Any]:
        text = (self.folder / "runs" / "five-strangers" / "results.json").read_text(encoding="utf-8")
        return dict(json.loads(text))

    def step(self, name: str) -> Path:
        return next((self.folder / "runs" / "five-strangers" / "steps").glob(f"*-{name}"))

    def outputs(self, system: str) -> list[dict[str, str]]:
        text = (self.step(f"translate-{system}") / "outputs.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of lp_runner, of the guide's example, and of every folder beside this file."""
    sources, made = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheels")
    for name, text in files_in_guide().items():
        if name != FRAGMENT:
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            (sources / name).write_text(text, encoding="utf-8")
    shutil.copytree(HERE / "third_party", sources, dirs_exist_ok=True)
    for source in (ROOT, *sorted(sources.iterdir())):
        build(source, made)
    return made


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("recipe")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    python = home / "bin" / "python"
    constrained = (
        "--no-compile",
        "--constraint",
        str(ROOT / "constraints.txt"),
    )  # most of it is never imported
    pip(python, "install", *constrained, *shlex.split(os.environ.get("TORCH_PIP_ARGS", "")), "torch")
    chosen = [path for path in wheels.iterdir() if not path.name.startswith("rival")]
    pip(python, "install", *constrained, *map(str, sorted(chosen)))
    subprocess.run([python, HERE / "make_tiny.py", folder], check=True)
    recipe = (HERE / "five-strangers.yaml").read_text(encoding="utf-8") + files_in_guide()[FRAGMENT]
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    return Installed(home / "bin", folder)


@pytest.fixture(scope="module")
def told(installed: Installed) -> dict[str, str]:
    """What each of the guide's commands prints; the last of them is the run. The wheel stands for its first."""
    commands = [command for command in commands_in_guide() if not command.startswith("pip ")]
    answers = {command: installed.run(*shlex.split(command)) for command in commands}
    assert {command: answer.stderr for command, answer in answers.items() if answer.returncode} == {}
    return {command: answer.stdout for command, answer in answers.items()}


@pytest.fixture(scope="module")
def results(told: Mapping[str, str], installed: Installed) -> dict[str, Any]:
    return installed.results()


@pytest.fixture
def rival(installed: Installed, wheels: Path) -> Iterator[None]:
    """A second distribution that offers importance.my-metric, for the length of one test."""
    python = installed.bin / "python"
    pip(python, "install", "--no-deps", *map(str, wheels.glob("rival*")))
    yield
    pip(python, "uninstall", "--yes", "rival-metric")


def test_the_guides_commands_say_that_its_example_is_there(told: Mapping[str, str]) -> None:
    conforming = told["python -m lp_runner.testing.conformance importance.my-metric"]
    assert conforming == "importance.my-metric: conforms\n"
    options = " ".join(told["lp-run plugins my-metric"].split())
    assert options.startswith("importance.my-metric: How far a layer's weights are from zero")
    assert 'tensors "proj" A regular expression: which of a layer\'s tensors count' in options
    assert told["lp-run check recipe.yaml"] == "recipe.yaml: good\n"


@pytest.mark.parametrize(
    "row",
    [
        "importance my-metric 1.0 my-package default How far a layer's weights are from zero",
        "prune every-second 0.2 every-second default Of every second layer, the least important ones",
        "recover norm-tuning 0.3 norm-tuning default Train the last norm and nothing else",
        "evaluate length-match 0.4 length-match default How nearly the translations are as long as the",
        "infer plain-greedy 0.5 plain-greedy default The likeliest token, one prompt at a time, without a",
        "importance broken-metric 0.6 broken-metric ? broken: importance.broken-metric of broken-metric",
    ],
)
def test_the_list_of_plugins_has_the_strangers_beside_our_own(row: str, told: Mapping[str, str]) -> None:
    lines = [" ".join(line.split()) for line in told["lp-run plugins"].splitlines()]
    assert lines[0] == "kind name version distribution environment summary"
    assert any(line.startswith("infer transformers 0.1.0 lp_runner default ") for line in lines)
    assert any(line.startswith(row) for line in lines)


def test_the_strangers_conform(told: Mapping[str, str], installed: Installed) -> None:
    names = ["prune.every-second", "recover.norm-tuning", "evaluate.length-match", "infer.plain-greedy"]
    answer = installed.run("python", "-m", "lp_runner.testing.conformance", *names)
    assert answer.stdout == f"{', '.join(names)}: conforms\n"


def test_one_recipe_is_done_by_all_five(results: Mapping[str, Any]) -> None:
    search, system = results["searches"][0], results["systems"][-1]
    assert (search["metric"]["use"], search["policy"]["use"]) == ("my-metric", "every-second")
    assert (system["name"], system["training"]["trainer"]) == ("4+recovery", "norm-tuning")
    assert system["translation"]["backend"] == "plain-greedy"
    assert [one["metric"] for one in system["evaluations"]] == ["length-match"]
    versions = {"my-package": "1.0", "every-second": "0.2", "norm-tuning": "0.3", "length-match": "0.4"}
    assert results["versions"].items() >= {**versions, "plain-greedy": "0.5"}.items()


def test_the_metric_weighs_the_layers_and_the_policy_takes_the_lightest_of_every_second(
    results: Mapping[str, Any], installed: Installed
) -> None:
    weights = load_file(installed.folder / "model" / "model.safetensors")

    def norm(layer: int) -> float:
        parts = [f"model.layers.{layer}.{part}.weight" for part in ("self_attn.o_proj", "mlp.down_proj")]
        return math.sqrt(sum(float((weights[name].astype("float64") ** 2).sum()) for name in parts))

    (question,) = results["searches"][0]["questions"]
    scores = {score["candidate"][0]: score["value"] for score in question["scores"]}
    assert scores == {f"decoder.{layer}": pytest.approx(norm(layer), rel=1e-6) for layer in (1, 3, 5)}
    assert results["searches"][0]["removals"] == sorted(scores, key=scores.__getitem__)[:2]


def test_the_trainer_changes_the_last_norm_alone(results: Mapping[str, Any], installed: Installed) -> None:
    before = load_file(installed.step("cut-4") / "model" / "model.safetensors")
    after = load_file(installed.step("recover-4") / "model" / "model.safetensors")
    assert [name for name in before if not np.array_equal(before[name], after[name])] == ["model.norm.weight"]
    training = results["systems"][-1]["training"]
    assert training["facts"] == {"steps": 4, "trained": "model.norm.weight"}
    assert [fact["step"] for fact in training["history"]] == [1, 2, 3, 4]


def test_the_evaluator_counts_what_the_backend_wrote(
    results: Mapping[str, Any], installed: Installed
) -> None:
    rows = installed.outputs("4-recovery")
    lengths = np.array([(len(row["hypothesis"]), len(row["reference"])) for row in rows])
    (told,) = json.loads((installed.step("evaluate-4-recovery-1") / "evaluations.json").read_text("utf-8"))
    indices = np.random.default_rng(12345).choice(24, size=(1000, 24), replace=True)
    sums = lengths[indices].sum(axis=1)
    assert told["value"] == pytest.approx(100 * min(lengths.sum(axis=0)) / max(lengths.sum(axis=0)))
    assert told["replicates"] == pytest.approx(100 * sums.min(axis=1) / sums.max(axis=1))
    assert results["systems"][-1]["evaluations"][0]["low"] < told["value"]


def test_another_backend_is_one_word_and_only_what_follows_from_it_is_done_again(
    results: Mapping[str, Any], installed: Installed
) -> None:
    plain = {name: installed.outputs(name) for name in ("unpruned", "4", "4-recovery")}
    answer = installed.run("lp-run", "recipe.yaml", "-o", "infer.use=transformers")
    done = re.findall(r"^five-strangers: \d+/\d+ (\w+) .*: done in", answer.stdout, re.MULTILINE)
    assert (answer.returncode, done) == (0, ["translate", "score"] * 4)
    assert installed.results()["systems"][0]["translation"]["backend"] == "transformers"
    assert {name: installed.outputs(name) for name in plain} == plain


def test_a_plugin_brings_an_environment_that_conflicts_with_ours(
    results: Mapping[str, Any], installed: Installed
) -> None:
    asked = ("recipe.yaml", "-o", "evaluate=[old-words]", "-o", "name=old")
    checked = installed.run("lp-run", "check", *asked)
    missing = "environment old-words is not built yet (about 12.0 MB)"
    assert missing in checked.stdout
    refused = installed.run("lp-run", *asked, "--offline")
    assert refused.returncode == 5
    assert "environment old-words is not built, and --offline builds nothing" in refused.stderr
    answer = installed.run("lp-run", *asked)
    assert answer.returncode == 0, answer.stderr
    told = json.loads((installed.folder / "runs" / "old" / "results.json").read_text("utf-8"))
    assert {one["signature"] for system in told["systems"] for one in system["evaluations"]} == {
        "packaging:21.3|seen:[]|token:None"
    }
    assert told["versions"].items() >= {"old-words": "0.8", "old-words/packaging": "21.3"}.items()
    listed = " ".join(installed.run("lp-run", "env", "list").stdout.split())
    assert re.search(r"old-words built [\d.]+ MB \d+ \w+ 3\.\d+ evaluate.old-words ", listed)
    place = Path(installed.run("lp-run", "env", "path", "old-words").stdout.strip())
    assert (place / "bin" / "python").exists()
    assert installed.run("lp-run", "env", "remove", "old-words").returncode == 0
    assert not place.exists()
    (installed.folder / "old.yaml").write_text(
        "extends: recipe.yaml\nname: old\nevaluate: [old-words]\n", "utf-8"
    )
    assert installed.run("lp-run", "env", "build", "old.yaml").returncode == 0
    assert place.exists()


def test_check_imports_the_named_plugins_and_nothing_heavy(installed: Installed) -> None:
    code = (
        "import json, sys; from lp_runner.cli import main; assert main(['check', 'recipe.yaml']) == 0; "
        "print(json.dumps(list(sys.modules)))"
    )
    modules = set(json.loads(installed.run("python", "-c", code).stdout.splitlines()[-1]))
    assert modules >= {
        "my_package.plugin",
        "every_second.plugin",
        "norm_tuning.plugin",
        "plain_greedy.plugin",
    }
    assert modules & {"torch", "transformers", "datasets", "numpy", "my_package.my_metric"} == set()
    assert modules & {"broken_metric", "lp_ablation", "lp_sft", "lp_transformers"} == set()


def test_the_editors_schema_has_the_strangers_options(installed: Installed) -> None:
    schema = json.loads(installed.run("lp-run", "schema").stdout)
    assert schema["definitions"]["importance.my-metric"]["properties"]["tensors"]["default"] == "proj"
    assert "importance.broken-metric" not in schema["definitions"]


def test_a_broken_plugin_is_one_line_to_whoever_names_it(installed: Installed) -> None:
    broken = (
        "importance.broken-metric of broken-metric 0.6 can't be loaded: "
        "RuntimeError: this plugin needs another library"
    )
    checked = installed.run("lp-run", "check", "recipe.yaml", "-o", "importance=broken-metric")
    assert (checked.returncode, checked.stderr) == (2, f"-o importance=broken-metric: {broken}\n")
    shown = installed.run("lp-run", "plugins", "broken-metric")
    assert (shown.returncode, shown.stderr) == (2, f"{broken}\n")


def test_a_name_that_two_distributions_offer_stops_only_who_uses_it(
    results: Mapping[str, Any], installed: Installed, rival: None
) -> None:
    clash = (
        "importance.my-metric is offered by both my-package 1.0 and rival-metric 0.7; "
        "uninstall one of the two distributions"
    )
    used = installed.run("lp-run", "recipe.yaml")
    assert used.returncode == 2
    assert re.fullmatch(rf"recipe\.yaml:\d+:\d+: importance.use: {re.escape(clash)}\n", used.stderr)
    listed = " ".join(installed.run("lp-run", "plugins").stdout.split())
    assert listed.count("my-metric 1.0 my-package ? clash:") == 1
    assert listed.count("my-metric 0.7 rival-metric ? clash:") == 1
    other = ("recipe.yaml", "-o", "importance=random")
    working = [("check", *other), ("plan", *other), ("schema",), ("verify", "runs/five-strangers")]
    codes = {words[0]: installed.run("lp-run", *words).returncode for words in working}
    assert codes == {"check": 0, "plan": 0, "schema": 0, "verify": 0}


def test_our_wheel_has_the_gallery_the_schemas_and_the_bounds_that_matter(wheels: Path) -> None:
    with zipfile.ZipFile(next(wheels.glob("lp_runner-*.whl"))) as wheel:
        names = set(wheel.namelist())
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        required = Parser().parsestr(wheel.read(metadata).decode()).get_all("Requires-Dist") or []
    assert names >= {
        "lp_runner/recipe/recipe.schema.json",
        "lp_sft/sft.schema.json",
        "lp_text/tsv.schema.json",
    }
    shipped = {f"lp_runner/gallery/{path.name}" for path in (ROOT / "recipes").glob("*.yaml")}
    assert names >= {"lp_runner/gallery/quickstart/__init__.py", *shipped}
    assert set(required) >= {"torch>=2.10", "transformers>=5.5"}
    assert not any(name.startswith(("tests/", "plugins/", "recipes/")) for name in names)
