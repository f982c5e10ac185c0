"""Findings: one sentence for each delivered model, with every denominator named."""

from __future__ import annotations

from typing import Any

from lp_runner.report.findings import findings

Results = dict[str, Any]


def test_a_delivered_model_is_one_sentence_with_both_denominators_and_intervals(results: Results) -> None:
    sentence = (
        "4→2 layers keep 85.0 % [83.0, 87.0] of the chrf++ of the unpruned model with the same recovery"
        " and 90.0 % [88.0, 92.0] of that of the unpruned model, at 70 % of the bytes."
    )
    assert findings(results) == [sentence]


def test_without_a_comparison_the_score_stands_alone(results: Results) -> None:
    results["systems"][3]["compared"] = []
    assert findings(results) == ["4→2 layers reach chrf++ 45.0, at 70 % of the bytes."]


def test_a_share_of_an_error_rate_is_never_told(results: Results) -> None:
    results["systems"][3]["evaluations"] = results["systems"][3]["evaluations"][1:]
    assert findings(results) == ["4→2 layers reach ter 50.0, at 70 % of the bytes."]


def test_an_encoder_decoder_model_has_both_counts(results: Results) -> None:
    results["systems"][0]["layers"] = {"decoder": 6, "encoder": 12}
    results["systems"][3]["layers"] = {"decoder": 3, "encoder": 12}
    results["systems"][3]["compared"] = []
    assert findings(results) == ["12+6→12+3 layers reach chrf++ 45.0, at 70 % of the bytes."]


def test_the_smallest_delivered_model_s_speed_is_told_with_what_it_is_compared_to(timed: Results) -> None:
    sentence = (
        "2+recovery is 1.25× [1.12, 1.38] as fast as the unpruned model with vllm at batch 8; "
        "fewer weights to read allow 1.40×."
    )
    assert findings(timed)[1:] == [sentence]


def test_a_timed_model_s_own_sentence_says_how_fast_it_is_beside_its_size(timed: Results) -> None:
    assert findings(timed)[0].endswith(", at 1.25× the speed (vllm, batch 8) and 70 % of the bytes.")


def test_several_backends_share_a_sentence(timed: Results) -> None:
    row = timed["benchmark"]["measurements"][3]
    timed["benchmark"]["measurements"].append(row | {"label": "transformers (dtype float32)"})
    assert findings(timed)[1].startswith(
        "2+recovery is 1.25× [1.12, 1.38] as fast as the unpruned model with vllm at batch 8,"
        " 1.25× [1.12, 1.38] with transformers (dtype float32); "
    )


def test_of_two_delivered_models_the_smaller_is_told_whatever_the_order(timed: Results) -> None:
    timed["systems"].insert(2, timed["systems"][3] | {"name": "1+recovery", "params": 500})
    smaller = timed["benchmark"]["measurements"][3] | {"system": "1+recovery"}
    timed["benchmark"]["measurements"].insert(0, smaller)
    assert [sentence.partition(" is ")[0] for sentence in findings(timed)[2:]] == ["1+recovery"]


def test_a_speed_from_another_machine_is_told_as_such(timed: Results) -> None:
    timed["benchmark"]["machine"] = {"processor": "16 x Xeon", "accelerators": ["H100"]}
    assert findings(timed)[1].endswith("1.40× (measured on another machine: 16 x Xeon, H100).")


def test_a_benchmark_without_the_unpruned_model_has_no_sentence(timed: Results) -> None:
    for row in timed["benchmark"]["measurements"]:
        row["speedup"] = None
    assert len(findings(timed)) == 1
