"""Every error that a user can meet beside a recipe's own mistakes (tests/broken_recipes): where, what, which remedy.

Each is planted for real and told by the command itself: the whole text on stderr, and the exit code by the README's table.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from transformers import BertConfig, BertForMaskedLM

from lp_runner.cli.main import main
from lp_runner.cli.runs import alone
from lp_runner.store import RunFolder

Plant = Callable[[Path], object]
RUN = ("run", "--quiet", "tiny.yaml")
SOMEWHERE = "hint: paths are relative to the file that they stand in, of an option to the current folder\n"
UNREADABLE = Path("/proc/self/mem")
"""A file that no user may read from its start, root neither."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is wrong, the command that meets it, and what it says; {tiny} is the folder."""

    name: str
    plant: Plant
    words: tuple[str, ...]
    code: int
    told: str


def nothing(tiny: Path) -> None: ...


def written(name: str, content: str | bytes) -> Plant:
    return lambda tiny: (tiny / name).write_bytes(content.encode() if isinstance(content, str) else content)


def gone(name: str) -> Plant:
    return lambda tiny: (tiny / name).unlink()


def unreadable(name: str) -> Plant:
    def plant(tiny: Path) -> None:
        (tiny / name).unlink()
        (tiny / name).symlink_to(UNREADABLE)

    return plant


def with_config(**changes: object) -> Plant:
    def plant(tiny: Path) -> None:
        path = tiny / "model" / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return plant


def a_reader(tiny: Path) -> None:
    """A model that only reads."""
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    BertForMaskedLM(BertConfig(vocab_size=12, **sizes)).save_pretrained(tiny / "model")


def without_tokenizer(tiny: Path) -> None:
    for path in (tiny / "model").glob("tokenizer*"):
        path.unlink()


def data(use: str) -> tuple[str, ...]:
    return (*RUN, "-o", f"data.dev={use}")


def without_end(tiny: Path) -> None:
    path = tiny / "model" / "tokenizer_config.json"
    told = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({name: value for name, value in told.items() if name != "eos_token"}), "utf-8")


