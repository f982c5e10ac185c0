"""A real worker process: what it answers, how it ends, what is said of its end."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lp_runner.errors import EnvironmentFailed, Interrupted, RunFailed, Terminated
from lp_runner.worker import Worker
from lp_runner.worker.death import OutOfMemory

Start = Callable[..., Worker]


def order(worker: Worker, event: str, **fields: object) -> None:
    worker.do("watch", "observe", {"event": {"event": event, **fields}})


def interrupting(wanted: Callable[[], bool], error: Interrupted | None = None) -> Callable[[], None]:
    """Raises once it is wanted."""

    def should_stop() -> None:
        if wanted():
            raise error or Interrupted("stopped")

    return should_stop


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_gone(pid: int) -> bool:
    """Dead, or a zombie that nobody has waited for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_worker_answers_five_thousand_requests_in_a_few_seconds(obedient: Worker) -> None:
    pid, started = obedient.pid, time.perf_counter()
    for _ in range(5000):
        order(obedient, "nothing")
    each_ms = (time.perf_counter() - started) / 5
    print(f"round trip of an empty request: {each_ms:.3f} ms")
    assert obedient.pid == pid
    assert each_ms < 5


def test_it_hosts_what_was_made_until_it_is_dropped(obedient: Worker) -> None:
    assert obedient.hosts("watch")
    obedient.drop("watch")
    assert not obedient.hosts("watch")
    with pytest.raises(RunFailed, match="watch"):
        order(obedient, "nothing")


def test_an_implementation_that_lacks_a_module_is_an_environment_failure(worker: Worker) -> None:
    with pytest.raises(EnvironmentFailed, match="a_module_that_is_nowhere"):
        worker.make("x", "observe", "tiny_plugin.incomplete:X", {})


