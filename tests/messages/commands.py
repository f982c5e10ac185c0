"""Words on the command line, folders and environments."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

from tests.messages.case import RUN, Case, Plant, both, gone, installed, nothing, written

USE_MINE = ("-o", "evaluate=[mine]")
HAVE_FRUIT = 'environment=Environment("fruit", ("plum",))'
BUILD_FRUIT = ("env", "build", "fruit")
INSTALLER_FIRST = {"PATH": "{tiny}/bin:/usr/bin:/bin"}
KINDS = "importance, prune, recover, evaluate, infer, read, observe, encode"
OF_RUN = """\
usage: lp-run run [-h] [-o a.b=c] [--trust-publisher NAME] [--output FOLDER]
                  [--quiet | -v] [--offline] [--time-limit TIME]
                  recipe.yaml [recipe.yaml ...]
lp-run run: error: """
OF_CHECK = """\
usage: lp-run check [-h] [-o a.b=c] [--trust-publisher NAME] [--output FOLDER]
                    [--device-memory SIZE] [--json]
                    recipe.yaml [recipe.yaml ...]
lp-run check: error: """
FICKLE = """\
from lp_runner.api import Evaluation

class Strategy:
    count = 0

    def score(self, context, system, resamples):
        self.count += 1
        return [Evaluation("mine", 1.0, f"v{self.count}", replicates=(1.0, 1.0))]
