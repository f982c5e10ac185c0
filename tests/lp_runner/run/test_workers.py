"""Worker processes of a run: they outlive steps, are never shared by two strategies at once, and end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lp_runner.api import Environment
from lp_runner.envs import Cache, Environments
from lp_runner.errors import Interrupted, RunFailed
from lp_runner.recipe.recipe import Use
from lp_runner.registry import Registry
from lp_runner.run.workers import NO_DEVICE, Meter, Workers
from lp_runner.worker import Worker

MakeUse = Callable[..., Use]


def ignore(told: object) -> None:
    """Nobody listens."""


def test_a_worker_outlives_a_step_and_does_the_next(workers: Workers, use: MakeUse) -> None:
    with workers.use(use("prune", "one-shot", remove=1), NO_DEVICE, ignore, Meter()) as first:
        pid = first.worker.pid
    with workers.use(use("importance", "random"), NO_DEVICE, ignore, Meter()) as second:
        assert second.worker.pid == pid


def test_a_strategy_that_was_made_is_not_made_again(workers: Workers, use: MakeUse) -> None:
    meter = Meter()
    policy = use("prune", "one-shot", remove=1)
    with workers.use(policy, NO_DEVICE, ignore, meter):
        made_s = meter.seconds
    with workers.use(policy, NO_DEVICE, ignore, meter):
        assert meter.seconds == made_s > 0


def test_a_strategy_inside_another_has_a_worker_of_its_own(workers: Workers, use: MakeUse) -> None:
    with (
        workers.use(use("prune", "one-shot", remove=1), NO_DEVICE, ignore, Meter()) as outer,
        workers.use(use("importance", "random"), NO_DEVICE, ignore, Meter()) as inner,
    ):
        assert outer.worker.pid != inner.worker.pid


def test_one_strategy_with_two_sets_of_options_has_two_names(workers: Workers, use: MakeUse) -> None:
    names = []
    for remove in (1, 2, 1):
        with workers.use(use("prune", "one-shot", remove=remove), NO_DEVICE, ignore, Meter()) as strategy:
            names.append(strategy.instance)
    assert names == ["prune.one-shot", "prune.one-shot (2)", "prune.one-shot"]


def test_after_a_failure_the_worker_is_gone_and_another_does_the_next(workers: Workers, use: MakeUse) -> None:
    policy = use("prune", "explicit", layers=[1])
    failed: list[Worker] = []

    def fail() -> None:
        with workers.use(policy, NO_DEVICE, ignore, Meter()) as strategy:
            failed.append(strategy.worker)
            strategy.do("no such method", {})

    with pytest.raises(RunFailed):
        fail()
    assert [worker.alive for worker in failed] == [False]
    with workers.use(policy, NO_DEVICE, ignore, Meter()) as strategy:
        assert strategy.do("search", {"layers": ["decoder.0", "decoder.1"]}) == {"removals": ["decoder.1"]}


def test_a_worker_that_died_between_two_steps_is_replaced(workers: Workers, use: MakeUse) -> None:
    policy = use("prune", "explicit", layers=[1])
    with workers.use(policy, NO_DEVICE, ignore, Meter()) as strategy:
        died = strategy.worker
    died.kill()
    with workers.use(policy, NO_DEVICE, ignore, Meter()) as strategy:
        assert strategy.do("search", {"layers": ["decoder.0", "decoder.1"]}) == {"removals": ["decoder.1"]}


def test_close_ends_every_worker(workers: Workers, use: MakeUse) -> None:
    with (
        workers.use(use("prune", "one-shot", remove=1), NO_DEVICE, ignore, Meter()) as outer,
        workers.use(use("importance", "random"), NO_DEVICE, ignore, Meter()) as inner,
    ):
        started = [outer.worker, inner.worker]
    workers.close()
    assert [worker.alive for worker in started] == [False, False]


@pytest.mark.parametrize(("device", "seen"), [("cuda:1", "1"), ("cpu", "")])
def test_a_worker_sees_the_accelerator_of_its_run_and_no_other(
    registry: Registry, use: MakeUse, tmp_path: Path, device: str, seen: str
) -> None:
    workers = Workers(
        registry,
        Environments(Cache(tmp_path / "environments")),
        tmp_path / "logs",
        tmp_path,
        device,
        lambda: None,
    )
    with workers.use(use("importance", "random"), NO_DEVICE, ignore, Meter()) as strategy:
        variables = Path(f"/proc/{strategy.worker.pid}/environ").read_bytes().split(b"\0")
    workers.close()
    assert f"CUDA_VISIBLE_DEVICES={seen}".encode() in variables


def test_a_wish_to_stop_ends_the_wait_for_a_worker(registry: Registry, use: MakeUse, tmp_path: Path) -> None:
    def stop() -> None:
        raise Interrupted("stop")

    workers = Workers(
        registry, Environments(Cache(tmp_path / "environments")), tmp_path / "logs", tmp_path, "cpu", stop
    )
    with (
        pytest.raises(Interrupted),
        workers.use(use("infer", "transformers"), NO_DEVICE, ignore, Meter()),
    ):
        pass
    workers.close()


def test_time_spent_waiting_for_another_strategy_is_not_a_strategys_own(
    workers: Workers, use: MakeUse
) -> None:
    meter = Meter()

    def slow(name: str, arguments: Any) -> Any:
        time.sleep(0.3)
        return {
            "scores": [{"removed": s, "value": 1.0, "raw": None, "kind": "exact"} for s in arguments["sets"]]
        }

    with workers.use(use("prune", "one-shot", remove=1, protect=[]), NO_DEVICE, ignore, meter) as policy:
        before = meter.seconds
        policy.do("search", {"layers": [f"decoder.{index}" for index in range(4)]}, on_call=slow)
    assert meter.seconds - before < 0.3


def test_workers_lead_process_groups_of_their_own(workers: Workers, use: MakeUse) -> None:
    with workers.use(use("importance", "random"), NO_DEVICE, ignore, Meter()) as strategy:
        assert os.getpgid(strategy.worker.pid) == strategy.worker.pid


def test_a_strategy_that_takes_too_long_is_ended(registry: Registry, use: MakeUse, tmp_path: Path) -> None:
    environments = Environments(Cache(tmp_path / "environments"))
    workers = Workers(registry, environments, tmp_path, tmp_path, "cpu", lambda: None, limit_s=0.2)
    layers = [f"decoder.{index}" for index in range(4)]
    with (
        pytest.raises(RunFailed, match=r"prune\.one-shot: its worker took longer than its limit of 0\.2 s"),
        workers.use(use("prune", "one-shot", remove=1), NO_DEVICE, ignore, Meter()) as policy,
    ):
        policy.do("search", {"layers": layers}, on_call=lambda name, arguments: time.sleep(1))
    workers.close()


def test_a_worker_of_another_environment_sees_none_of_ours_and_no_secret(
    registry: Registry, use: MakeUse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HF_TOKEN": "hf_secret", "PYTHONPATH": "/ours", "HF_HOME": "/models"}.items():
        monkeypatch.setenv(name, value)
    environments = Environments(Cache(tmp_path / "environments"), own={"elsewhere": sys.executable})
    offer = registry.find("prune", "one-shot")
    apart = replace(offer, declaration=replace(offer.declaration, environment=Environment("elsewhere")))
    elsewhere: Any = SimpleNamespace(find=lambda kind, name: apart)
    workers = Workers(elsewhere, environments, tmp_path, tmp_path, "cpu", lambda: None)
    with workers.use(use("prune", "one-shot", remove=1), NO_DEVICE, ignore, Meter()) as policy:
        lines = Path(f"/proc/{policy.worker.pid}/environ").read_bytes().decode().split("\0")
    workers.close()
    variables = dict(line.split("=", 1) for line in lines if line)
    assert "HF_TOKEN" not in variables
    assert variables["HF_HOME"] == "/models"
    assert sorted(path.name for path in Path(variables["PYTHONPATH"]).iterdir()) == [
        "lp_removal",
        "lp_runner",
    ]


def test_strategies_of_two_environments_never_share_a_worker(
    registry: Registry, use: MakeUse, tmp_path: Path
) -> None:
    environments = Environments(Cache(tmp_path / "environments"), own={"elsewhere": sys.executable})
    offer = registry.find("prune", "one-shot")
    apart = replace(offer, declaration=replace(offer.declaration, environment=Environment("elsewhere")))
    both: Any = SimpleNamespace(
        find=lambda kind, name: apart if kind == "prune" else registry.find(kind, name)
    )
    workers = Workers(both, environments, tmp_path, tmp_path, "cpu", lambda: None)
    pids = []
    for strategy in (use("prune", "one-shot", remove=1), use("importance", "random")) * 2:
        with workers.use(strategy, NO_DEVICE, ignore, Meter()) as made:
            pids.append(made.worker.pid)
    workers.close()
    assert pids[0] == pids[2]
    assert pids[1] == pids[3]
    assert pids[0] != pids[1]


def test_two_packages_of_one_environment_have_a_worker_each_that_sees_its_own(
    registry: Registry, use: MakeUse, tmp_path: Path
) -> None:
    def find(kind: str, name: str) -> Any:
        offer = registry.find(kind, name)
        return replace(offer, declaration=replace(offer.declaration, environment=Environment("elsewhere")))

    environments = Environments(Cache(tmp_path / "environments"), own={"elsewhere": sys.executable})
    both: Any = SimpleNamespace(find=find)
    workers = Workers(both, environments, tmp_path, tmp_path, "cpu", lambda: None)
    pids = set()
    for strategy in (use("prune", "one-shot", remove=1), use("importance", "random")):
        with workers.use(strategy, NO_DEVICE, ignore, Meter()) as made:
            pids.add(made.worker.pid)
    workers.close()
    assert len(pids) == 2
