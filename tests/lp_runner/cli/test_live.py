"""Events → a picture on a terminal; lines of workers; where there is no terminal."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, ConsoleOptions
from rich.text import Text

from lp_runner.cli.live import Live, Screen, Terminal, terminal
from lp_runner.cli.logs import MOST_BYTES, Tail, following

PLAN: dict[str, Any] = {
    "device": "cpu",
    "dtype": "float32",
    "model": {"layers": 4},
    "steps": [{"id": "read", "kind": "read", "title": "read the dev corpus"}],
}


def test_the_last_picture_stays_and_nothing_of_the_moving_one() -> None:
    out = io.StringIO()
    console = Terminal(file=out, force_terminal=True, width=80, height=24, color_system=None)
    with Screen(console, lambda: 0) as screen:
        live = Live("tiny", screen, lambda: PLAN)
        live.event("run-started", {"name": "tiny", "steps": 1})
        live.event("step-started", {"step": "read", "kind": "read", "title": "read the dev corpus"})
        live.progress("read", 1, 2, "half")
        live.event("step-finished", {"step": "read", "seconds": 2.0})
        live.event("run-finished", {"made": 1})
        live.close()
    last = out.getvalue()[out.getvalue().rindex("tiny") :]
    assert "1 of 1 steps" in last
    assert "complete" in last
    assert "✓ read the dev corpus" in last
    assert "half" not in last


def test_what_a_picture_has_no_place_for_goes_by_above_and_is_escaped() -> None:
    out = io.StringIO()
    console = Terminal(file=out, force_terminal=True, width=80, height=24, color_system=None)
    with Screen(console, lambda: 0) as screen:
        live = Live("tiny", screen, lambda: PLAN)
        live.event("observer-failed", {"observer": "mlflow", "message": "no \x1b[2J[bold]server"})
        live.close()
    assert "tiny: observer mlflow failed and is left out: no \\x1b[2J[bold]server" in out.getvalue()


def test_what_a_signal_handler_says_is_under_the_picture_and_behind_the_last_one() -> None:
    out = io.StringIO()
    console = Terminal(file=out, force_terminal=True, width=40, height=24, color_system=None)
    with Screen(console, lambda: 0) as screen:
        live = Live("tiny", screen, lambda: PLAN)
        live.event("run-started", {"name": "tiny", "steps": 1})
        screen.notice("stops after the unit in hand")
        live.close()
    last = out.getvalue()[out.getvalue().rindex("tiny") :]
    assert "read the dev corpus" in last
    assert last.rstrip().endswith("stops after the unit in hand")


@pytest.mark.parametrize("kind", ["dumb", "unknown"])
def test_a_terminal_that_can_not_go_up_a_line_gets_lines(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", kind)
    assert terminal() is None


def test_no_terminal_gets_lines() -> None:
    assert terminal() is None


def test_lines_of_workers_are_said_once_whole_with_their_workers_name(tmp_path: Path) -> None:
    log = tmp_path / "worker-1.log"
    log.write_text("of an earlier run\n")
    tail = Tail(tmp_path)
    with log.open("a") as more:
        more.write("one\ntwo\nhal")
    (tmp_path / "worker-2.log").write_text("10 %\r50 %\r100 %\n")
    assert list(tail.new()) == ["worker-1: one", "worker-1: two", "worker-2: 100 %"]
    with log.open("a") as more:
        more.write("f\n")
    assert list(tail.new()) == ["worker-1: half"]
    assert list(tail.new()) == []


def test_of_a_flood_a_part_is_said_and_where_the_rest_is(tmp_path: Path) -> None:
    tail = Tail(tmp_path)
    log = tmp_path / "worker-1.log"
    log.write_text("line\n" * MOST_BYTES)
    said = list(tail.new())
    assert len(said) < MOST_BYTES // 4
    assert said[-1] == f"worker-1: (more is in {log})"
    assert list(tail.new()) == []


def test_what_a_worker_prints_last_is_said_too_and_all_of_one_moment_together(tmp_path: Path) -> None:
    said: list[str] = []
    with following(tmp_path, said.append):
        (tmp_path / "worker-1.log").write_text("at the end\nwithout an end: 1 %\r2 %")
    assert said == ["worker-1: at the end\nworker-1: 2 %"]


def test_a_line_and_a_picture_of_another_height_do_not_come_between_each_other() -> None:
    """The line is being measured when a run leaves and the picture of the other grows."""
    measuring, left = threading.Event(), threading.Event()

    class Line:
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
            measuring.set()
            left.wait(1.0)
            yield Text("a line")

    plan = PLAN | {"steps": [{"id": f"{n}", "kind": "read", "title": f"step {n}"} for n in range(6)]}
    out = io.StringIO()
    with Screen(Terminal(file=out, force_terminal=True, width=80, height=24), lambda: 0) as screen:
        one, two = (Live(name, screen, lambda: plan) for name in ("one", "two"))
        one.event("run-started", {"name": "one", "steps": 6})
        two.event("run-started", {"name": "two", "steps": 6})
        screen.console.print()
        writer = threading.Thread(target=screen.console.print, args=[Line()])
        writer.start()
        measuring.wait()
        two.close()
        left.set()
        writer.join()
        one.close()
    told = left_on_a_terminal(out.getvalue())
    assert [line for line in told if line == "a line"] == ["a line"]
    assert [line for line in told if "step 0" in line] == ["· step 0"] * 2


def left_on_a_terminal(written: str) -> list[str]:
    """Of what goes up a line and wipes it, as pictures do."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", written):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith(("\x1b", "\r")):
            lines[row] += part
    return [line.rstrip() for line in lines]


