"""Kill a run at random moments, run it again to the end, and hold the outcome against an undisturbed run.

    python benchmarks/kills.py --kills 20 --seed 1

Each kill is a new run in an empty folder. SIGKILL goes to lp-run alone, at a moment inside the wanted phase as
events.jsonl tells it live; its workers must end by themselves, and the same command starts again at once.
Goes out: a Markdown table on stdout, a line for each kill on stderr; exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Event = Mapping[str, Any]

PHASES = ("search", "training", "evaluation", "publishing")
KINDS = {
    "search": ("search",),
    "training": ("recover",),
    "evaluation": ("translate", "evaluate"),
    "publishing": ("prompts", "search", "cut", "recover", "translate", "evaluate"),
}
MAKER = Path(__file__).parents[1] / "tests/end_to_end/tiny.py"
RECIPE = """\
version: 1
name: tiny
model: {path: ./model, dtype: float32}
languages: {source: Czech, target: German}
prompt: {template: "{source}", chat: true}
data:
  train: {use: tsv, with: {path: train.tsv}}
  dev: {use: tsv, with: {path: dev.tsv}}
  test: {use: tsv, with: {path: test.tsv}}
importance: {use: translation-quality, with: {max_new_tokens: 16}}
prune: {use: iterative-greedy, with: {remove: 2, keep_at: [1]}}
recover: [{use: sft, with: {epochs: 6, batch_size: 24, learning_rate: 1.0e-3, checkpoint_every_s: 0.15}}]
evaluate: [{use: sacrebleu, with: {metrics: [chrf++, bleu]}}]
infer: {use: transformers, max_new_tokens: 16}
controls: [{use: block-influence, keep_at: [1]}]
"""
UNITS = ("score", "record", "evaluation")
"""Events that tell of a piece of a step's work as done."""
POLL_S = 0.0005
TRIES = 8
"""Moments that may be missed (the step was over sooner than in the undisturbed run) before one is given up."""
NOT_COMPARED = ("MANIFEST.json", ".locks", ".fingerprints")
"""Manifests hold times; what they list is compared."""


@dataclass(frozen=True, slots=True)
class Task:
    """One recipe, run in folders of its own."""

    recipe: Path
    options: tuple[str, ...]

    def start(self, output: Path) -> subprocess.Popen[bytes]:
        command = [
            str(Path(sys.executable).with_name("lp-run")),
            str(self.recipe),
            "--quiet",
            "--output",
            str(output),
        ]
        output.mkdir(parents=True, exist_ok=True)
        with (output / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [*command, *itertools.chain.from_iterable(("-o", option) for option in self.options)],
                stdout=log,
                stderr=log,
                env={"OMP_NUM_THREADS": "1", **os.environ},
                start_new_session=True,
            )

    def complete(self, output: Path) -> int:
        return self.start(output).wait()


@dataclass(frozen=True, slots=True)
class Moment:
    """A step, how many of its events come first, and how long after the last of them."""

    step: str
    events: int
    delay_s: float
    units: int
    """Pieces of work that the whole step tells of; 0 where it tells of none."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A run as it was found after its kill."""

    phase: str
    step: str
    where: str
    checkpoint: int | None
    """The update that the training in hand has a whole checkpoint of."""
    events: int
    """How many lines events.jsonl had."""
    workers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    hit: Hit
    problems: tuple[str, ...]
    twice: int
    """Units done twice: candidates scored, updates before the checkpoint, finished steps; and the one in hand."""
    gone_s: float
    """From the kill to the end of the last worker."""
    seconds: float


def events_of(output: Path) -> list[Event]:
    """Of the one run in this folder; a torn last line is left out."""
    for path in output.glob("*/events.jsonl"):
        lines = path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]
    return []


def units_of(events: Sequence[Event]) -> int:
    return sum(event["event"] in UNITS for event in events)


def of_step(events: Sequence[Event], step: str) -> list[Event]:
    return [event for event in events if event.get("step") == step]


def moment(phase: str, undisturbed: Sequence[Event], chance: random.Random) -> Moment:
    """A step of the phase, a unit of its work, and a time before that is done, as in the undisturbed run."""
    started = (event for event in undisturbed if event["event"] == "step-started")
    step = str(chance.choice([event["step"] for event in started if event["kind"] in KINDS[phase]]))
    own = of_step(undisturbed, step)
    units = units_of(own)
    if phase == "publishing":
        return Moment(step, 1, 0.0, units)
    times = [datetime.fromisoformat(event["time"]).timestamp() for event in own]
    passed = chance.choice([place for place, event in enumerate(own) if event["event"] in UNITS] or [1])
    return Moment(step, passed, chance.uniform(0, times[passed] - times[passed - 1]), units)


