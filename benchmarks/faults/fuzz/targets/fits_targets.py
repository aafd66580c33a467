"""Files of surveys in FITS: spectra, redshifts, cutouts, bricks, and any other."""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget, Read, fresh_file

_WORDS = (
    *(b"SIMPLE  =", b"XTENSION", b"'BINTABLE'", b"'IMAGE   '", b"NAXIS1  =", b"TFORM1  =", b"END"),
    *(b"'1PB(9)'", b"'999999999K'", b"'64X'", b"'0A'", b"'8A'", b"ZIMAGE  =", b"ZCMPTYPE=", b"-32"),
    *(b"'RICE_1'", b"'GZIP_1'", b"'GZIP_2'", b"'HCOMPRESS_1'", b"'PLIO_1'", b"TZERO1  =", b"1E400"),
    *(
        b"TSCAL1  =",
        b"TNULL1  =",
        b"BLANK   =",
        b"BSCALE  =",
        b"THEAP   =",
        b"PCOUNT  =",
        b"GCOUNT",
    ),
    *(b"9" * 20, b"-1", b"NaN", b"'\xf1\xff'", b"TDIM1   =", b"CONTINUE", b"\x1f\x8b\x08"),
)
_ID = 39627848784286003


def _wcs(side: int) -> dict[str, Any]:
    scale = 0.262 / 3600
    centre = {"CRVAL1": 35.126, "CRVAL2": -6.578, "CRPIX1": side / 2, "CRPIX2": side / 2}
    axes = {"CD1_1": -scale, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": scale}
    return {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", **centre, **axes}


def _coadds(scratch: Path) -> list[bytes]:
    from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
    from galsearch.sources import write_coadd

    arms = {}
    for arm, start in {"b": 0, "r": 2700}.items():
        ones = np.ones((2, 12), np.float32)
        grid = DESI_WAVELENGTH_ANGSTROM[start : start + 12]
        arms[arm] = (grid, ones, 2 * ones, np.zeros((2, 12), np.int32))
    path = scratch / "coadd.fits"
    write_coadd(
        path,
        target_ids=np.array([_ID, _ID + 1]),
        ra_deg=np.array([150.0, 151.0]),
        dec_deg=np.full(2, 2.2),
        arms=arms,
        fibermap={"FLUX_R": np.full(2, 10.0)},
        survey="main",
        program="bright",
        healpix=26065,
    )
    return [path.read_bytes()]


def _read_coadd(scratch: Path) -> Read:
    from galsearch.sources import read_spectra_file, read_spectra_index

    def read(content: bytes) -> None:
        url = fresh_file(scratch / "coadd.fits", content)
        read_spectra_index(url)
        read_spectra_file(url)

    return read


def _redshifts(scratch: Path) -> list[bytes]:
    from astropy.io import fits

    from galsearch.sources import write_redrock
    from galsearch.sources.fits.fits_writer import table_hdu, write_fits

    path = scratch / "redrock.fits"
    fit: dict[str, Any] = {
        "z": [0.1],
        "z_err": [1e-5],
        "zwarn": [0],
        "spectype": ["GALAXY"],
        "deltachi2": [9.0],
    }
    write_redrock(path, target_ids=[_ID], **fit)
    written = [path.read_bytes()]
    columns = {
        "TARGETID": np.array([7, 7, 8]),
        "SURVEY": np.array(["main", "sv3", "main"]),
        "HEALPIX": np.array([17, 18, 17]),
        "Z": np.array([0.25, 0.75, np.nan]),
        "ZWARN": np.array([0, 4, 0]),
        "ZCAT_PRIMARY": np.array([True, False, True]),
    }
    write_fits(path, [fits.PrimaryHDU(), table_hdu("ZCATALOG", columns, where="")])
    return [*written, path.read_bytes()]


def _read_redshifts(scratch: Path) -> Read:
    from galsearch.sources import read_redrock

    return lambda content: read_redrock(fresh_file(scratch / "redrock.fits", content))


def _cutouts(scratch: Path) -> list[bytes]:
    from astropy.io import fits

    from galsearch.core.cutout import Cutout
    from galsearch.core.target_id import TargetId
    from galsearch.sources import write_cutout

    path = scratch / "cutout.fits"
    flux = np.arange(144, dtype=np.float32).reshape(3, 6, 8)
    cutout = Cutout(flux, ("g", "r", "z"), 0.262, 35.0, -6.5, flux == 0)
    write_cutout(path, cutout, target_id=TargetId(_ID))
    header = fits.getheader(path)
    written = [path.read_bytes()]
    packed = fits.CompImageHDU(flux, header)
    of_band = [
        fits.CompImageHDU(flux[0], fits.Header({**_wcs(8), "BAND": band, "IMAGETYP": kind}))
        for band in "gr"
        for kind in ("image", "invvar")
    ]
    for hdus in ([packed], of_band):
        stream = io.BytesIO()
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(stream)
        written.append(stream.getvalue())
    return written


def _read_cutout(scratch: Path) -> Read:
    from galsearch.sources import read_cutout, read_cutout_header

    def read(content: bytes) -> None:
        url = fresh_file(scratch / "cutout.fits", content)
        header = read_cutout_header(url)
        if read_cutout(url).flux.shape != header.shape:
            raise AssertionError("the pixels have another shape than their header says")

    return read


def _bricks(_: Path) -> list[bytes]:
    from astropy.io import fits

    written = []
    for kind in ("RICE_1", "GZIP_2"):
        values = np.arange(900, dtype=np.float32).reshape(30, 30)
        header = fits.Header(_wcs(30))
        hdu = fits.CompImageHDU(values, header, compression_type=kind, tile_shape=(10, 30))
        stream = io.BytesIO()
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(stream)
        written.append(stream.getvalue())
    return written


def _read_brick(scratch: Path) -> Read:
    from galsearch.sources import cut_stamps
    from galsearch.sources.legacy_surveys.brick_header import read_brick_header

    def read(content: bytes) -> None:
        url = fresh_file(scratch / "brick.fits.fz", content)
        read_brick_header(url).pixels_to_edge([35.126, 215.0], [-6.578, 90.0])
        cut_stamps({"g": url}, [35.126], [-6.578], size_pixels=8, invvar_urls={"g": url})

    return read


def _sdss_spectra(_: Path) -> list[bytes]:
    from astropy.io import fits

    values = {"flux": np.full(30, 5.0), "loglam": 3.58 + 1e-4 * np.arange(30), "ivar": np.ones(30)}
    table = fits.BinTableHDU.from_columns(
        [fits.Column(name, "E", array=array) for name, array in values.items()], name="COADD"
    )
    found = {"PLUG_RA": 7.0, "PLUG_DEC": 0.0, "Z": 0.1}
    of_object = fits.BinTableHDU.from_columns(
        [fits.Column(name, "D", array=[value]) for name, value in found.items()], name="SPECOBJ"
    )
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table, of_object]).writeto(stream)
    return [stream.getvalue()]


