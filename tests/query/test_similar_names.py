"""Suggestions for names that do not exist."""

import pytest

from galsearch.query.similar_names import similar_names

KNOWN = ["z", "mag_r", "mag_g", "n_visits", "GAIA_ID"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("magr", ["mag_r"]),
        ("N_VISITS", ["n_visits"]),
        ("gaia_id", ["GAIA_ID"]),
        ("wavelength", []),
    ],
)
def test_the_most_similar_name_is_suggested(name, expected):
    assert similar_names(name, KNOWN) == expected


def test_names_that_differ_in_case_alone_are_all_suggested():
    assert similar_names("Mag_R", ["mag_r", "MAG_R", "z"], limit=2) == ["mag_r", "MAG_R"]


def test_no_more_names_than_requested_are_suggested():
    assert len(similar_names("mag", KNOWN)) == 1
    assert set(similar_names("mag", KNOWN, limit=3)) >= {"mag_r", "mag_g"}