def strike(task: Task, phase: str, when: Moment, output: Path) -> Hit | None:
    """Start a run and kill it; None where the moment was missed."""
    run = task.start(output)
    try:
        _await(run, lambda: len(of_step(events_of(output), when.step)) >= when.events)
        key = str(of_step(events_of(output), when.step)[0]["key"])
        if phase == "training":
            _await(run, lambda: checkpoint(output, key) is not None or _over(output, when.step))
        time.sleep(when.delay_s)
        if phase == "publishing":
            _await(run, lambda: _publishes(output, key))
        workers = tuple(_workers(run.pid))
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    missed = _over(output, when.step) or (phase != "publishing" and _nothing_left(output, when))
    return None if missed else _found(phase, when, key, output, workers)


def _await(run: subprocess.Popen[bytes], true: Callable[[], bool]) -> None:
    while not true():
        if run.poll() is not None:
            raise SystemExit(f"the run ended by itself with exit code {run.returncode}")
        time.sleep(POLL_S)


def _over(output: Path, step: str) -> bool:
    return any(event["event"] == "step-finished" for event in of_step(events_of(output), step))


def _nothing_left(output: Path, when: Moment) -> bool:
    return 0 < when.units <= units_of(of_step(events_of(output), when.step))


def _publishes(output: Path, key: str) -> bool:
    """From the first byte of the manifest on."""
    staged = output / ".store/.staging" / key
    return (
        (staged / ".MANIFEST.json.new").exists() or (staged / "MANIFEST.json").exists() or _named(output, key)
    )


def _named(output: Path, key: str) -> bool:
    return (output / ".store" / key).exists()


def checkpoint(output: Path, key: str) -> int | None:
    """The newest whole one's update."""
    found = (output / ".store/.work" / key).glob("checkpoint-*/MANIFEST.json")
    return max((int(path.parent.name.partition("-")[2]) for path in found), default=None)


def _found(phase: str, when: Moment, key: str, output: Path, workers: tuple[int, ...]) -> Hit:
    events, step = events_of(output), when.step
    saved = checkpoint(output, key)
    if phase == "publishing":
        where = "after the rename" if _named(output, key) else "before the rename"
    elif phase == "training":
        last = max(
            (event["facts"]["step"] for event in of_step(events, step) if event["event"] == "record"),
            default=0,
        )
        where = f"after update {last}, checkpoint {'none' if saved is None else saved}"
    else:
        where = f"after {units_of(of_step(events, step))} of {when.units} units"
    return Hit(phase, step, where, saved, len(events), workers)


