"""Files of spectra of every kind, and files of something else."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import QueryError, SourceError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.core.target_id import TargetId
from galsearch.query.inputs.own_data.own_spectrum import read_own_spectrum
from galsearch.sources import write_coadd
from tests.query.inputs.own_data.own_files import galaxy, write_galaxy, write_sdss


def test_a_spectrum_of_sdss_is_read(tmp_path: Path) -> None:
    own = read_own_spectrum(write_sdss(tmp_path / "spec.fits"))
    assert own.notes == ()
    assert own.target_id is None
    good = own.spectrum.good
    np.testing.assert_allclose(own.spectrum.flux[good], 5)
    assert DESI_WAVELENGTH_ANGSTROM[good][0] == pytest.approx(10**3.58, abs=1)
    with pytest.raises(QueryError) as caught:
        read_own_spectrum(tmp_path / "spec.fits", air=True)
    assert str(caught.value) == (
        f"{tmp_path / 'spec.fits'} says that its wavelengths are in vacuum, not in air."
    )


def test_a_table_with_units_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"{400 + i * 0.1},{3e-17},{1e-17}\n" for i in range(4000))
    path.write_text(f"wavelength [nm],flux (erg/(s cm2 Angstrom)),err\n{rows}")
    own = read_own_spectrum(path)
    good = own.spectrum.good
    np.testing.assert_allclose(own.spectrum.flux[good], 3, rtol=1e-5)
    assert own.notes == (
        f"{path} has flux in erg/(s cm2 Angstrom); it was converted to 1e-17 erg / (s cm2 "
        "Angstrom).",
    )


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    image = write_galaxy(tmp_path / "cutout.fits", galaxy())
    empty = tmp_path / "empty.fits"
    fits.HDUList([fits.PrimaryHDU()]).writeto(empty)
    text = tmp_path / "a.csv"
    text.write_text("a,b\n1,2\n")
    for path, message in {
        tmp_path / "none.fits": "no such file.",
        tmp_path: "a directory; expected a spectrum file.",
        image: "an image of 152 x 152 pixels in g, r, z; expected a spectrum of DESI or SDSS.",
        empty: "a FITS file with the HDUs PRIMARY; expected a spectrum of DESI or SDSS.",
        text: "not a spectrum: no column wavelength. Columns: a, b.",
    }.items():
        with pytest.raises(SourceError) as caught:
            read_own_spectrum(path)
        assert str(caught.value) == f"{path}: {message}"


def test_a_target_of_a_file_that_names_none_is_refused(tmp_path: Path) -> None:
    path = write_sdss(tmp_path / "spec.fits")
    with pytest.raises(QueryError) as caught:
        read_own_spectrum(path, target_id=TargetId(5))
    assert str(caught.value) == (
        f"TARGETID 5 selects a galaxy of a DESI file; {path} is a spectrum of SDSS."
    )


def write_desi(path: Path, n: int) -> Path:
    shape = (n, 2000)
    arms = {
        "b": [
            DESI_WAVELENGTH_ANGSTROM[:2000],
            np.arange(1.0, n + 1)[:, None] * np.ones(shape, "f4"),
            np.ones(shape, "f4"),
            np.zeros(shape, "i4"),
        ]
    }
    write_coadd(
        path,
        target_ids=39627000000000000 + np.arange(n),
        ra_deg=np.arange(n) + 7.0,
        dec_deg=np.zeros(n),
        arms=arms,
        fibermap={},
        survey="main",
        program="dark",
        healpix=26065,
    )
    return path


def test_a_galaxy_of_a_desi_file_is_selected_by_its_targetid(tmp_path: Path) -> None:
    path = write_desi(tmp_path / "coadd.fits", 4)
    own = read_own_spectrum(path, target_id=TargetId(39627000000000002))
    assert own.target_id == 39627000000000002
    np.testing.assert_allclose(own.spectrum.flux[:2000], 3)
    shown = "39627000000000000, 39627000000000001, 39627000000000002, ..."
    with pytest.raises(QueryError) as caught:
        read_own_spectrum(path)
    assert str(caught.value) == (
        f"{path} has spectra of 4 galaxies ({shown}); a TARGETID says which."
    )
    with pytest.raises(QueryError) as caught:
        read_own_spectrum(path, target_id=TargetId(5))
    assert str(caught.value) == f"{path} has no spectrum of TARGETID 5; it has {shown}."
    alone = read_own_spectrum(write_desi(tmp_path / "one.fits", 1))
    assert alone.target_id == 39627000000000000