JUDGE = f"evaluate=[{{use: comet, with: {{model: someone/judge, revision: {'a' * 40}}}}}]"
MODEL = "tiny: tiny.yaml:4:15: model.path: "
CASES = (
    Case(
        "a model folder that isn't there",
        nothing,
        (*RUN, "-o", "model.path=./modell"),
        2,
        f"-o model.path=./modell: no such folder: {{tiny}}/modell; did you mean model?\n{SOMEWHERE}",
    ),
    Case(
        "a model folder that isn't there, named by the recipe that this one extends",
        lambda tiny: (shutil.rmtree(tiny / "model"), written("more.yaml", "extends: tiny.yaml\n")(tiny)),
        ("run", "--quiet", "more.yaml"),
        2,
        f"tiny.yaml:4:15: model.path: no such folder: {{tiny}}/model\n{SOMEWHERE}",
    ),
    Case(
        "a folder that is no model",
        gone("model/config.json"),
        RUN,
        2,
        f"{MODEL}{{tiny}}/model has no config.json\nhint: name a Hugging Face model folder\n",
    ),
    Case(
        "a model's configuration that can't be read",
        unreadable("model/config.json"),
        RUN,
        5,
        f"{MODEL}{{tiny}}/model/config.json: can't be read: Input/output error\n",
    ),
    Case(
        "a model's weights that can't be read",
        unreadable("model/model.safetensors"),
        RUN,
        5,
        f"{MODEL}{{tiny}}/model/model.safetensors: can't be read: Input/output error\n",
    ),
    Case(
        "a model's configuration that is no JSON object",
        written("model/config.json", "[]"),
        RUN,
        1,
        f"{MODEL}{{tiny}}/model/config.json: the JSON is not an object\n",
    ),
    Case(
        "weights that were not copied whole",
        lambda tiny: written(
            "model/model.safetensors", (tiny / "model/model.safetensors").read_bytes()[:500]
        )(tiny),
        RUN,
        1,
        "tiny: {tiny}/model/model.safetensors: not a whole safetensors file: the header says 3376 bytes, "
        "the file has 500\n",
    ),
    Case(
        "a model with pickled weights alone, or none",
        gone("model/model.safetensors"),
        RUN,
        2,
        "tiny: {tiny}/model: no model.safetensors and no model.safetensors.index.json; pickled weights (.bin, .pt) "
        "are never opened\nhint: load and save the model once with Transformers, which writes safetensors\n",
    ),
    Case(
        "a model without a tokenizer",
        without_tokenizer,
        RUN,
        2,
        f"{MODEL}{{tiny}}/model has no tokenizer (tokenizer.json, or a vocabulary)\n"
        "hint: save the model's tokenizer into the same folder\n",
    ),
    Case(
        "a model that is no translator",
        a_reader,
        RUN,
        2,
        f"{MODEL}{{tiny}}/model: BertForMaskedLM writes no text, so it can't translate\n"
        "hint: name a model whose config.json says ForCausalLM or ForConditionalGeneration\n",
    ),
    Case(
        "a model that brings its own code",
        written("model/modeling_own.py", "raise SystemExit\n"),
        RUN,
        2,
        "tiny: {tiny}/model/modeling_own.py: models that bring their own code are not supported\n",
    ),
    Case(
        "a model made of several models",
        with_config(vision_config={"hidden_size": 16}),
        RUN,
        2,
        "tiny: config.json: vision_config: models made of several models are not supported\n",
    ),
    Case(
        "a model of the hub that isn't on this machine",
        nothing,
        (*RUN, "--offline", "-o", "model.path=no-such/model"),
        5,
        "tiny: -o model.path=no-such/model: no-such/model is not on this machine\n"
        "hint: download it once where the hub can be reached, or give a folder with -o model.path=FOLDER\n",
    ),
    Case(
        "a corpus that isn't there",
        nothing,
        (*RUN, "-o", "data.dev.with.path=dew.tsv"),
        2,
        f"-o data.dev.with.path=dew.tsv: no such file: {{tiny}}/dew.tsv; did you mean dev.tsv?\n{SOMEWHERE}",
    ),
    Case("an empty corpus", written("dev.tsv", ""), RUN, 1, "tiny: read.tsv: {tiny}/dev.tsv: empty file\n"),
    Case(
        "a TSV of one column",
        written("dev.tsv", "pes vidí\n"),
        RUN,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:1: 1 column, but target is column 1, counted from 0; "
        "columns are separated by tabs\n",
    ),
    Case(
        "a corpus that isn't UTF-8",
        written("dev.tsv", b"pes\tH\xfcndin\n"),
        RUN,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:1: not UTF-8: byte 0xfc at byte 5 of the line\n",
    ),
    Case(
        "a segment without a text",
        written("dev.tsv", "pes\tHund\n\tKatze\n"),
        RUN,
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:2: empty source; `empty: drop` leaves such segments out\n",
    ),
    Case(
        "a data set with another column",
        written("dev.jsonl", '{"cs": "pes", "de": "Hund"}\n'),
        data("{use: jsonl, with: {path: dev.jsonl, columns: {source: cz, target: de}}}"),
        1,
        "tiny: read.jsonl: {tiny}/dev.jsonl:1: no column 'cz'; there are cs, de\n",
    ),
    Case(
        "a table with another column",
        written("dev.tsv", "cs\tde\npes\tHund\n"),
        data("{use: tsv, with: {path: dev.tsv, header: true, columns: {source: cz, target: de}}}"),
        1,
        "tiny: read.tsv: {tiny}/dev.tsv:1: no column 'cz' for source; there are cs, de\n",
    ),
    Case(
        "a language that nobody knows",
        nothing,
        (*RUN, "-o", "languages.source=Chech"),
        2,
        "-o languages.source=Chech: no language is known as 'Chech'; did you mean Czech?\n",
    ),
    Case(
        "a GPU that isn't there",
        nothing,
        (*RUN, "-o", "device=cuda"),
        5,
        "tiny: device: cuda is asked for and this machine has cpu:7\nhint: say device: auto\n",
    ),
    Case(
        "an output folder that is a file",
        written("runs", ""),
        RUN,
        5,
        "tiny: {tiny}/runs/.store: Not a directory\n",
    ),
    Case(
        "a plugin that nobody has installed",
        nothing,
        ("check", "tiny.yaml", "-o", "importance=likelyhood"),
        2,
        "-o importance=likelyhood: no importance plugin is named 'likelyhood'; did you mean likelihood?\n",
    ),
    Case(
        "a run that isn't there",
        nothing,
        ("watch", "runs/tiny"),
        2,
        "no run is named runs/tiny; runs has no runs\n",
    ),
    Case(
        "artefacts of a run that isn't there",
        nothing,
        ("verify", "tiny"),
        2,
        "no run is named tiny; runs has no runs\n",
    ),
    Case(
        "a recipe that isn't there",
        nothing,
        ("run", "none.yaml"),
        2,
        "none.yaml: can't be read: No such file or directory\n",
    ),
    Case(
        "a command with a slip in it",
        nothing,
        ("chek", "tiny.yaml"),
        2,
        "chek: no such command, and no such recipe; did you mean check?\nhint: lp-run --help lists the commands\n",
    ),
    Case(
        "a command with a slip in it that is a folder too",
        lambda tiny: (tiny / "runs").mkdir(),
        ("runs", "tiny.yaml"),
        2,
        "runs: no such command, and no such recipe; did you mean run?\nhint: lp-run --help lists the commands\n",
    ),
    Case(
        "a command with a slip in it behind an option",
        nothing,
        ("--quiet", "chek", "tiny.yaml"),
        2,
        "chek: no such command, and no such recipe; did you mean check?\nhint: lp-run --help lists the commands\n",
    ),
    Case(
        "two recipes of one name",
        lambda tiny: shutil.copy(tiny / "tiny.yaml", tiny / "copy.yaml"),
        ("run", "--quiet", "tiny.yaml", "copy.yaml"),
        2,
        "{tiny}/copy.yaml: name: tiny is the name of {tiny}/tiny.yaml too\n"
        "hint: both would be written into one folder; give one of them another name\n",
    ),
    Case(
        "a model that fits no device of a size",
        nothing,
        ("check", "tiny.yaml", "--device-memory", "1kB"),
        5,
        "{tiny}/tiny.yaml: translate with unpruned needs about 1.2 GB of device memory, more than 1.0 kB\n",
    ),
    Case(
        "a test text that the search would see",
        written("dev.tsv", "dům\tHaus\n"),
        RUN,
        2,
        "tiny: data: 1 segment in both dev and test\n"
        "hint: make the corpora disjoint, or say data.overlap: allow\n",
    ),
    Case(
        "a prompt by a chat template that there isn't",
        nothing,
        (*RUN, "-o", "prompt.chat=true"),
        1,
        "tiny: encode.tokenizer: the model's tokenizer has no chat template; say `chat: false` in the prompt\n",
    ),
    Case(
        "a tokenizer that knows no end",
        without_end,
        RUN,
        1,
        "tiny: encode.tokenizer: the model's tokenizer has no token to end a translation with (eos_token)\n",
    ),
    Case(
        "an environment that may not be built",
        nothing,
        (*RUN, "--offline", "-o", "infer={use: vllm, max_new_tokens: 4}"),
        5,
        "tiny: environment vllm is not built, and --offline builds nothing\nhint: lp-run env build vllm\n",
    ),
    Case(
        "a publisher whose models can run code",
        nothing,
        ("check", "tiny.yaml", "-o", JUDGE),
        2,
        f"-o {JUDGE.replace('{', '{{').replace('}', '}}')}: evaluate.0.with.model: someone is none of comet's known "
        "publishers (Unbabel), and its models can run code; --trust-publisher someone if you trust it\n",
    ),
    Case(
        "more layers than may go",
        nothing,
        (*RUN, "-o", "prune.with.remove=9"),
        1,
        "tiny: prune.one-shot: remove: 9 layers, but only 2 of 4 are unprotected\n",
    ),
    Case(
        "a race by an error rate",
        nothing,
        (
            *RUN,
            *("-o", "importance={use: translation-quality, with: {metric: ter, racing: {confidence: 0.9}}}"),
            *("-o", "prune={use: iterative-greedy, with: {remove: 1}}"),
        ),
        1,
        "tiny: importance.translation-quality: racing: ter counts errors; race by a metric that counts upwards\n",
    ),
    Case(
        "references that a metric needs and a corpus lacks",
        written("dev.jsonl", '{"source": "pes"}\n'),
        data("{use: jsonl, with: {path: dev.jsonl}}"),
        1,
        "tiny: read.jsonl: {tiny}/dev.jsonl:1: no column 'target'; there are source\n",
    ),
    Case(
        "an optimizer that needs a GPU",
        written("train.tsv", "Haus\tdům\n"),
        (
            *RUN,
            *("-o", "data.train={use: tsv, with: {path: train.tsv}}"),
            *("-o", "recover=[{use: sft, with: {optimizer: paged-adamw-32bit}}]"),
        ),
        5,
        "tiny: recover.sft: paged-adamw-32bit needs a CUDA device; `optimizer: adamw` does not\n"
        "hint: its log is {tiny}/runs/tiny/logs/worker-1.log\n",
    ),
    Case(
        "an option that a plugin needs",
        nothing,
        ("check", "tiny.yaml", "-o", "evaluate=[comet]"),
        2,
        "-o evaluate=[comet]: evaluate.0.with.model: is missing; comet needs it\n",
    ),
    Case(
        "a model of the hub without its commit",
        nothing,
        ("check", "tiny.yaml", "-o", "evaluate=[{use: comet, with: {model: someone/judge}}]"),
        2,
        "-o evaluate=[{{use: comet, with: {{model: someone/judge}}}}]: evaluate.0.with.model: someone/judge is no folder "
        "here; a model of the hub needs its commit in `revision`\n",
    ),
    Case(
        "a plugin with a slip in its name",
        nothing,
        ("plugins", "stf"),
        2,
        "no installed plugin is named 'stf'; did you mean sft?\n",
    ),
    Case(
        "a schema that two plugins have",
        nothing,
        ("schema", "random"),
        2,
        "random: there are several: importance.random, prune.random\n",
    ),
    Case(
        "an environment that is not built",
        nothing,
        ("env", "path", "comet"),
        5,
        "environment comet is not built\nhint: lp-run env build comet\n",
    ),
    Case(
        "an environment that nobody declares",
        nothing,
        ("env", "build", "coment"),
        2,
        "no environment is named 'coment'; there are: comet, vllm\n",
    ),
    Case(
        "a shipped recipe with a slip in its name",
        nothing,
        ("init", "quikstart"),
        2,
        "no shipped recipe is named quikstart; did you mean quickstart?\n",
    ),
    Case(
        "a file where a shipped recipe would go",
        written("quickstart.yaml", "mine\n"),
        ("init", "quickstart"),
        2,
        "quickstart.yaml: is there already and differs; nothing is copied over it\n",
    ),
    Case(
        "a file where the folder of runs is meant",
        nothing,
        ("list", "--output", "tiny.yaml"),
        2,
        "tiny.yaml: a file, where the folder of runs is meant\n",
    ),
)
OF_A_RUN = (
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
)