def _read_sdss_spectrum(scratch: Path) -> Read:
    from galsearch.sources.sdss.spec_file import read_sdss_spectrum

    return lambda content: read_sdss_spectrum(fresh_file(scratch / "spec.fits", content))


def _any_fits(scratch: Path) -> list[bytes]:
    from astropy.io import fits

    values = np.arange(600, dtype=np.int32).reshape(20, 30)
    written = [*_redshifts(scratch)]
    written.append(gzip.compress(written[0], mtime=0))
    for kind in ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1"):
        hdu = fits.CompImageHDU(values, compression_type=kind, tile_shape=(10, 30))
        stream = io.BytesIO()
        fits.HDUList([fits.PrimaryHDU(np.ones((2, 3), np.int16)), hdu]).writeto(stream)
        written.append(stream.getvalue())
    return written


def _read_any_fits(scratch: Path) -> Read:
    from galsearch.sources.fits.fits_file import open_fits

    def read(content: bytes) -> None:
        with open_fits(fresh_file(scratch / "any.fits", content)) as file:
            for hdu in file.hdus:
                if hdu.is_table:
                    file.table(hdu)
                elif hdu.shape:
                    file.image(hdu)

    return read


FITS_TARGETS = [
    FuzzTarget("coadd", _coadds, _read_coadd, _WORDS),
    FuzzTarget("redshifts", _redshifts, _read_redshifts, _WORDS),
    FuzzTarget("cutout", _cutouts, _read_cutout, _WORDS),
    FuzzTarget("brick", _bricks, _read_brick, _WORDS),
    FuzzTarget("sdss-spectrum", _sdss_spectra, _read_sdss_spectrum, _WORDS),
    FuzzTarget("any-fits", _any_fits, _read_any_fits, _WORDS),
]
