"""Query vectors of every type that people have at hand."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from galsearch.core.errors import QueryError
from galsearch.core.vectors import unit_rows
from galsearch.query.inputs.given_vector import check_vector

GIVEN = np.random.default_rng(3).normal(size=16).astype(np.float32)
FACTORS = [1e-320, 1e-300, 1e-170, 1e-30, 1e30, 1e160, 1e300]


@pytest.mark.parametrize(
    "vector",
    [
        GIVEN.tolist(),
        tuple(GIVEN),
        GIVEN.astype(np.float64),
        GIVEN.astype(np.longdouble),
        GIVEN.astype(">f4"),
        np.repeat(GIVEN, 2)[::2],
        GIVEN[::-1].copy()[::-1],
        GIVEN.astype(object),
        [Fraction(float(value)) for value in GIVEN],
        [Decimal(float(value)) for value in GIVEN],
        np.ma.masked_array(GIVEN, np.zeros(16, bool)),
        torch.tensor(GIVEN),
        torch.tensor(GIVEN, requires_grad=True),
    ],
    ids=lambda vector: f"{type(vector).__name__} {getattr(vector, 'dtype', '')}",
)
def test_every_form_of_a_vector_has_its_values(vector: Any) -> None:
    np.testing.assert_array_equal(check_vector(vector), GIVEN.astype(np.float64))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_short_floats_are_taken_as_they_are(dtype: str) -> None:
    short = torch.tensor(GIVEN).to(getattr(torch, dtype))
    np.testing.assert_array_equal(check_vector(short), short.double().numpy())


def test_integers_are_numbers() -> None:
    assert check_vector(np.array([3, -4], np.int8)).tolist() == [3.0, -4.0]
    assert check_vector([10**300, 0]).tolist() == [np.frexp(1e300)[0], 0.0]


@pytest.mark.parametrize("factor", FACTORS)
def test_vectors_of_every_length_have_their_direction(factor: float) -> None:
    vector = np.array([3.0, 4.0, 0.0]) * factor
    tolerance = 1e-3 if factor < 1e-310 else 1e-7
    found = unit_rows(check_vector(vector)[None])[0]
    np.testing.assert_allclose(found, [0.6, 0.8, 0.0], rtol=tolerance)


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(float).max, reason="no longer floats")
@pytest.mark.parametrize("power", [-4900, 4900])
def test_longer_floats_are_scaled_before_they_are_converted(power: int) -> None:
    vector = np.array([3, 4], np.longdouble) * np.longdouble(10) ** power
    found = unit_rows(check_vector(vector)[None])[0]
    np.testing.assert_allclose(found, [0.6, 0.8], rtol=1e-7)


NO_DIRECTION = "the query vector is zero or not finite, and so has no direction."


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.zeros(3), NO_DIRECTION),
        ([1.0, float("nan")], NO_DIRECTION),
        ([1.0, float("inf")], NO_DIRECTION),
        (np.array([]), NO_DIRECTION),
        (3.0, "the query vector has shape (); expected one dimension."),
        (None, "the query vector has shape (); expected one dimension."),
        (np.ones((1, 3)), "the query vector has shape (1, 3); expected one dimension."),
        *(
            (
                vector,
                f"the query vector is of type {kind}; expected real numbers in every component.",
            )
            for vector, kind in (
                ([1.0, 2j], "complex128"),
                (torch.tensor([1.0, 2j]), "complex128"),
                ([True, False], "bool"),
                (torch.tensor([True]), "bool"),
                (["0.1", "0.2"], "<U3"),
                ([1.0, None], "object"),
                (np.array([True, 2.0], object), "object"),
                (np.array(["2024-01-01"], "M8[D]"), "datetime64[D]"),
            )
        ),
        (
            [10**400, 1],
            "the query vector holds what is no float64 number (int too large to convert to float).",
        ),
        (
            np.ma.masked_array([1.0, 2.0, 3.0], [False, True, True]),
            "2 of 3 components of the query vector are masked, and so have no value.",
        ),
    ],
)
def test_what_is_not_a_vector_of_numbers_is_refused(vector: Any, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        check_vector(vector)
    assert str(caught.value) == message


@pytest.mark.parametrize("vector", [[1.0, [2.0]], {"a": 1}, {1.0}, "abc", object()])
def test_other_objects_are_refused(vector: Any) -> None:
    with pytest.raises(QueryError):
        check_vector(vector)
