"""The part that makes a similarity is named first, in pixels, arcseconds and Angstrom."""

import pytest

from tests.analysis.explanation.explained import explained_image, explained_spectrum


def test_the_patch_that_carries_the_similarity_is_first() -> None:
    explained = explained_image()
    table = explained.to_arrow()
    rows = table.to_pylist()
    assert len(rows) == 144
    first = rows[0]
    assert first["galaxy"] == "A"
    assert (first["modality"], first["part"], first["rank"]) == ("image", "patch", 1)
    assert (first["x_pixel"], first["y_pixel"]) == (105.5, 9.5)
    assert first["north_arcsec"] == pytest.approx((9.5 - 75.5) * 0.262, abs=1e-3)
    assert first["east_arcsec"] == pytest.approx((75.5 - 105.5) * 0.262, abs=1e-3)
    assert first["contribution"] > 5 * abs(rows[4]["contribution"])
    assert first["low_angstrom"] is None
    assert first["target_id"] is None
    assert explained.test.named < explained.test.random


def test_the_line_that_carries_the_similarity_is_first() -> None:
    explained = explained_spectrum()
    rows = explained.to_arrow().to_pylist()
    stretches = [row for row in rows if row["part"] == "stretch"]
    lines = [row for row in rows if row["part"] == "line"]
    assert len(stretches) == 64
    assert [row["rank"] for row in stretches] == list(range(1, 65))
    assert stretches[0]["low_angstrom"] < 6564.61 * 1.1 < stretches[0]["high_angstrom"]
    assert stretches[0]["rest_low_angstrom"] < 6564.61 < stretches[0]["rest_high_angstrom"]
    assert lines[0]["line"] == "Hα + [N II]"
    assert lines[0]["contribution"] > 0.3
    assert all(abs(row["contribution"]) < 1e-6 for row in lines[1:])
    assert lines[0]["x_pixel"] is None


def test_without_a_redshift_there_are_neither_lines_nor_wavelengths_at_rest() -> None:
    rows = explained_spectrum(float("nan")).to_arrow().to_pylist()
    assert len(rows) == 64
    assert {row["rest_low_angstrom"] for row in rows} == {None}
