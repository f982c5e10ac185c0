"""Comparisons as `compare` makes them, for tests of what is made of them."""

from __future__ import annotations

from lp_runner.report.compare import Comparison, Row, Scored
from lp_runner.report.statistics import Comparison as Tested
from lp_runner.report.statistics import Estimate

TIMING = "vllm, batch 8"
WORSE = Tested(Estimate(-1.5, -2.0, -1.0), 0.004, "worse")


def row(
    run: str | tuple[str, ...],
    system: str,
    depth: int = 4,
    value: float = 40.25,
    against: str = "",
    test: Tested | None = WORSE,
    rate: float | None = 10.0,
) -> Row:
    """A delivered model, or a baseline where its system is named so."""
    runs = (run,) if isinstance(run, str) else run
    baseline = system.startswith("unpruned")
    return Row(
        runs=runs,
        system=system,
        delivered=not baseline,
        recovered=system.endswith("+recovery"),
        layers=str(depth),
        depth=depth,
        params=375_000 * depth,
        bytes=1_500_000 * depth,
        against=against,
        scores={"chrf++": Scored(value, value - 1.25, value + 1.25, test)},
        speeds={TIMING: {"median": rate, "min": rate - 1, "max": rate + 1}} if rate else {},
    )


def compared(*rows: Row) -> Comparison:
    runs = dict.fromkeys(run for one in rows for run in one.runs)
    timings = dict.fromkeys(timing for one in rows for timing in one.speeds)
    own = {run: (f"Of {run}.",) for run in runs}
    return Comparison(rows, ("chrf++",), tuple(timings), (), "chrf++", True, own)


def of_two_runs() -> Comparison:
    """What they share, and one delivered model of each, of which the second run's was not timed."""
    return compared(
        row(("a", "b"), "unpruned", 6, 50.0, test=None, rate=8.0),
        row("a", "3+recovery", 3, 45.0, against="a: unpruned"),
        row("b", "4+recovery", 4, 43.5, against="a: unpruned", rate=None),
    )
