"""Stretches tile a spectrum, lines are where the redshift puts them, and both can be removed."""

import numpy as np
import pytest

from galsearch.analysis.explanation.spectrum_parts import SpectrumParts, lines, stretches
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from galsearch.query.inputs.own_data.own_spectrum import OwnSpectrum, read_own_spectrum
from tests.analysis.explanation.summing_encoder import SummingEncoder


def spectrum(flux: np.ndarray | None = None, ivar: np.ndarray | None = None) -> OwnSpectrum:
    flux = 2 + GRID / 5000 if flux is None else flux
    return read_own_spectrum((GRID, flux, np.ones(GRID.size) if ivar is None else ivar))


def without(parts: SpectrumParts, removed: list[int]) -> np.ndarray:
    """(7781,) flux that the encoder is given without some parts."""
    parts.embed(np.isin(np.arange(len(parts)), removed)[None])
    return parts._encoder.calls[-1][0][0]  # type: ignore[attr-defined]


def test_every_pixel_is_in_one_stretch() -> None:
    parts = stretches(spectrum(), SummingEncoder(0.0), 0.5)
    assert len(parts) == 64
    assert np.array_equal(parts._pixels.sum(axis=0), np.ones(GRID.size))
    columns = parts.columns()
    low, high = columns["low_angstrom"], columns["high_angstrom"]
    assert np.array_equal(low[1:], high[:-1])
    assert np.allclose(np.diff(np.log(np.append(low, high[-1]))), np.log(9824.4 / 3599.6) / 64)
    for part in (0, 31, 63):
        inside = GRID[parts._pixels[part]]
        assert low[part] <= inside.min() < inside.max() <= high[part]
    assert np.allclose(columns["rest_low_angstrom"] * 1.5, low)


def test_what_is_removed_becomes_a_straight_line_between_its_sides() -> None:
    flux = 2 + GRID / 5000
    flux[4000:4020] += 50
    parts = stretches(spectrum(flux), SummingEncoder(0.0), float("nan"))
    (part,) = np.flatnonzero(parts._pixels[:, 4010])
    found = without(parts, [part])
    assert np.abs(found - (2 + GRID / 5000)).max() < 0.01
    assert np.array_equal(found[~parts._pixels[part]], flux[~parts._pixels[part]].astype("f4"))
    assert np.array_equal(without(parts, []), flux.astype(np.float32))


def test_at_an_end_the_level_of_the_other_side_continues() -> None:
    flux = np.where(np.arange(GRID.size) < 4000, 1.0, 3.0)
    parts = stretches(spectrum(flux), SummingEncoder(0.0), float("nan"))
    assert np.all(without(parts, [62, 63]) == flux)
    assert np.all(without(parts, list(range(20, 64)))[5000:] == 1)
    assert np.all(without(parts, list(range(64))) == 0)


def test_masked_pixels_keep_no_flux() -> None:
    ivar = np.ones(GRID.size)
    ivar[3000:3100] = 0
    parts = stretches(spectrum(ivar=ivar), SummingEncoder(0.0), float("nan"))
    assert np.all(without(parts, list(range(10, 40)))[3000:3100] == 0)


def test_lines_are_at_their_redshift() -> None:
    parts = lines(spectrum(), SummingEncoder(0.0), 0.2)
    columns = parts.columns()
    names = columns["line"].tolist()
    assert names[0] == "[O II]"
    assert names[-1] == "[Ar III]"
    part = names.index("Hβ")
    assert columns["low_angstrom"][part] == pytest.approx(4862.69 * 1.2 * (1 - 1000 / 299792.458))
    inside = GRID[parts._pixels[part]]
    assert abs(inside.mean() - 4862.69 * 1.2) < 0.4
    assert np.ptp(inside) == pytest.approx(2 * 4862.69 * 1.2 * 1000 / 299792.458, abs=1)
    # Two components far apart are two windows.
    (oxygen,) = (parts._pixels[names.index("[O III]")],)
    assert np.count_nonzero(np.diff(oxygen.astype(int)) == 1) == 2


def test_a_line_outside_the_range_or_masked_is_left_out() -> None:
    ivar = np.ones(GRID.size)
    ivar[np.abs(GRID - 5008 * 1.5) < 200] = 0
    found = lines(spectrum(ivar=ivar), SummingEncoder(0.0), 0.5).columns()["line"].tolist()
    assert "Hα + [N II]" not in found
    assert "[O III]" not in found
    assert "[O II]" in found
    assert len(lines(spectrum(), SummingEncoder(0.0), float("nan"))) == 0
    assert len(lines(spectrum(), SummingEncoder(0.0), 5.0)) == 0


def test_an_uncalibrated_spectrum_without_errors_is_embedded_as_such() -> None:
    own = OwnSpectrum(spectrum().spectrum, "a.csv", False, False, None, ())
    encoder = SummingEncoder(0.0)
    stretches(own, encoder, 0.1).embed(np.zeros((2, 64), bool))
    flux, ivar, mask, calibrated = encoder.calls[-1]
    assert flux.shape == mask.shape == (2, GRID.size)
    assert (ivar, calibrated) == (None, False)
