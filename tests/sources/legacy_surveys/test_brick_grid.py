"""Names and numbers of bricks equal those of the Legacy Surveys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.sources import brick_ids, brick_names

KNOWN = [
    (105.48977, 56.66930, "1054p567", 607466),
    (149.46540, 1.79365, "1493p017", 341045),
    (150.1, 2.2, "1501p022", 343928),
    (0.0, 0.0, "0001p000", 330368),
    (359.999, -0.1, "3598p000", 331807),
    (95.9, 80.5, "0959p805", 657438),
    (10.0, -90.0, "1800m900", 1),
    (10.0, 90.0, "1800p900", 662174),
]


@pytest.mark.parametrize(("ra", "dec", "name", "number"), KNOWN)
def test_a_brick_has_the_name_and_number_of_the_legacy_surveys(
    ra: float, dec: float, name: str, number: int
) -> None:
    assert brick_names(ra, dec).tolist() == [name]
    assert brick_ids(ra, dec).tolist() == [number]


def test_many_positions_give_the_same_as_one_by_one() -> None:
    ra, dec, names, numbers = (list(column) for column in zip(*KNOWN, strict=True))
    assert brick_names(ra, dec).tolist() == names
    assert brick_ids(ra, dec).tolist() == numbers


@given(st.floats(-720, 720), st.floats(-90, 90))
def test_every_position_has_a_brick_for_any_multiple_of_360_degrees(ra: float, dec: float) -> None:
    number = int(brick_ids(ra, dec)[0])
    assert 1 <= number <= 662_174
    assert len(brick_names(ra, dec)[0]) == 8


def test_neighbouring_bricks_in_a_row_have_neighbouring_numbers() -> None:
    ra = (np.arange(1440) + 0.5) * 0.25
    assert np.diff(brick_ids(ra, np.zeros(1440))).tolist() == [1] * 1439


@pytest.mark.parametrize(("ra", "dec"), [(float("nan"), 1.0), (3.0, 90.5)])
def test_an_invalid_position_is_refused(ra: float, dec: float) -> None:
    with pytest.raises(SourceError) as caught:
        brick_names([1.0, ra], [1.0, dec])
    assert str(caught.value) == f"no brick holds RA {ra}, Dec {dec} (position 1)."
