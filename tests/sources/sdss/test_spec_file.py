"""Spectra of SDSS in vacuum or air, and files that hold none."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import SourceError
from galsearch.core.spectrum import vacuum_wavelengths
from galsearch.sources.sdss.spec_file import read_sdss_spectrum
from tests.damaged_files import assert_only_galsearch_errors
from tests.query.inputs.own_data.own_files import galaxy, write_galaxy, write_sdss


def test_a_spectrum_has_vacuum_wavelengths_and_the_facts_of_its_file(tmp_path: Path) -> None:
    ivar = np.full(3800, 2.0)
    ivar[:5] = 0
    read = read_sdss_spectrum(str(write_sdss(tmp_path / "a.fits", ivar=ivar)))
    spectrum = read.spectrum
    expected = 10 ** (3.58 + 1e-4 * np.arange(3800))
    np.testing.assert_allclose(spectrum.wavelength_angstrom, expected, rtol=1e-6)
    assert spectrum.good.sum() == 3795
    assert (read.ra_deg, read.dec_deg, read.z, read.in_air) == (7.0, 0.0, 0.1, False)
    air = read_sdss_spectrum(str(write_sdss(tmp_path / "b.fits", in_vacuum=False)))
    assert air.in_air
    np.testing.assert_allclose(
        air.spectrum.wavelength_angstrom, vacuum_wavelengths(spectrum.wavelength_angstrom)
    )


def test_files_of_something_else_are_refused(tmp_path: Path) -> None:
    image = write_galaxy(tmp_path / "cutout.fits", galaxy())
    bare = write_sdss(tmp_path / "bare.fits", ivar=None)
    for path, message in {
        image: "HDU COADD is missing, so this is not a spectrum of SDSS. It holds: PRIMARY.",
        bare: "COADD lacks ivar, so this is not a spectrum of SDSS. Columns: flux, loglam.",
    }.items():
        with pytest.raises(SourceError) as caught:
            read_sdss_spectrum(str(path))
        assert str(caught.value) == f"{path}: {message}"


def test_a_damaged_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = write_sdss(tmp_path / "a.fits")

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_sdss_spectrum(str(path))

    assert_only_galsearch_errors(read, [path.read_bytes()], copies=60)
