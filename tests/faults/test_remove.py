"""`lp-run remove` and `prune-cache` under kills: after each possible one every run and artefact is whole or none at all,
and the same command again ends as if nothing had been.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lp_runner.cli.main import main
from lp_runner.store import Output, RunFolder, Store

from .conftest import KILLED, dying_at, in_child

RUNS = {"one": "ab", "two": "bc", "study": "d", "study/seed-1": "e", "study/seed-2": "f"}
"""Names and the keys of their artefacts: two runs that share one, and a run in whose folder the cells of a matrix are."""
REMOVALS = (["one"], ["study"], ["study/seed-1", "study/seed-2"], ["study", "study/seed-2", "one"])


def done(root: Path, *words: str) -> int:
    return main([*words, "--yes", "--output", str(root)])


def made(root: Path) -> Path:
    """All the runs, and what no run uses."""
    store = Store(root / ".store")
    for name, keys in RUNS.items():
        run = RunFolder(root / name)
        with run.lock():
            run.begin("version: 1\n", {"name": name, "steps": [{"key": key} for key in keys]})
            run.events.emit("run-started", name=name, steps=len(keys))
            for number, key in enumerate(keys):
                run.link_step(number, "train", artefact(store, key))
            run.write_model("9", store.path(keys[0]), {"README.md": "a card"})
            run.write_results({"done": True})
    artefact(store, "unused")
    store.journal("unused").append({"value": 1})
    (store.scratch("unfinished") / "state").write_text("1")
    return root


def artefact(store: Store, key: str) -> Path:
    with store.lock(key):
        if store.manifest(key) is None:
            with store.staging(key) as staged:
                (staged / "weights").write_text(key)
                store.publish(key, staged, {"kind": "train"})
    return store.path(key)


def files(folder: Path) -> dict[str, str]:
    """Everything in it but locks, which every command may make, and times."""
    paths = (path for path in folder.rglob("*") if not {".lock", ".locks"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): content(path) for path in paths}


def content(path: Path) -> str:
    if path.is_symlink():
        return os.readlink(path)
    timed = path.name in ("MANIFEST.json", "events.jsonl")
    return path.read_text("utf-8") if path.is_file() and not timed else ""


def runs(found: dict[str, str], names: list[str]) -> dict[str, dict[str, str]]:
    """What each has, without the cells that are in it."""
    return {name: {path: text for path, text in found.items() if _owner(path) == name} for name in names}


def _owner(path: str) -> str:
    first, _, rest = path.partition("/")
    cell = f"{first}/{rest.partition('/')[0]}"
    return cell if cell in RUNS else first


def killed_everywhere(pristine: Path, *words: str) -> Iterator[Path]:
    """The folder after the command was killed at its first, second, … last call, and then undisturbed."""
    root = pristine.with_name("killed")
    number, code = 0, KILLED
    while code == KILLED:
        number += 1
        shutil.copytree(pristine, root, symlinks=True)
        code = in_child(dying_at(number, lambda: done(root, *words)))
        yield root
        shutil.rmtree(root)
    assert code == 0
    assert number > 20


@pytest.mark.parametrize("names", REMOVALS, ids="+".join)
def test_a_kill_at_any_call_of_a_removal_leaves_whole_runs_and_the_same_again_ends_it(
    names: list[str], quick_disk: Path
) -> None:
    undisturbed = made(quick_disk / "undisturbed")
    whole = files(undisturbed)
    assert done(undisturbed, "remove", *names) == 0
    expected = files(undisturbed)
    for root in killed_everywhere(made(quick_disk / "pristine"), "remove", *names):
        killed, left = files(root), list(Output(root).runs())
        assert {*RUNS} - {*names} <= {*left}
        assert runs(killed, left) == runs(whole, left)
        assert done(root, "remove", *names) == (2 if killed == expected else 0)
        assert files(root) == expected


@pytest.mark.parametrize("words", [["remove", "one"], ["prune-cache"]], ids=" ".join)
def test_what_a_killed_removal_left_is_ended_by_the_next_removal_or_pruning(
    words: list[str], quick_disk: Path
) -> None:
    for root in killed_everywhere(made(quick_disk / "pristine"), "remove", "study", "study/seed-1"):
        killed, left = files(root), [name for name in Output(root).runs() if name not in words]
        assert done(root, *words) == 0
        assert list(Output(root).runs()) == left
        stayed = {path for of_one in runs(killed, left).values() for path in of_one}
        assert {path for path in files(root) if not path.startswith(".store")} == stayed | {"study"}


def test_a_run_that_was_begun_again_after_a_killed_removal_stays(quick_disk: Path) -> None:
    pristine = made(quick_disk / "pristine")
    whole = files(pristine)
    for root in killed_everywhere(pristine, "remove", "one", "study"):
        made(root)
        assert done(root, "remove", "two") == 0
        left = [name for name in RUNS if name != "two"]
        assert runs(files(root), left) == runs(whole, left)


def test_a_kill_at_any_call_of_a_pruning_leaves_whole_artefacts_and_the_same_again_ends_it(
    quick_disk: Path,
) -> None:
    pristine = made(quick_disk / "pristine")
    assert done(pristine, "remove", "one", "study") == 0
    undisturbed = Path(shutil.copytree(pristine, quick_disk / "undisturbed", symlinks=True))
    assert done(undisturbed, "prune-cache") == 0
    expected, store = files(undisturbed), Output(undisturbed).store
    assert store.artefacts() == {"b", "c", "e", "f"}
    for root in killed_everywhere(pristine, "prune-cache"):
        store = Output(root).store
        assert (
            {"b", "c", "e", "f"}
            <= {key for key in store.artefacts() if store.manifest(key)}
            == store.artefacts()
        )
        assert done(root, "prune-cache") == 0
        assert files(root) == expected
