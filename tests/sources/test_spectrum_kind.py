"""Kinds of FITS files of spectra are told apart by their HDUs."""

from pathlib import Path

from astropy.io import fits

from galsearch.sources.spectrum_kind import spectrum_kind
from tests.query.inputs.own_data.own_files import galaxy, write_galaxy, write_sdss


def test_each_kind_has_its_name(tmp_path: Path) -> None:
    for names, kind in {
        ("FIBERMAP", "B_FLUX"): "spectra of DESI",
        ("REDSHIFTS", "FIBERMAP"): "redshifts of redrock",
        ("FIBERMAP",): None,
    }.items():
        path = tmp_path / f"{'-'.join(names)}.fits"
        hdus = [fits.ImageHDU(name=name) for name in names]
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
        assert spectrum_kind(str(path)) == kind
    assert spectrum_kind(str(write_sdss(tmp_path / "spec.fits"))) == "a spectrum of SDSS"
    assert spectrum_kind(str(write_galaxy(tmp_path / "a.fits", galaxy()))) is None
