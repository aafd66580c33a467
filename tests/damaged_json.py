"""JSON files in which one or two values are others, so that they are still JSON."""

import json
from typing import Any

import numpy as np

_VALUES: tuple[Any, ...] = (
    *(None, True, False, -2, -1, 0, 1, 2, 7, 2**31, 2**62, 2**63, 10**40, 10**400),
    *(0.5, -0.5, 1e-300, 1e300, "", "0", "image", "spectrum", "../../etc", "/etc/passwd"),
    *("a" * 64, "x" * 5000, "\0", [], {}, [[]], [0], {"": 0}),
)  # fmt: skip


def damaged_json(content: bytes, generator: np.random.Generator) -> bytes:
    """A copy of a JSON file with one or two values deleted, repeated, exchanged or replaced.

    It has the kinds of damage that readers of JSON do not notice: the file is still JSON.
    """
    table = json.loads(content)
    for _ in range(generator.integers(1, 3)):
        places = _places(table)
        if places:
            _change(places, generator)
    return json.dumps(table).encode()


def _change(places: list[tuple[Any, Any]], generator: np.random.Generator) -> None:
    container, key = places[generator.integers(len(places))]
    other, other_key = places[generator.integers(len(places))]
    kind = generator.integers(6)
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = json.loads(json.dumps(other[other_key]))
    elif kind == 2 and isinstance(container, list):
        container.append(json.loads(json.dumps(container[key])))
    elif kind == 3 and isinstance(container, dict):
        container[f"{key}s"] = container.pop(key)
    else:
        container[key] = _VALUES[generator.integers(len(_VALUES))]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a nested table, with each of its keys."""
    keys: list[Any] = list(value) if isinstance(value, dict) else []
    keys = list(range(len(value))) if isinstance(value, list) else keys
    found = [(value, key) for key in keys]
    return found + [each for key in keys for each in _places(value[key])]
