"""Estimated properties of a galaxy, as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from galsearch.analysis import Estimates
from galsearch.http.answers.describe_answer import plain

_SAME = (
    "agreement",
    "outside_bank",
    "reliability",
    "unreliable",
    "bank_p",
    "agreement_p",
    "set_95",
)
_INTERVALS = ("low_68", "high_68", "low_95", "high_95")


def estimate_answer(found: Estimates, properties: Sequence[str], index: str) -> str:
    """The JSON text of the estimates of one galaxy: one object for each property."""
    first = {name: column[0] for name, column in found.columns.items()}
    values = {
        name: plain(value.item() if hasattr(value, "item") else value)
        for name, value in first.items()
    }
    table = {
        "index": index,
        "target_id": str(found.target_ids[0]) if found.target_ids[0] else None,
        "estimates": [_estimate(name, values) for name in properties],
        "notes": list(found.notes),
    }
    return json.dumps(table, allow_nan=False)


def _estimate(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """The estimate of one property, with its intervals or the probabilities of its classes."""
    one = {"property": name, "value": values[name]}
    one |= {key: values[f"{name}_{key}"] for key in _INTERVALS if f"{name}_{key}" in values}
    if "low_68" in one:
        one |= {"low": one["low_68"], "high": one["high_68"]}
    one |= {key: values[f"{name}_{key}"] for key in _SAME if f"{name}_{key}" in values}
    start = f"{name}_probability_"
    classes = {
        key.removeprefix(start): share for key, share in values.items() if key.startswith(start)
    }
    if classes:
        one |= {"probabilities": classes, "probability": max(classes.values())}
    return one
