"""Results of a run as results.json has them: two baselines, one delivered model, one control."""

from __future__ import annotations

from typing import Any

import pytest

from lp_runner.report.segments import Choice, Segment, Segments, Translation

Results = dict[str, Any]


def score(metric: str, value: float, higher_is_better: bool = True) -> Results:
    shown = {"metric": metric, "value": value, "signature": f"{metric}|v1"}
    return {**shown, "higher_is_better": higher_is_better, "low": value - 1, "high": value + 1}


def against(metric: str, of: str, percent: float) -> Results:
    kept = {"value": percent, "low": percent - 2, "high": percent + 2}
    difference = {"value": -3.0, "low": -4.0, "high": -2.0}
    about = {"metric": metric, "of": of, "p_value": 0.001, "verdict": "worse"}
    return {**about, "difference": difference, "retention_percent": kept}


def system(name: str, layers: int, params: int, *scores: Results, **more: Any) -> Results:
    translation = {
        "tokens_per_s": 100.0,
        "max_new_tokens": 16,
        "device_peak_bytes": 0,
        "peak_memory_bytes": 2_000_000,
    }
    about = {"name": name, "search": None, "removed": [], "layers": {"decoder": layers}, "params": params}
    rest = {"bytes": 4 * params, "dtype": "float32", "recovered": False, "kept": False, "training": None}
    return {**about, **rest, "evaluations": list(scores), "compared": [], "translation": translation, **more}


def shown(source: str = "pes", reference: str | None = "Hund", wrote: str = "Katze") -> Segments:
    """One segment, by the baseline and by a pruned model."""
    both = (Translation("unpruned", "Hund", 100.0), Translation("2+recovery", wrote, None))
    choice = Choice("Worst", "By the rule.", (Segment(7, source, reference, both),))
    return Segments("unpruned", "chrf++", (choice,))


def deep(results: Results, steps: int, layers: int) -> Results:
    """The same results with a search of many steps in a model of many layers."""
    left, questions = [f"decoder.{index}" for index in range(1, layers - 1)], []
    scored = {"removed": [], "raw": None, "kind": "exact"}
    for step in range(steps):
        scores = [
            {"candidate": [name], "value": (7 * place + step) % 31, **scored}
            for place, name in enumerate(left)
        ]
        questions.append({"metric": "importance", "gone": [], "scores": scores})
        left.pop(3)
    gone = [name for name in (f"decoder.{index}" for index in range(1, layers - 1)) if name not in left]
    search = results["searches"][0] | {"removals": gone, "questions": questions}
    whole = results["systems"][0] | {"layers": {"decoder": layers}}
    return results | {"searches": [search], "systems": [whole, *results["systems"][1:]]}


@pytest.fixture
def results() -> Results:
    recovery = {"trainer": "sft", "facts": {"steps": 3, "best_dev_loss": 0.5}, "seconds": 2.0, "history": []}
    compared = [
        against("chrf++", "unpruned", 90.0),
        against("ter", "unpruned", 80.0),
        against("chrf++", "unpruned+recovery", 85.0),
    ]
    pruned = {
        "search": "search",
        "removed": ["decoder.2", "decoder.1"],
        "kept": True,
        "recovered": True,
        "compared": compared,
        "training": recovery,
    }
    scored = {"removed": [], "raw": None, "kind": "exact"}
    questions = [
        [
            {"candidate": ["decoder.1"], "value": 2.5, **scored},
            {"candidate": ["decoder.2"], "value": 0.25, **scored},
        ],
        [{"candidate": ["decoder.1"], "value": 1.0, **scored}],
    ]
    search = {
        "step": "search",
        "metric": {"use": "likelihood"},
        "policy": {"use": "iterative-greedy"},
        "removals": ["decoder.2", "decoder.1"],
        "candidates": 3,
        "seconds": 1.0,
        "questions": [{"scores": scores} for scores in questions],
    }
    return {
        "name": "tiny",
        "cell": "",
        "seed": 1,
        "device": "cpu",
        "dtype": "float32",
        "languages": {"source": "Czech", "target": "German", "source_code": "cs", "target_code": "de"},
        "model": {"name": "Cohere/aya", "layers": 4},
        "versions": {"lp_runner": "0.1.0"},
        "machine": {"system": "Linux", "processor": "2 x CPU", "accelerators": []},
        "data": {"segments": {"train": 5, "test": 2}, "overlaps": {"train-test": 1}, "dropped_from_train": 1},
        "searches": [search],
        "systems": [
            system("unpruned", 4, 1000, score("chrf++", 50.0), score("ter", 40.0, False)),
            system("unpruned+recovery", 4, 1000, score("chrf++", 53.0), score("ter", 38.0, False)),
            system("2", 2, 700, score("chrf++", 30.0), score("ter", 70.0, False), search="search"),
            system("2+recovery", 2, 700, score("chrf++", 45.0), score("ter", 50.0, False), **pruned),
            system(
                "random:2", 2, 700, score("chrf++", 20.0), score("ter", 90.0, False), search="search-random"
            ),
        ],
        "gates": [],
        "steps": [{"title": "search", "seconds": 1.0, "peak_memory_bytes": 1, "key": "0123456789abcdef"}],
    }


def measurement(system: str, batch_size: int, speedup: tuple[float, float, float] | None) -> Results:
    return {
        "system": system,
        "backend": {"use": "vllm", "with": {}},
        "label": "vllm",
        "batch_size": batch_size,
        "load_s": [3.25],
        "tokens_per_s": {"median": 80.0, "min": 70.0, "max": 90.0},
        "segments_per_s": {"median": 1.25, "min": 1.0, "max": 1.5},
        "speedup": dict(zip(("median", "min", "max"), speedup, strict=True)) if speedup else None,
        "ideal_speedup": 1.4 if speedup else None,
        "peak_memory_bytes": 4_000_000,
        "device_peak_bytes": 0,
    }


@pytest.fixture
def timed(results: Results) -> Results:
    """The same run with a benchmark."""
    measured = [
        measurement("unpruned", 1, None),
        measurement("unpruned", 8, None),
        measurement("2+recovery", 1, (1.5, 1.0, 2.0)),
        measurement("2+recovery", 8, (1.25, 1.125, 1.375)),
        measurement("random:2", 8, (9.0, 9.0, 9.0)),
    ]
    benchmark = {
        "machine": {"system": "Linux", "processor": "2 x CPU", "accelerators": []},
        "settings": {"segments": 8, "new_tokens": 16, "warmup": 1, "repeats": 3},
        "prompt_tokens": 123,
        "resident": True,
        "measurements": measured,
    }
    return results | {"benchmark": benchmark}
