"""The store under kills and full disks: after each possible one, the same work again ends as if nothing had been.

As SQLite is tested: the process dies at the first, second, … n-th system call that touches the disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lp_runner.errors import EnvironmentFailed
from lp_runner.store import Journal, RunFolder, Store

from .conftest import KILLED, dying_at, in_child


def work(root: Path) -> None:
    """Everything the store does, in small: checkpoints, a journal, an artefact, links; what is done is skipped."""
    store, run = Store(root / ".store"), RunFolder(root / "run")
    with run.lock():
        run.begin("version: 1\n", {"steps": ["train"]})
        with store.lock("k1"):
            if store.manifest("k1") is None:
                train(store)
            store.clear_work("k1")
        run.link_step(1, "train", store.path("k1"))
        run.write_results({"done": True})


def train(store: Store) -> None:
    shelf = store.checkpoints("k1")
    done, _ = shelf.latest() or (0, None)
    for step in range(done + 1, 5):
        journal = store.journal("steps")
        if step not in [entry["step"] for entry in journal.entries()]:
            journal.append({"step": step})
        folder = store.scratch("k1") / "checkpoint"
        folder.mkdir()
        (folder / "state").write_text(f"state {step}")
        shelf.save(step, folder)
    with store.staging("k1") as staged:
        (staged / "model").mkdir()
        (staged / "model" / "weights").write_bytes(b"w" * 3000)
        (staged / "config.json").write_text("{}")
        store.publish("k1", staged, {"kind": "recover"})


def tree(root: Path) -> dict[str, str | bytes]:
    """Everything that was made; a manifest, which holds times, by its presence."""
    found: dict[str, str | bytes] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if ".locks" in name or name == "run/.lock":
            continue
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = b"" if path.name == "MANIFEST.json" else path.read_bytes()
    return found


def test_a_kill_at_any_call_leaves_nothing_or_a_whole_artefact_and_the_work_can_go_on(
    quick_disk: Path,
) -> None:
    undisturbed = quick_disk / "undisturbed"
    work(undisturbed)
    expected = tree(undisturbed)
    number, codes = 0, [KILLED]
    while codes[-1] == KILLED:
        number += 1
        root = quick_disk / str(number)
        codes.append(in_child(dying_at(number, lambda root=root: work(root))))  # type: ignore[misc]
        published = root / ".store" / "k1"
        assert not published.exists() or Store(root / ".store").manifest("k1") is not None, number
        work(root)
        assert tree(root) == expected, number
        shutil.rmtree(root)
    print(f"killed at {number - 1} calls")
    assert codes[-1] == 0
    assert number > 100


def test_a_kill_at_any_call_of_the_second_attempt_is_survived_too(quick_disk: Path) -> None:
    undisturbed = quick_disk / "undisturbed"
    work(undisturbed)
    expected = tree(undisturbed)
    for first in range(10, 200, 37):
        for second in range(3, 200, 23):
            root = quick_disk / f"{first}-{second}"
            for number in (first, second):
                in_child(dying_at(number, lambda root=root: work(root)))  # type: ignore[misc]
            work(root)
            assert tree(root) == expected, (first, second)
            shutil.rmtree(root)


def test_files_reach_the_disk_before_the_manifest_and_the_manifest_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut would need: an order that no crash of the process can show."""
    happened: list[str] = []
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).relative_to(tmp_path).as_posix()
        happened.append(f"fsync {name}")
        fsync(descriptor)

    def recorded_replace(source: Path, target: Path) -> None:
        happened.append(f"rename {source.relative_to(tmp_path)} -> {target.relative_to(tmp_path)}")
        replace(source, target)

    store = Store(tmp_path)
    with store.staging("k1") as staged:
        (staged / "sub").mkdir()
        (staged / "sub" / "weights").write_text("w")
        monkeypatch.setattr(os, "fsync", recorded_fsync)
        monkeypatch.setattr(os, "replace", recorded_replace)
        store.publish("k1", staged, {})
    assert happened == [
        "fsync .staging/k1/sub/weights",
        "fsync .staging/k1/sub",
        "fsync .staging/k1",
        "fsync .staging/k1/.MANIFEST.json.new",
        "rename .staging/k1/.MANIFEST.json.new -> .staging/k1/MANIFEST.json",
        "fsync .staging/k1",
        "rename .staging/k1 -> k1",
        "fsync .",
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a file system needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave_bytes: int) -> None:
    room = shutil.disk_usage(disk).free - leave_bytes
    (disk / "others").write_bytes(b"x" * max(room, 0))


def test_a_disk_that_fills_while_staging_is_named_and_what_was_staged_is_gone(small_disk: Path) -> None:
    store = Store(small_disk / ".store")
    with pytest.raises(EnvironmentFailed) as raised, store.staging("k1") as staged:
        (staged / "weights").write_bytes(b"x" * 1_600_000)
    assert f"mounted at {small_disk}, is full" in raised.value.message
    assert raised.value.exit_code == 5
    assert tree(small_disk) == {}


def test_wherever_the_disk_fills_while_publishing_no_half_artefact_is_published(small_disk: Path) -> None:
    """Fuller and fuller, page by page: the manifest doesn't fit, then the folders don't."""
    outcomes: list[bool] = []
    messages: list[str] = []
    for pages in range(8):
        store = Store(small_disk / f"store-{pages}")
        try:
            with store.staging("k1") as staged:
                (staged / "weights").write_bytes(b"w" * 100_000)
                fill(small_disk, 4096 * pages)
                store.publish("k1", staged, {"text": "a" * 10_000})
        except EnvironmentFailed as error:
            messages.append(error.message)
        outcomes.append(store.manifest("k1") is not None)
        assert store.path("k1").exists() == outcomes[-1]
        assert not (store.root / ".staging" / "k1").exists()
        (small_disk / "others").unlink()
        shutil.rmtree(store.root)
    assert all("MB needed" in message or "kB needed" in message for message in messages)
    assert outcomes[0] is False
    assert outcomes[-1] is True


def test_a_journal_on_a_full_disk_keeps_its_entries_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    journal = Journal(small_disk / "journal")
    journal.append({"n": 1})
    fill(small_disk, 0)
    with pytest.raises(EnvironmentFailed, match="is full"):
        journal.append({"text": "x" * 10_000})
    assert list(journal.entries()) == [{"n": 1}]
    (small_disk / "others").unlink()
    journal.append({"n": 2})
    assert journal.path.read_text() == '{"n": 1}\n{"n": 2}\n'
