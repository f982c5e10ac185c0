"""One step: lock its key, make it aside, publish it. Whoever holds the same key elsewhere is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lp_runner import __version__
from lp_runner.api import Json
from lp_runner.errors import RunFailed
from lp_runner.plan import Step
from lp_runner.run import benchmark, corpora, evaluate, models, prompts, search, translate
from lp_runner.run.versions import lock
from lp_runner.run.workers import Meter
from lp_runner.run.workplace import Workplace

Maker = Callable[[Step, Workplace, Path], dict[str, Json]]
MAKERS: Mapping[str, Maker] = {
    "read": corpora.read,
    "corpora": corpora.compare,
    "prompts": prompts.encode,
    "search": search.search,
    "cut": models.cut,
    "recover": models.recover,
    "translate": translate.translate,
    "evaluate": evaluate.evaluate,
    "benchmark": benchmark.benchmark,
}


def perform(step: Step, work: Workplace) -> bool:
    """Make a step's artefact; False where another run made it meanwhile."""
    key = str(work.keys[step.id])
    with work.store.lock(key, on_wait=_waiting(step, work)):
        if work.store.manifest(key) is not None:
            return False
        work.meter = Meter()
        work.scratch = work.store.scratch(key)
        start = time.monotonic()
        needed = max(0, work.needs_bytes[step.id] - work.store.work_bytes(key))
        with work.store.staging(key, needed) as staged:
            facts = MAKERS[step.kind](step, work, staged)
            hashes = {f"model/{name}": digest for name, digest in facts.pop("hashes", {}).items()}
            about = _about(step, work, facts, time.monotonic() - start)
            try:
                work.store.publish(key, staged, about, hashes)
            except RunFailed as error:
                raise RunFailed(f"{step.title}: {error.message}", error.hint) from error
        work.store.clear_work(key)
    return True


def _waiting(step: Step, work: Workplace) -> Callable[[int, float], None]:
    """Another run makes the same: say so once, and go on listening for a wish to stop."""

    def wait(pid: int, seconds: float) -> None:
        if not seconds:
            work.listener.event("run-waits", {"for": f"process {pid}, which does the same: {step.title}"})
        work.should_stop()

    return wait


def _about(step: Step, work: Workplace, facts: Mapping[str, Json], seconds: float) -> dict[str, Json]:
    return {
        "kind": step.kind,
        "title": step.title,
        "strategies": {kind: use.name for kind, use in step.uses.items()},
        "versions": lock_of(step, work),
        "facts": dict(facts),
        "seconds": round(seconds, 3),
        "strategy_seconds": round(work.meter.seconds, 3),
        "peak_memory_bytes": work.meter.peak_memory_bytes,
        "device_peak_bytes": work.meter.device_peak_bytes,
    }


def lock_of(step: Step, work: Workplace) -> dict[str, str]:
    """The versions that would do a step now; a step of the core's own is lp_runner's alone."""
    offers = [work.registry.find(use.kind, use.name) for use in step.strategies()]
    versions = lock(offer.entry.distribution for offer in offers)
    for offer in offers:
        versions |= work.workers.lock(offer.declaration.environment)
    return versions | {"lp_runner": __version__}
