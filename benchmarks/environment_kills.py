"""Kill lp-run at random moments while it builds an environment, run it again, and look at what is there.

    python benchmarks/environment_kills.py --kills 20 --seed 1

Each kill begins with an empty cache. SIGKILL goes to the building process alone; the same build starts again at once.
Right is: the environment is whole, has exactly the undisturbed one's distributions and files, and its command runs.
Goes out: a Markdown table on stdout; exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lp_runner.api import Environment
from lp_runner.envs import Built, Cache, Environments

REQUIRES = ("sacrebleu==2.3.1", "packaging==21.3", "rich==13.9.4")
"""With numpy and lxml: some thousand files, two of them shared libraries of 20 MB."""
ENVIRONMENT = Environment("judged", requires=REQUIRES, leave_out=("pygments",))
BUILD = (
    "import sys; from pathlib import Path; from lp_runner.envs import Cache, Environments;"
    "sys.path.insert(0, sys.argv[2]); from environment_kills import ENVIRONMENT;"
    "Environments(Cache(Path(sys.argv[1]))).built(ENVIRONMENT, 'cpu', lambda line: None, lambda: None)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One kill."""

    after_s: float
    phase: str
    right: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        wanted, build_s = undisturbed(Path(folder, "undisturbed"))
        outcomes = []
        for number in range(arguments.kills):
            outcomes.append(kill(Path(folder, str(number)), chance.uniform(0.2, build_s), wanted))
            print(f"{number + 1}: {outcomes[-1]}", file=sys.stderr)
    print(table(outcomes, build_s, arguments.seed))
    return 0 if all(one.right for one in outcomes) else 1


def undisturbed(root: Path) -> tuple[Built, float]:
    started = time.monotonic()
    start(root).wait()
    found = Environments(Cache(root)).find(ENVIRONMENT, "cpu")
    assert found is not None
    return found, time.monotonic() - started


def kill(root: Path, after_s: float, wanted: Built) -> Outcome:
    process = start(root)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    phase = reached(root)
    environments = Environments(Cache(root))
    if phase != "done":
        assert environments.find(ENVIRONMENT, "cpu") is None, "half-built and taken for whole"
    start(root).wait()
    found = environments.find(ENVIRONMENT, "cpu")
    return Outcome(after_s, phase, found is not None and same(found, wanted))


def start(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", BUILD, str(root), str(Path(__file__).parent)])


def reached(root: Path) -> str:
    """How far the killed build was, by what it left."""
    if list(root.glob("judged-*/ENVIRONMENT.json")):
        return "done"
    staged = next(iter(root.glob(".staging/judged-*")), None)
    if staged is None:
        return "before"
    if not list(staged.glob("lib/python*/site-packages/pip")):
        return "creating"
    if (staged / "pins.txt").exists():
        return "installing"
    return "publishing" if list(staged.glob("lib/python*/site-packages/sacrebleu")) else "resolving"


def same(found: Built, wanted: Built) -> bool:
    """But for scripts and settings that name the folder they are in, whose length differs."""
    command = subprocess.run(
        [found.folder / "bin" / "sacrebleu", "--version"], capture_output=True, check=False
    )
    return (
        found.installed == wanted.installed
        and set(found.files) == set(wanted.files)
        and all(found.files[name] == size for name, size in wanted.files.items() if is_fixed(name))
        and command.returncode == 0
    )


def is_fixed(name: str) -> bool:
    return not name.startswith("bin/") and name != "pyvenv.cfg" and not name.endswith("/RECORD")


def table(outcomes: Sequence[Outcome], build_s: float, seed: int) -> str:
    phases: Mapping[str, list[Outcome]] = {
        one.phase: [] for one in sorted(outcomes, key=lambda one: one.after_s)
    }
    for one in outcomes:
        phases[one.phase].append(one)
    rows = [f"| {name} | {len(ones)} | {sum(one.right for one in ones)} |" for name, ones in phases.items()]
    rows.append(f"| all | {len(outcomes)} | {sum(one.right for one in outcomes)} |")
    machine = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return "\n".join(
        [
            "| killed while | kills | right after the next run |",
            "|---|---|---|",
            *rows,
            "",
            f"An undisturbed build took {build_s:.1f} s. Seed {seed}; {datetime.now(UTC):%Y-%m-%d}; {machine}.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