"""
FORGETS_PLUMS = """\
#!/bin/sh
for last; do true; done
case "$1 $2" in
"venv "*) mkdir -p "$last/bin" "$last/lib/python3.11/site-packages" && touch "$last/pyvenv.cfg" ;;
"pip compile") while [ "$1" != --output-file ]; do shift; done && echo plum==1.0 >"$2" ;;
esac
"""


def uv(program: str) -> Plant:
    """An installer that is found before any other."""

    def plant(tiny: Path) -> None:
        (tiny / "bin").mkdir()
        (tiny / "bin/uv").write_text(program, "utf-8")
        (tiny / "bin/uv").chmod(0o755)

    return plant


CASES = (
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
        "an environment that may not be built",
        nothing,
        (*RUN, "--offline", "-o", "infer={use: vllm, max_new_tokens: 4}"),
        5,
        "tiny: environment vllm is not built, and --offline builds nothing\nhint: lp-run env build vllm\n",
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
    Case(
        "an option with a slip in it",
        nothing,
        ("run", "tiny.yaml", "--quite"),
        2,
        f"{OF_RUN}no such option: --quite; did you mean --quiet?\n",
    ),
    Case(
        "an option with a slip in it, and no recipe",
        nothing,
        ("--quite",),
        2,
        f"{OF_RUN}no such option: --quite; did you mean --quiet?\n",
    ),
    Case(
        "a word too many",
        nothing,
        ("list", "tiny"),
        2,
        "usage: lp-run list [-h] [--output FOLDER] [--json]\n"
        "lp-run list: error: unrecognized arguments: tiny\n",
    ),
    Case(
        "a command without its recipe",
        nothing,
        ("run",),
        2,
        f"{OF_RUN}the following arguments are required: recipe.yaml\n",
    ),
    Case(
        "a time without a unit",
        nothing,
        ("run", "tiny.yaml", "--time-limit", "90"),
        2,
        f"{OF_RUN}argument --time-limit: '90' is no time; write it like 90min or 12h\n",
    ),
    Case(
        "a size with an unknown unit",
        nothing,
        ("check", "tiny.yaml", "--device-memory", "80PB"),
        2,
        f"{OF_CHECK}argument --device-memory: '80PB' is no size; write it like 80GB\n",
    ),
    Case(
        "a folder that is no run",
        nothing,
        ("show", "model"),
        2,
        "model: not a run folder (no plan.json)\n",
    ),
    Case(
        "a part of a GPU, of a size that nobody tells",
        nothing,
        RUN,
        5,
        "tiny: CUDA_VISIBLE_DEVICES names MIG-aaaa, a part of a GPU, of which nvidia-smi doesn't tell the memory\n"
        "hint: set LP_RUN_DEVICES as well, to cuda:0\n",
        {"CUDA_VISIBLE_DEVICES": "MIG-aaaa", "LP_RUN_DEVICES": ""},
    ),
    Case(
        "settings with a slip in them",
        written("settings.yaml", "environments:\n  comet: {pyton: /opt/python}\n"),
        ("env", "list"),
        2,
        "{tiny}/settings.yaml:2:11: environments.comet.pyton: no such setting; did you mean python?\n"
        "{tiny}/settings.yaml:2:3: environments.comet.python: is missing\n",
        {"LP_RUN_SETTINGS": "{tiny}/settings.yaml"},
    ),
    Case(
        "a plugin that declares another name than its entry",
        installed("nameless", source="declared = ()\n"),
        ("check", "tiny.yaml", *USE_MINE),
        2,
        "-o evaluate=[mine]: evaluate.0: lp_nameless.plugin of nameless declares no evaluate named 'mine'\n",
    ),
    Case(
        "a plugin with a capital letter in its name",
        installed("capital", "evaluate.Mine"),
        ("check", "tiny.yaml", "-o", "evaluate=[Mine]"),
        2,
        "-o evaluate=[Mine]: evaluate.0: evaluate.Mine of capital 1.0: "
        "a name has lower-case letters, digits and . _ + - only\n",
    ),
    Case(
        "a plugin of a kind that there isn't",
        installed("kindless", "evaluat.mine"),
        ("plugins", "evaluat.mine"),
        2,
        f"kindless offers 'evaluat.mine', which begins with none of {KINDS}\n",
    ),
    Case(
        "a plugin that lacks a library",
        installed("lacking", source="import no_such_library\n"),
        ("check", "tiny.yaml", *USE_MINE),
        2,
        "-o evaluate=[mine]: evaluate.0: evaluate.mine of lacking 1.0 can't be loaded: "
        "ModuleNotFoundError: No module named 'no_such_library'\n",
    ),
    Case(
        "a plugin with options that are no JSON object",
        installed("listed", options="[]"),
        ("check", "tiny.yaml", *USE_MINE),
        2,
        "-o evaluate=[mine]: evaluate.0: evaluate.mine of listed 1.0 can't be loaded: "
        "TypeError: lp_listed:options.json is no JSON object\n",
    ),
    Case(
        "a plugin whose options are no JSON schema",
        installed("misspelt", options='{"type": "objekt"}'),
        ("check", "tiny.yaml", *USE_MINE),
        2,
        "-o evaluate=[mine]: evaluate.0: the options schema of mine is broken: "
        "'objekt' is not valid under any of the given schemas\n",
    ),
    Case(
        "a plugin whose default is itself",
        installed("endless", options='{"properties": {"by": {"x-lp-kind": "evaluate", "default": "mine"}}}'),
        ("check", "tiny.yaml", *USE_MINE),
        2,
        f"-o evaluate=[mine]: evaluate.0{'.with.by' * 12}: its defaults name other plugins without end\n",
    ),
    Case(
        "a plugin of another version of the contract",
        installed("later", more="api=2"),
        ("check", "tiny.yaml", *USE_MINE),
        2,
        "-o evaluate=[mine]: evaluate.0: evaluate.mine of later 1.0 is written for api 2; this lp_runner has api 1; "
        "install a release of later for api 1\n",
    ),
    Case(
        "a name that two distributions offer",
        both(installed("first"), installed("second")),
        ("check", "tiny.yaml", *USE_MINE),
        2,
        "-o evaluate=[mine]: evaluate.0: evaluate.mine is offered by both first 1.0 and second 1.0; "
        "uninstall one of the two distributions\n",
    ),
    Case(
        "an environment that needs another Python",
        installed("newest", more='environment=Environment("fruit", python="<3")'),
        BUILD_FRUIT,
        5,
        f"environment fruit needs Python <3, and this one is {platform.python_version()}\n"
        "hint: install such a Python, or name an interpreter of your own in LP_RUN_FRUIT_PYTHON\n",
    ),
    Case(
        "an environment's plugin in a folder without an __init__.py",
        both(installed("loose", more=HAVE_FRUIT), gone("site/lp_loose/__init__.py")),
        (*RUN, *USE_MINE),
        5,
        "tiny: lp_loose can't be made visible in another environment: it is no package with a folder of its own\n"
        "hint: a plugin with an environment needs a top-level package with an __init__.py\n",
        {"LP_RUN_FRUIT_PYTHON": sys.executable},
    ),
    Case(
        "an evaluator that scores each model in another way",
        installed("fickle", strategy=FICKLE),
        (*RUN, "-o", "prune={use: quality-floor, with: {keep_percent: 50, metric: mine}}"),
        1,
        "tiny: mine (v2) can't be compared with mine (v1)\n",
    ),
    Case(
        "an installer that is no program",
        both(installed("unbuilt", more=HAVE_FRUIT), uv("")),
        BUILD_FRUIT,
        5,
        "uv: can't be started: Exec format error\n",
        INSTALLER_FIRST,
    ),
    Case(
        "an installer that fails",
        both(installed("unmade", more=HAVE_FRUIT), uv("#!/bin/sh\necho no such host\nexit 2\n")),
        BUILD_FRUIT,
        5,
        "environment fruit: uv failed with exit code 2\nhint: its last lines were\n  no such host\n",
        INSTALLER_FIRST,
    ),
    Case(
        "an installer that forgets something",
        both(installed("forgotten", more=HAVE_FRUIT), uv(FORGETS_PLUMS)),
        BUILD_FRUIT,
        5,
        "environment fruit: the installer was content, but it lacks plum\n",
        INSTALLER_FIRST,
    ),
    Case(
        "an installer that Ctrl-C ends",
        both(installed("broken_off", more=HAVE_FRUIT), uv("#!/bin/sh\nkill -INT $PPID\nsleep 60\n")),
        BUILD_FRUIT,
        130,
        "interrupted; the same command continues\n",
        INSTALLER_FIRST,
    ),
    Case(
        "an installer that the system ends",
        both(installed("ended", more=HAVE_FRUIT), uv("#!/bin/sh\nkill -TERM $PPID\nsleep 60\n")),
        BUILD_FRUIT,
        143,
        "terminated; the same command continues\n",
        INSTALLER_FIRST,
    ),
)
