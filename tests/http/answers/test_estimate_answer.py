"""Estimates as JSON."""

import json

import numpy as np

from galsearch.analysis import Estimates
from galsearch.http.answers.estimate_answer import estimate_answer


def test_classes_have_their_probabilities_and_numbers_that_are_not_finite_are_null() -> None:
    columns = {
        "z": np.array([np.nan]),
        "kind": np.array(["a"], object),
        "kind_set_95": np.array(["a|b"], object),
        "kind_probability_a": np.array([0.75]),
        "kind_probability_b": np.array([0.25]),
        "kind_outside_bank": np.array([True]),
        "kind_unreliable": np.array([True]),
    }
    found = Estimates(np.array([2**60]), columns, ("a note",))
    answer = json.loads(estimate_answer(found, ["z", "kind"], "toy"))
    assert answer["target_id"] == str(2**60)
    assert answer["estimates"] == [
        {"property": "z", "value": None},
        {
            "property": "kind",
            "value": "a",
            "outside_bank": True,
            "unreliable": True,
            "set_95": "a|b",
            "probabilities": {"a": 0.75, "b": 0.25},
            "probability": 0.75,
        },
    ]
    assert answer["notes"] == ["a note"]
