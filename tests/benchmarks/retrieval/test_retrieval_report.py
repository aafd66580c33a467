"""The committed results are printed with the limits of baselines and parameter model."""

import json
from pathlib import Path

from benchmarks.retrieval.retrieval_report import table

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results" / "retrieval.json"


def test_the_committed_results_name_the_stronger_baseline_and_call_the_model_a_model() -> None:
    printed = table(json.loads(RESULTS.read_text()))
    assert "(0.099); 0.84 times the parameter model's expectation (0.511)." in printed
    assert "and .32 in both directions with 2,800" in printed
    assert "a statistical model with 17 chosen parameters" in printed
    assert "It is not an upper bound" in printed
    assert "| image | 0.83 | 0.87 |" in printed
