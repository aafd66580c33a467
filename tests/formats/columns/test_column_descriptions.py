"""Every UCD and unit that galsearch states is one of the standards."""

import pyarrow as pa
import pytest
from astropy.io.votable.ucd import parse_ucd

from galsearch.dataset.schema import BUILT_IN_COLUMNS
from galsearch.formats.columns.column_descriptions import (
    DESCRIPTIONS,
    describe_column,
    described,
    description_of,
)
from galsearch.formats.columns.unit_notation import unit_text


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_ucd_has_words_of_the_vocabulary_and_a_unit_is_known(name: str) -> None:
    known = DESCRIPTIONS[name]
    assert parse_ucd(known.ucd, check_controlled_vocabulary=True)
    assert known.description
    assert not known.unit or unit_text(known.unit, "vounit") == known.unit


def test_every_column_of_a_dataset_is_described() -> None:
    assert set(BUILT_IN_COLUMNS) <= set(DESCRIPTIONS)


def test_metadata_that_a_field_has_are_kept() -> None:
    field = described(pa.field("ra_deg", pa.float64(), metadata={"unit": "rad", "own": "1"}))
    assert description_of(field) == ("rad", "pos.eq.ra;meta.main", "right ascension (ICRS)")
    assert field.metadata[b"own"] == b"1"
    assert described(pa.field("anything", pa.int8())).metadata is None
    assert description_of(pa.field("x", pa.int8(), metadata={"unit": b"\xff"})).unit == "\ufffd"


def test_units_at_the_end_of_names_are_known() -> None:
    assert describe_column("r_eff_arcsec").unit == "arcsec"
    assert describe_column("sigma_km_s").unit == "km.s**-1"
    assert describe_column("degree") == ("", "", "")