def test_every_line_of_a_worker_has_the_name_of_its_run() -> None:
    out = io.StringIO()
    console = Terminal(file=out, force_terminal=True, width=80, height=24, color_system=None)
    with Screen(console, lambda: 0) as screen:
        Live("study/seed-1", screen, lambda: PLAN).line("worker-1: one\nworker-1: two")
    assert "study/seed-1: worker-1: one\nstudy/seed-1: worker-1: two\n" in out.getvalue().replace("\r", "")


def test_an_empty_line_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "worker-1.log").write_text("\n")
    tail = Tail(tmp_path)
    (tmp_path / "worker-2.log").write_text("\n")
    assert list(tail.new()) == ["worker-2: "]
    assert list(tail.rest()) == []


def test_lines_that_came_at_the_last_moment_are_all_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tail = Tail(tmp_path)
    monkeypatch.setattr(tail, "new", lambda: iter(()))
    (tmp_path / "worker-1.log").write_text("one\n1 %\r2 %\nend")
    assert list(tail.rest()) == ["worker-1: one", "worker-1: 2 %", "worker-1: end"]


def test_a_log_that_is_deleted_while_it_is_looked_for_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    tail = Tail(tmp_path)
    (tmp_path / "worker-1.log").symlink_to(tmp_path / "gone")  # listed, and not there
    (tmp_path / "worker-2.log").write_text("one\ntwo")
    assert list(tail.new()) == ["worker-2: one"]
    assert list(tail.rest()) == ["worker-2: two"]


@pytest.mark.parametrize("coloured", [True, False])
def test_no_color_leaves_out_colours_and_no_word(coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not coloured:
        monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    with Screen(Terminal(file=out, force_terminal=True, width=80, height=24), lambda: 0) as screen:
        live = Live("tiny", screen, lambda: PLAN)
        live.event("run-started", {"name": "tiny", "steps": 1})
        live.event("step-started", {"step": "read", "kind": "read", "title": "read the dev corpus"})
        live.close()
    assert bool(re.search(r"\x1b\[[0-9;]*(3[0-8]|9[0-7])[0-9;]*m", out.getvalue())) is coloured
    assert "▶ read the dev corpus" in re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
