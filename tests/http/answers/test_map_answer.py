"""The bytes of a map are read back as a browser reads them."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np

from galsearch.http.answers.map_answer import map_bytes

N = 500


def drawn(n: int = N) -> Any:
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(2, n)).astype(np.float32) * np.array([[3], [1]], np.float32)

    class Map(SimpleNamespace):
        def __len__(self) -> int:
            return n

    return Map(target_ids=np.arange(n) * 7 + 2**53, x=x, y=y)


def read(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    assert content[:4] == b"GSM1"
    length = int.from_bytes(content[4:8], "little")
    head, at, arrays = json.loads(content[8 : 8 + length]), 8 + length, {}
    for name, kind in head["arrays"]:
        assert at % np.dtype(kind).itemsize == 0
        arrays[name] = np.frombuffer(content, kind, head["shown"], at)
        at += arrays[name].nbytes
    assert at == len(content)
    return head, arrays


def test_positions_and_values_are_those_of_the_map() -> None:
    source = drawn()
    values = np.where(np.arange(N) % 9 == 0, np.nan, source.x.astype(np.float64))
    head, arrays = read(map_bytes(source, values, {"index": "toy"}, 10**6))
    np.testing.assert_array_equal(arrays["target_id"], source.target_ids)
    for name in ("x", "y"):
        low, high = head[f"{name}_range"]
        back = low + arrays[name] / 65535 * (high - low)
        np.testing.assert_allclose(back, getattr(source, name), atol=(high - low) / 65535)
    assert head["x_range"][1] - head["x_range"][0] == head["y_range"][1] - head["y_range"][0]
    assert ((arrays["level"] == 0) == np.isnan(values)).all()
    low, high = head["value_range"]
    back = low + (arrays["level"].astype(float) - 1) / 254 * (high - low)
    inside = (values > low) & (values < high)
    np.testing.assert_allclose(back[inside], values[inside], atol=(high - low) / 254)


def test_texts_are_classes_the_most_frequent_first() -> None:
    texts = np.array([None if i % 50 == 0 else f"c{i % 17 * (i % 3)}" for i in range(N)], object)
    head, arrays = read(map_bytes(drawn(), texts, {}, 10**6))
    assert len(head["classes"]) == 12
    assert head["classes"][0] == "c0"
    for level, text in zip(arrays["level"].tolist(), texts.tolist(), strict=True):
        expected = 0 if text is None else 255
        if text in head["classes"]:
            expected = 1 + head["classes"].index(text)
        assert level == expected


def test_a_map_is_bounded_and_rows_stay_together() -> None:
    source = drawn()
    head, arrays = read(map_bytes(source, source.x.astype(float), {"galaxies": N}, 100))
    assert (head["galaxies"], head["shown"]) == (N, 100)
    rows = np.searchsorted(source.target_ids, arrays["target_id"])
    np.testing.assert_array_equal(source.target_ids[rows], arrays["target_id"])
    low, high = head["x_range"]
    back = low + arrays["x"] / 65535 * (high - low)
    np.testing.assert_allclose(back, source.x[rows], atol=1e-3)


def test_a_map_of_one_position_without_values_is_sent() -> None:
    source = drawn(3)
    source.x, source.y = np.ones((2, 3), np.float32)
    head, arrays = read(map_bytes(source, np.full(3, np.nan), {}, 10))
    assert arrays["level"].tolist() == [0, 0, 0]
    assert head["value_range"] == [0.0, 1.0]