@pytest.mark.parametrize(
    ("event", "error", "message"),
    [
        ("bad_input", RunFailed, "watch: corpus.tsv:3: two columns expected"),
        ("no_memory", OutOfMemory, "watch: 40 GB more needed"),
        (
            "no_device_memory",
            OutOfMemory,
            "watch: OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GB",
        ),
        ("no_hub", EnvironmentFailed, "watch: the hub can't be reached"),
        ("bug", RunFailed, "watch: KeyError: 'missing'"),
        ("leave", RunFailed, "watch: SystemExit: 3"),
    ],
)
def test_an_exception_is_told_by_its_kind_and_the_worker_lives_on(
    obedient: Worker, event: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        order(obedient, event)
    assert type(raised.value) is error
    assert raised.value.message == message  # type: ignore[attr-defined]
    assert obedient.hosts("watch")


def test_the_traceback_of_a_bug_is_in_the_log(obedient: Worker, tmp_path: Path) -> None:
    with pytest.raises(RunFailed) as raised:
        order(obedient, "bug")
    assert str(tmp_path / "worker.log") in raised.value.hint
    assert 'return {}["missing"]' in (tmp_path / "worker.log").read_text()


@pytest.mark.parametrize(
    ("event", "error", "message", "last_words"),
    [
        ("exit_code", RunFailed, "watch: its worker ended by itself with exit code 7", "last words"),
        ("killed", OutOfMemory, "watch: its worker was killed (SIGKILL), most likely for want of memory", ""),
        ("segfault", RunFailed, "watch: its worker was ended by SIGSEGV", "about to crash"),
        ("closed_pipe", RunFailed, "watch: its worker closed its pipe and was ended", ""),
    ],
)
def test_a_death_is_explained_with_the_end_of_the_log(
    obedient: Worker, event: str, error: type[Exception], message: str, last_words: str
) -> None:
    with pytest.raises(error) as raised:
        order(obedient, event)
    assert raised.value.message == message  # type: ignore[attr-defined]
    assert last_words in raised.value.hint  # type: ignore[attr-defined]
    assert not obedient.hosts("watch")


def test_a_dead_worker_refuses_further_requests_and_can_be_stopped(obedient: Worker) -> None:
    with pytest.raises(RunFailed):
        order(obedient, "exit_code")
    with pytest.raises(RunFailed, match="has been ended already"):
        order(obedient, "nothing")
    obedient.stop()
    assert not obedient.alive


def test_a_worker_killed_between_requests_is_explained_at_the_next(obedient: Worker) -> None:
    os.kill(obedient.pid, signal.SIGKILL)
    with pytest.raises(OutOfMemory, match="SIGKILL"):
        order(obedient, "nothing")


def test_garbage_on_its_pipe_ends_it_with_a_clear_error(obedient: Worker) -> None:
    with pytest.raises(RunFailed, match=r"not a message: b'\{1: not a message'"):
        order(obedient, "garbage")
    assert not obedient.alive


def test_a_worker_that_prints_without_end_is_ended_with_the_end_of_its_log(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lp_runner.worker.process.MOST_LOG_BYTES", 2**20)
    worker = start()
    worker.make("watch", "observe", "tiny_plugin.strategies:Observer", {})
    with pytest.raises(RunFailed, match="watch: its worker printed more than") as caught:
        order(worker, "flood")
    assert "rubbish rubbish" in caught.value.hint
    assert len(caught.value.hint) < 6000
    assert not worker.alive


def test_a_request_that_takes_too_long_ends_the_worker(obedient: Worker) -> None:
    with pytest.raises(RunFailed, match=r"watch: its worker took longer than its limit of 0\.3 s"):
        obedient.do("watch", "observe", {"event": {"event": "sleep"}}, timeout_s=0.3)
    assert not obedient.alive


def test_should_stop_interrupts_a_busy_worker_within_half_a_second(start: Start) -> None:
    stop = threading.Event()
    worker = start(should_stop=interrupting(stop.is_set))
    worker.make("watch", "observe", "tiny_plugin.strategies:Observer", {})
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Interrupted):
        order(worker, "spin")
    assert time.monotonic() - started < 0.8
    assert not worker.alive


def test_should_stop_may_raise_the_error_of_its_choice(start: Start) -> None:
    terminated = threading.Event()
    worker = start(should_stop=interrupting(terminated.is_set, Terminated("terminated")))
    worker.make("watch", "observe", "tiny_plugin.strategies:Observer", {})
    terminated.set()
    with pytest.raises(Terminated):
        order(worker, "sleep")


def test_a_keyboard_interrupt_of_a_worker_changes_nothing(obedient: Worker) -> None:
    order(obedient, "interrupt_self")
    order(obedient, "nothing")
    assert obedient.alive


def test_a_worker_is_out_of_reach_of_the_terminals_signals(obedient: Worker) -> None:
    assert os.getpgid(obedient.pid) != os.getpgid(0)
    assert os.getsid(obedient.pid) != os.getsid(0)


def test_killing_a_worker_ends_what_it_has_started(start: Start, tmp_path: Path) -> None:
    pid_file = tmp_path / "helper.pid"
    worker = start(should_stop=interrupting(lambda: pid_file.exists() and pid_file.read_text() != ""))
    worker.make("watch", "observe", "tiny_plugin.strategies:Observer", {})
    with pytest.raises(Interrupted):
        order(worker, "with_helper", pid_file=str(pid_file))
    assert wait_for(lambda: is_gone(int(pid_file.read_text())))


PARENT = """
import sys, threading
from pathlib import Path
from lp_runner.worker import Worker

def work():
    worker = Worker.start(log_path=Path(sys.argv[1]))
    worker.make("watch", "observe", "tiny_plugin.strategies:Observer", {})
    print(worker.pid, flush=True)
    worker.do("watch", "observe", {"event": {"event": sys.argv[2]}})

if sys.argv[3] == "main":
    work()
else:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
"""


@pytest.mark.parametrize("state", ["sleep", "spin"])
@pytest.mark.parametrize("thread", ["main", "other"])
def test_a_busy_worker_ends_when_its_parent_is_killed(
    variables: dict[str, str], tmp_path: Path, state: str, thread: str
) -> None:
    log = tmp_path / "worker.log"
    command = [sys.executable, "-c", PARENT, str(log), state, thread]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert wait_for(lambda: "asleep" in log.read_text() or "spinning" in log.read_text())
        assert not is_gone(pid)
        parent.kill()
    assert wait_for(lambda: is_gone(pid))


def test_a_worker_outlives_the_thread_that_started_it(start: Start) -> None:
    started: list[Worker] = []
    thread = threading.Thread(target=lambda: started.append(start()))
    thread.start()
    thread.join()
    time.sleep(0.3)
    started[0].make("watch", "observe", "tiny_plugin.strategies:Observer", {})
    assert started[0].hosts("watch")


def test_a_missing_interpreter_is_an_environment_failure(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match="no-python: this interpreter can't be started: No such file"):
        Worker.start(str(tmp_path / "no-python"), log_path=tmp_path / "log")


def test_an_interpreter_without_lp_runner_is_an_environment_failure_with_its_words(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'No module named lp_runner' >&2; exit 1\n")
    bare.chmod(bare.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(EnvironmentFailed, match="exit code 1") as raised:
        Worker.start(str(bare), log_path=tmp_path / "log")
    assert "No module named lp_runner" in raised.value.hint


def test_another_version_of_the_contract_is_an_environment_failure(tmp_path: Path) -> None:
    other = tmp_path / "python"
    hello = r"{\"type\":\"hello\",\"api\":99,\"python\":\"3.11\",\"pid\":1}"
    other.write_text(f'#!/bin/bash\necho "{hello}" >&$5; sleep 20\n')
    other.chmod(other.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(EnvironmentFailed, match="speaks version 99 of the contract, this one 1"):
        Worker.start(str(other), log_path=tmp_path / "log")


def test_a_worker_that_never_says_hello_is_given_up(tmp_path: Path) -> None:
    mute = tmp_path / "python"
    mute.write_text("#!/bin/sh\nsleep 20\n")
    mute.chmod(mute.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(EnvironmentFailed, match=r"python: its worker took longer than its limit of 0\.3 s"):
        Worker.start(str(mute), log_path=tmp_path / "log", timeout_s=0.3)


def test_tokens_reach_the_worker(variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "plugin" / "asks.py").write_text(
        "import os\nclass Asks:\n    def train(self, *_):\n        return {'token': os.environ['HF_TOKEN']}\n"
    )
    for name in ("train", "dev"):
        (tmp_path / name).write_text("")
    environment = {**variables, "HF_TOKEN": "a token"}
    arguments = {"model": "m", "into": "i", "train": str(tmp_path / "train"), "dev": str(tmp_path / "dev")}
    with Worker.start(log_path=tmp_path / "log", environment=environment) as worker:
        worker.make("asks", "recover", "asks:Asks", {})
        assert worker.do("asks", "train", arguments).result == {"token": "a token"}


def test_a_reply_tells_peak_memory_and_seconds_of_its_own_request(obedient: Worker) -> None:
    big = obedient.do("watch", "observe", {"event": {"event": "use_memory", "bytes": 200_000_000}})
    small = obedient.do("watch", "observe", {"event": {"event": "nothing"}})
    assert big.peak_memory_bytes > 200_000_000
    assert small.peak_memory_bytes < 100_000_000
    assert small.device_peak_bytes is None
    assert 0 < small.seconds < big.seconds


def test_the_folder_that_it_is_started_in_hides_no_module(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path)
    assert start().alive