@pytest.fixture
def here(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny recipe's folder, worked in, on a device of its own."""
    monkeypatch.chdir(tiny)
    monkeypatch.setenv("LP_RUN_DEVICES", "cpu:7")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("LP_RUN_CACHE", str(tiny / "cache"))
    monkeypatch.delenv("LP_RUN_TRACEBACK", raising=False)
    return tiny


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_error_says_where_what_and_the_remedy(
    case: Case, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case.plant(here)
    capsys.readouterr()
    assert main(case.words) == case.code
    assert capsys.readouterr().err == case.told.format(tiny=here)


@pytest.mark.parametrize("case", OF_A_RUN, ids=lambda case: case.name)
def test_an_error_about_a_finished_run_says_the_same(
    case: Case, runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs)
    case.plant(runs)
    assert main(case.words) == case.code
    assert capsys.readouterr().err == case.told.format(tiny=runs)


def test_a_run_that_another_process_works_on_is_left_alone(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs)
    with alone(RunFolder(runs / "runs/tiny")):
        assert main(("report", "tiny")) == 1
    told = f"{runs}/runs/tiny is in use by process {os.getpid()}\nhint: wait for it, or stop it\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            GatedRepoError,
            "acme/model is gated\nhint: accept its terms on the hub and log in with `hf auth login`\n",
        ),
        (RepositoryNotFoundError, "the hub has no acme/model (or hides it from you)\n"),
    ],
)
def test_a_model_that_the_hub_keeps_is_told_with_what_opens_it(
    error: type[Exception],
    told: str,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def kept(*args: object, **options: object) -> str:
        raise error.__new__(error)

    monkeypatch.setattr("huggingface_hub.snapshot_download", kept)
    assert main((*RUN, "-o", "model.path=acme/model")) == 5
    assert capsys.readouterr().err == f"tiny: -o model.path=acme/model: {told}"


def test_a_gate_that_is_not_met_is_told_with_what_was_reached(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shutil.copytree(finished, tmp_path / "own", symlinks=True))
    gate = "gates=[{system: 3, metric: chrf++, at_least: 99}]"
    assert main(("run", "--quiet", "tiny.yaml", "-o", gate)) == 4
    told = "tiny: gate not met: 3 must have chrf++ of 99.0 or better; reached 0.00\n"
    assert capsys.readouterr().err == told


def test_a_full_disk_is_told_before_the_step_that_it_is_too_small_for(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = SimpleNamespace(total=10**9, used=10**9, free=0)
    monkeypatch.setattr("lp_runner.store.disk.shutil.disk_usage", lambda folder: full)
    assert main(RUN) == 5
    line, hint = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tiny: {here}/runs/.store")
    assert "is full (0 bytes free, " in line
    assert hint == "hint: make room and run the same command again"


def test_a_plugin_that_raises_is_a_line_with_what_it_said_and_where_its_traceback_is(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in BROKEN.items():
        (here / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "site" / name).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(here / "site")
    monkeypatch.setenv("PYTHONPATH", str(here / "site"), prepend=":")
    assert main(data("broken")) == 1
    log = here / "runs" / "tiny" / "logs" / "worker-1.log"
    assert capsys.readouterr().err == (
        f"tiny: read.broken: KeyError: 'segment \\x1b[31m7'\nhint: the traceback is in {log}\n"
    )
    assert "Traceback" in log.read_text("utf-8")


BROKEN = {
    "lp_broken/__init__.py": "",
    "lp_broken/plugin.py": (
        "from lp_runner.api import Declaration\n"
        "from lp_runner.hookspecs import hookimpl\n"
        "@hookimpl\n"
        "def lp_corpus_readers():\n"
        "    return [Declaration(name='broken', summary='raises', implementation='lp_broken.reader:Reader', "
        "options='lp_broken:options.json')]\n"
    ),
    "lp_broken/options.json": '{"type": "object", "additionalProperties": false, "properties": {}}',
    "lp_broken/reader.py": (
        "class Reader:\n    def read(self, context):\n        raise KeyError('segment \\x1b[31m7')\n"
    ),
    "lp_broken-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: lp-broken\nVersion: 1.0\n",
    "lp_broken-1.0.dist-info/entry_points.txt": "[lp_runner]\nread.broken = lp_broken.plugin\n",
}
