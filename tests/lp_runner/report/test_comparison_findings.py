"""Of several runs, in sentences: which model leads in what, and how each stands to the first run's."""

from __future__ import annotations

from dataclasses import replace

from lp_runner.report.compare import Scored
from lp_runner.report.comparison_findings import comparison_findings
from lp_runner.report.statistics import Comparison as Paired
from lp_runner.report.statistics import Estimate
from tests.lp_runner.report.compared import compared, of_two_runs, row


def test_the_best_the_smallest_and_the_fastest_come_first_and_then_each_test() -> None:
    assert comparison_findings(of_two_runs()) == [
        "The highest chrf++ of a delivered model is 45.00 [43.75, 46.25], of a: 3+recovery.",
        "The smallest delivered model has 3 layers and 4.5 MB: a: 3+recovery.",
        "The fastest with vllm, batch 8 writes 10.0 [9.0, 11.0] tokens/s: a: 3+recovery.",
        (
            "b: 4+recovery is worse than a: unpruned: chrf++ 43.50 [42.25, 44.75], a difference of "
            "-1.50 [-2.00, -1.00], p = 0.004, with 4 instead of 6 layers and 67 % of the bytes."
        ),
    ]


def test_models_that_lead_together_are_named_together() -> None:
    told = comparison_findings(compared(row("a", "3"), row("b", "3", against="a: 3")))
    assert told[0] == "The highest chrf++ of a delivered model is 40.25 [39.00, 41.50], of a: 3 and b: 3."
    assert told[3].endswith("with as many layers and 100 % of the bytes.")


def test_of_many_that_lead_together_three_are_named() -> None:
    told = comparison_findings(compared(*(row(run, "3") for run in "abcde")))
    assert (
        told[1] == "The smallest delivered model has 4 layers and 6.0 MB: a: 3 and b: 3 and c: 3 and 2 more."
    )


def test_of_an_error_rate_the_lowest_is_the_best() -> None:
    errors = replace(compared(row("a", "3", value=30.0), row("b", "3", value=20.0)), more_is_better=False)
    assert comparison_findings(errors)[0].startswith("The lowest chrf++ of a delivered model is 20.00")


def test_what_is_equal_and_what_is_not_shown_to_differ_is_called_so() -> None:
    unknown = Paired(Estimate(0.5, -0.25, 1.0), 0.25, "not shown to differ")
    equal = Paired(Estimate(0.0, 0.0, 0.0), 0.001, "not shown to differ")
    first, other = row("a", "3"), row("b", "3", against="a: 3", test=unknown)
    assert (
        "b: 3 is not shown to differ from a: 3: chrf++ 40.25 [39.00, 41.50], a difference of "
        "+0.50 [-0.25, +1.00], p = 0.250"
    ) in comparison_findings(compared(first, other))[-1]
    same = replace(other, scores={"chrf++": Scored(40.25, 39.0, 41.5, equal)})
    assert "no difference, with" in comparison_findings(compared(first, same))[-1]


def test_a_model_that_all_runs_share_is_named_so_and_tested_against_nothing() -> None:
    told = comparison_findings(compared(row(("a", "b"), "3")))
    assert len(told) == 3
    assert told[0].endswith("of all runs: 3.")


def test_without_a_delivered_model_there_is_nothing_to_find() -> None:
    assert comparison_findings(compared(row(("a", "b"), "unpruned"))) == []
