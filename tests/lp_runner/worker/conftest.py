"""Workers that find a small plugin package, written here, beside lp_runner."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import lp_runner
from lp_runner.worker import Worker
from lp_runner.worker.process import default_environment

STRATEGIES = '''
import os, signal, subprocess, sys, threading, time
from lp_runner.api import (
    Ask, EncodedSegment, Evaluation, Generations, Hypotheses, Layer, Measure, Resamples, Score, Segment,
)

class Reader:
    def __init__(self, lines):
        self.lines = lines
    def read(self, context):
        for number, line in enumerate(self.lines):
            context.progress(number + 1, len(self.lines), line)
            yield Segment(line, line.upper() if number else None)

class Encoder:
    def open(self, context, model, prompt):
        self.template = prompt.template
    def encode(self, segments):
        for each in segments:
            text = self.template.format(source=each.source)
            yield EncodedSegment(each.source, each.reference, (1, *map(ord, text)), ())
    def decode(self, ids):
        return ("".join(map(chr, row)) for row in ids)
    def stop_ids(self):
        return [2]

class Metric:
    def __init__(self, nested=False):
        self.nested = nested
    def open(self, context, model, segments, stop_ids):
        self.segments = segments
    def score(self, context, sets, need):
        for removed in sets:
            value = float(sum(layer.index for layer in removed))
            if self.nested:
                sources = tuple(each.source for each in self.segments)
                asked, system = context.evaluator("metric"), Hypotheses("candidate", sources, sources, ())
                if self.nested == "bounds":
                    value = asked.reach(system, [3] * len(sources))[1]
                elif self.nested == "replicates":
                    value = asked.score(system, Resamples(2, 5))[0].replicates[1]
                else:
                    value = asked.score(system)[0].value
            yield Score(removed, value)
    def close(self):
        self.segments = ()

class Policy:
    def search(self, layers):
        left, gone = list(layers), []
        while len(left) > 2:
            scores = yield Ask(tuple(frozenset([*gone, layer]) for layer in left))
            least = min(zip(scores, left), key=lambda pair: (pair[0].value, pair[1]))[1]
            gone.append(least)
            left.remove(least)
        return gone

class SmallEnough:
    def search(self, layers):
        full = [layer for layer in layers if layer.type == "full_attention"]
        answer = yield Measure(frozenset(full), ("params", "speed"))
        return full if answer["params"].value < 10 and answer["speed"].low > 1 else []

class Trainer:
    def train(self, context, model, train, dev, into):
        found = context.checkpoints.latest()
        start = found[0] if found else 0
        for step in range(start + 1, 4):
            context.record(step=step, loss=1.0 / step)
            context.checkpoints.save(step, lambda folder: (folder / "state").write_text(str(step)))
        (into / "weights").write_text(f"{context.seed} {context.device} {context.dtype}")
        return {"resumed_from": start, "rows": len(train) + len(dev)}

class Judge:
    def score(self, context, system, resamples):
        if not system.references:
            raise ValueError("exact needs references")
        equal = tuple(float(a == b) for a, b in zip(system.hypotheses, system.references))
        replicates = (0.5,) * resamples.count if resamples else ()
        return [Evaluation("exact", sum(equal) / len(equal), "exact|v1", equal, replicates)]

class Bounding(Judge):
    def reach(self, context, system, room):
        return 0.0, float(len(system.references) + sum(room))

class Backend:
    def load(self, context, model):
        self.model = model
    def generate(self, context, prompts, max_new_tokens, stop_ids, fixed_length):
        ids = tuple(tuple(prompt[-1:]) * limit for prompt, limit in zip(prompts, max_new_tokens))
        return Generations(ids, {"generate_s": 0.5})
    def unload(self):
        del self.model

class OutOfMemoryError(RuntimeError):
    pass

class Observer:
    """Does what its events say."""
    def observe(self, event):
        return getattr(self, event["event"])(event)
    def close(self):
        pass
    def nothing(self, event):
        pass
    def bad_input(self, event):
        raise ValueError("corpus.tsv:3: two columns expected")
    def no_memory(self, event):
        raise MemoryError("40 GB more needed")
    def no_device_memory(self, event):
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GB")
    def no_hub(self, event):
        raise ConnectionError("the hub can't be reached")
    def bug(self, event):
        return {}["missing"]
    def leave(self, event):
        sys.exit(3)
    def exit_code(self, event):
        print("last words", flush=True)
        os._exit(7)
    def killed(self, event):
        os.kill(os.getpid(), signal.SIGKILL)
    def segfault(self, event):
        print("about to crash", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    def sleep(self, event):
        print("asleep", flush=True)
        time.sleep(60)
    def spin(self, event):
        print("spinning", flush=True)
        while True:
            pass
    def with_helper(self, event):
        helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        with open(event["pid_file"], "w") as out:
            out.write(str(helper.pid))
        time.sleep(60)
    def flood(self, event):
        while True:
            print("rubbish " * 1000)

    def garbage(self, event):
        os.write(int(sys.argv[2]), b"{1: not a message\\n")
        time.sleep(60)
    def closed_pipe(self, event):
        os.close(int(sys.argv[2]))
        time.sleep(60)
    def interrupt_self(self, event):
        os.kill(os.getpid(), signal.SIGINT)
    def use_memory(self, event):
        self.held = b"x" * event["bytes"]
        del self.held

class Talker:
    """A trainer that says too much, or the wrong thing."""
    def __init__(self, about):
        self.about = about
    def train(self, context, model, train, dev, into):
        if self.about == "too much":
            return {"text": "x" * (17 * 2**20)}
        if self.about == "a number of its own":
            return {"loss": Number()}
        if self.about == "an object":
            return {"loss": object()}
        if self.about == "other thread":
            told = []
            def ask():
                try:
                    context.checkpoints.latest()
                except RuntimeError as error:
                    told.append(str(error))
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
            return {"told": told[0]}
        if self.about == "late":
            Talker.kept = context
            return {}

class Number:
    def item(self):
        return 0.25
'''

StartWorker = Callable[..., Worker]


@pytest.fixture
def plugin_path(tmp_path: Path) -> Path:
    package = tmp_path / "plugin" / "tiny_plugin"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "strategies.py").write_text(STRATEGIES)
    (package / "incomplete.py").write_text("import a_module_that_is_nowhere\n")
    return package.parent


@pytest.fixture
def variables(plugin_path: Path) -> dict[str, str]:
    root = Path(lp_runner.__file__).parent.parent
    return {**default_environment(), "PYTHONPATH": os.pathsep.join([str(root), str(plugin_path)])}


@pytest.fixture
def start(tmp_path: Path, variables: dict[str, str]) -> Iterator[StartWorker]:
    started: list[Worker] = []

    def start_one(**options: object) -> Worker:
        worker = Worker.start(log_path=tmp_path / "worker.log", environment=variables, **options)  # type: ignore[arg-type]
        started.append(worker)
        return worker

    yield start_one
    for worker in started:
        worker.stop()


@pytest.fixture
def worker(start: StartWorker) -> Worker:
    return start()


@pytest.fixture
def obedient(worker: Worker) -> Worker:
    """A worker with an observer "watch" that does what its events say."""
    worker.make("watch", "observe", "tiny_plugin.strategies:Observer", {})
    return worker