def _workers(parent: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        status = _stat(int(folder.name))
        if status is not None and status[1] == parent:
            yield int(folder.name)


def _stat(pid: int) -> tuple[str, int] | None:
    """State and parent of a process; None where it is no more."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state in "ZX" else (state, int(parent))


def continued(task: Task, hit: Hit, output: Path, reference: Path) -> tuple[list[str], int, float]:
    """Run the same command again: what differs in the end, units done twice, when the old workers were gone."""
    killed = time.monotonic()
    run = task.start(output)
    while any(_stat(pid) for pid in hit.workers) and time.monotonic() - killed < 60:
        time.sleep(POLL_S)
    gone_s = time.monotonic() - killed
    code = run.wait()
    problems = [f"exit code {code}"] if code else differences(reference, output)
    events = events_of(output)
    return problems, done_twice(events[: hit.events], events[hit.events :], hit), gone_s


def done_twice(before: Sequence[Event], after: Sequence[Event], hit: Hit) -> int:
    """The unit in hand counts where its step was taken up again."""
    again = _finished_units(before, hit) & _units(after)
    in_hand = any(event["event"] == "step-started" and event["step"] == hit.step for event in after)
    return len(again) + in_hand


def _finished_units(before: Sequence[Event], hit: Hit) -> set[tuple[Any, ...]]:
    """Of a training in hand, the updates up to its checkpoint; what came later is the stretch in hand."""
    saved = hit.checkpoint or 0
    done = {event["step"] for event in before if event["event"] == "step-finished"}
    units = {unit for unit in _units(before) if unit[0] != "update" or unit[1] in done or unit[2] <= saved}
    return {unit for unit in units if unit[0] != "step" or unit[1] in done}


def _units(events: Sequence[Event]) -> set[tuple[Any, ...]]:
    units: set[tuple[Any, ...]] = set()
    for event in events:
        if event["event"] == "step-started":
            units.add(("step", event["step"]))
        if event["event"] == "score":
            units.add(("candidate", event["step"], *event["removed"]))
        if event["event"] == "record" and "loss" in event["facts"]:
            units.add(("update", event["step"], event["facts"]["step"]))
    return units


def differences(reference: Path, output: Path) -> list[str]:
    """Between two outputs: artefacts, journals and models byte for byte, and every score."""
    ours, theirs = _files(output), _files(reference)
    names = sorted(ours.keys() ^ theirs.keys()) + [
        name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]
    ]
    scores = [] if _scores(output) == _scores(reference) else ["results.json: other scores"]
    return [f"{name}: other content" for name in names] + scores


def _files(output: Path) -> dict[str, bytes]:
    folders = [output / ".store", *output.glob("*/models")]
    paths = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    named = ((path.relative_to(output), path) for path in paths)
    return {str(name): path.read_bytes() for name, path in named if not set(name.parts) & set(NOT_COMPARED)}


def _scores(output: Path) -> list[Any]:
    [path] = output.glob("*/results.json")
    results = json.loads(path.read_text())
    systems = [
        [system["name"], system["evaluations"], system["compared"], (system["training"] or {}).get("history")]
        for system in results["systems"]
    ]
    return [systems, [search["questions"] for search in results["searches"]]]


def one_kill(task: Task, phase: str, reference: Path, output: Path, chance: random.Random) -> Outcome:
    undisturbed = events_of(reference)
    for _ in range(TRIES):
        shutil.rmtree(output, ignore_errors=True)
        began = time.monotonic()
        hit = strike(task, phase, moment(phase, undisturbed, chance), output)
        if hit is not None:
            problems, twice, gone_s = continued(task, hit, output, reference)
            return Outcome(hit, tuple(problems), twice, gone_s, time.monotonic() - began)
    raise SystemExit(f"{phase}: no moment was hit in {TRIES} tries")


def report(outcomes: Sequence[Outcome], whole_s: float, seed: int) -> Iterator[str]:
    """The table and what it was measured on."""
    yield "| phase | kills | equal | units done twice, at most | workers gone after, at most | both runs, mean |"
    yield "|---|---|---|---|---|---|"
    for phase in PHASES:
        here = [outcome for outcome in outcomes if outcome.hit.phase == phase]
        if here:
            yield _row(phase, here)
    yield _row("all", outcomes)
    yield ""
    yield f"An undisturbed run took {whole_s:.1f} s. Seed {seed}; {datetime.now(UTC):%Y-%m-%d}; {_machine()}."


def _row(phase: str, outcomes: Sequence[Outcome]) -> str:
    equal = sum(not outcome.problems for outcome in outcomes)
    mean_s = sum(outcome.seconds for outcome in outcomes) / len(outcomes)
    most = (
        f"{max(outcome.twice for outcome in outcomes)} | {max(outcome.gone_s for outcome in outcomes):.2f} s"
    )
    return f"| {phase} | {len(outcomes)} | {equal} | {most} | {mean_s:.1f} s |"


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def tiny_task(folder: Path) -> Path:
    subprocess.run([sys.executable, str(MAKER), str(folder)], check=True, stdout=sys.stderr)
    recipe = folder / "tiny.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return recipe


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20, help="spread evenly over the phases (20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recipe", type=Path, help="another recipe than the tiny one that is made here")
    parser.add_argument("-o", dest="options", action="append", default=[], help="as for lp-run")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = Task(given.recipe or tiny_task(folder), tuple(given.options))
        began = time.monotonic()
        if code := task.complete(folder / "reference"):
            raise SystemExit(
                f"the undisturbed run failed ({code}):\n{(folder / 'reference/log.txt').read_text()}"
            )
        whole_s = time.monotonic() - began
        outcomes = []
        for number, phase in zip(range(given.kills), itertools.cycle(PHASES), strict=False):
            outcomes.append(one_kill(task, phase, folder / "reference", folder / f"kill-{number}", chance))
            shutil.rmtree(folder / f"kill-{number}")
            print(f"{number + 1}/{given.kills} {_told(outcomes[-1])}", file=sys.stderr, flush=True)
    print("\n".join(report(outcomes, whole_s, given.seed)))
    return int(any(outcome.problems or outcome.twice > 1 for outcome in outcomes))


def _told(outcome: Outcome) -> str:
    verdict = "; ".join(outcome.problems) or "equal"
    where = f"{outcome.hit.phase}: {outcome.hit.step} {outcome.hit.where}"
    return f"{where}: {verdict}, {outcome.twice} twice, {outcome.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
