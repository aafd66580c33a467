"""Equivalent widths of lines of known strength, and the 4000 A break of a step."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from benchmarks.realism.samples.line_widths import LINES, real_widths, sdss_file, widths

GRID = np.arange(3600.0, 9825.0, 0.8)


def with_lines(z: float, width: float) -> np.ndarray:
    """A flat spectrum of level 2 with Gaussian lines of one rest-frame equivalent width."""
    flux = np.full(GRID.size, 2.0)
    for centre in LINES.values():
        line = np.exp(-0.5 * ((GRID / (1 + z) - centre) / 3) ** 2)
        flux += 2 * width * line / (3 * np.sqrt(2 * np.pi))
    return flux


@pytest.mark.parametrize("z", [0.05, 0.3])
@pytest.mark.parametrize("width", [20.0, -2.0])
def test_widths_are_those_of_the_lines_at_rest(z: float, width: float) -> None:
    found = widths(GRID, with_lines(z, width), np.ones(GRID.size, bool), z)
    for name in LINES:
        assert found[name] == pytest.approx(width, rel=0.01), name


def test_the_break_is_the_ratio_of_the_flux_on_both_sides() -> None:
    flux = np.where(GRID < 4000 * 1.1, 1.0, 1.7)
    assert widths(GRID, flux, np.ones(GRID.size, bool), 0.1)["D4000"] == pytest.approx(1.7)


def test_a_line_outside_the_spectrum_or_in_bad_pixels_is_nan() -> None:
    good = np.ones(GRID.size, bool)
    assert np.isnan(widths(GRID, with_lines(0.6, 5), good, 0.6)["Halpha"])
    good[np.abs(GRID / 1.1 - LINES["Hbeta"]) < 10] = False
    found = widths(GRID, with_lines(0.1, 5), good, 0.1)
    assert np.isnan(found["Hbeta"])
    assert found["Halpha"] == pytest.approx(5, rel=0.01)


def write_sdss(path: Path, flux: np.ndarray) -> None:
    columns = [
        fits.Column("flux", "E", array=flux),
        fits.Column("loglam", "E", array=np.log10(GRID)),
        fits.Column("ivar", "E", array=np.ones(GRID.size)),
    ]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(path)


def test_sdss_files_are_read_by_the_table_that_has_wavelengths(tmp_path: Path) -> None:
    flux = with_lines(0.1, 5)
    write_sdss(tmp_path / "one.fits", flux)
    wavelength, found, ivar = sdss_file(tmp_path / "one.fits")
    np.testing.assert_allclose(wavelength, GRID, rtol=1e-6)
    np.testing.assert_allclose(found, flux, rtol=1e-6)
    assert (ivar == 1).all()


def test_stars_are_left_out_of_the_real_widths(tmp_path: Path) -> None:
    folder = tmp_path / "sdss-galaxy-spectra"
    folder.mkdir()
    (folder / "index.csv").write_text("file,z\none.fits,0.1\nstar.fits,0.0001\n")
    for name in ("one.fits", "star.fits"):
        write_sdss(folder / name, with_lines(0.1, 5))
    (found,) = real_widths(tmp_path)
    assert found["z"] == 0.1
    assert found["Halpha"] == pytest.approx(5, rel=0.02)
