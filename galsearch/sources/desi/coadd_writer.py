"""Writing of spectra in the format of a DESI HEALPix coadd (desidatamodel, coadd-*.fits)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import SourceError
from galsearch.core.target_id import TargetId, decode_target_id
from galsearch.sources.fits.fits_writer import image_hdu, table_hdu, write_fits
from galsearch.sources.legacy_surveys.brick_grid import brick_names

ArmArrays = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
"""Type of the arrays of one arm: wavelength (n,), then flux, ivar and mask, (rows, n) each."""

_FLUX_UNIT = "10**-17 erg/(s cm2 Angstrom)"
_IVAR_UNIT = "10**+34 (s2 cm4 Angstrom2) / erg2"


def write_coadd(
    path: str | Path,
    *,
    target_ids: npt.ArrayLike,
    ra_deg: npt.ArrayLike,
    dec_deg: npt.ArrayLike,
    arms: Mapping[str, ArmArrays],
    fibermap: Mapping[str, npt.ArrayLike],
    survey: str,
    program: str,
    healpix: int,
) -> None:
    """Write a coadd-*.fits with the HDUs, names, units and types of DESI's DR1.

    The HDUs are PRIMARY, FIBERMAP, EXP_FIBERMAP, then WAVELENGTH, FLUX, IVAR and MASK of each
    arm, then SCORES. There is no RESOLUTION. The file is written atomically; the same input makes
    the same bytes.

    Parameters
    ----------
    path
        File to be written.
    target_ids : (rows,) int64
        TARGETID of each row.
    ra_deg, dec_deg : (rows,)
        ICRS position of each row in degrees.
    arms
        For 'b', 'r' and 'z': wavelength (n,) Angstrom, flux and ivar (rows, n) in 1e-17
        erg/(s cm2 Angstrom) and its inverse square, mask (rows, n) that is 0 for good pixels.
    fibermap
        Further FIBERMAP columns by their DESI names, such as FLUX_G in nanomaggies. They replace
        the default values: COADD_FIBERSTATUS 0, OBJTYPE 'TGT', COADD_NUMEXP 1, and RELEASE,
        BRICKID, BRICK_OBJID and BRICKNAME as they follow from TARGETID and position.
    survey, program
        Names of survey and program, such as 'main' and 'bright'.
    healpix
        Number of the HEALPix pixel, nside 64, nested.

    Raises
    ------
    SourceError
        Where shapes contradict each other; nothing is written.
    """
    ids = np.asarray(target_ids, dtype=np.int64)
    ra, dec = np.asarray(ra_deg, dtype=np.float64), np.asarray(dec_deg, dtype=np.float64)
    where = str(path)
    _check_shapes(where, ids, arms)
    defaults = _default_columns(ids, ra, dec)
    columns = {"TARGETID": ids, "TARGET_RA": ra, "TARGET_DEC": dec, **defaults, **fibermap}
    hdus = [_primary(survey, program, healpix), table_hdu("FIBERMAP", columns, where=where)]
    hdus.append(table_hdu("EXP_FIBERMAP", _exposures(ids, ra, dec), where=where))
    for name, (wavelength, flux, ivar, mask) in arms.items():
        arm = name.upper()
        hdus.append(image_hdu(f"{arm}_WAVELENGTH", np.asarray(wavelength, ">f8"), unit="Angstrom"))
        hdus.append(image_hdu(f"{arm}_FLUX", np.asarray(flux, ">f4"), unit=_FLUX_UNIT))
        hdus.append(image_hdu(f"{arm}_IVAR", np.asarray(ivar, ">f4"), unit=_IVAR_UNIT))
        hdus.append(image_hdu(f"{arm}_MASK", np.asarray(mask, ">i4")))
    hdus.append(table_hdu("SCORES", _scores(ids, arms), where=where))
    write_fits(path, hdus)


def _check_shapes(where: str, ids: TargetIds, arms: Mapping[str, ArmArrays]) -> None:
    for name, (wavelength, *planes) in arms.items():
        expected = (ids.size, np.size(wavelength))
        found = [np.shape(plane) for plane in planes]
        if any(shape != expected for shape in found):
            listed = ", ".join(str(shape) for shape in found)
            raise SourceError(
                f"{where}: flux, ivar and mask of arm {name} must have shape {expected} "
                f"(targets, wavelengths), found {listed}. Nothing was written."
            )


def _default_columns(
    ids: TargetIds, ra: Float64Array, dec: Float64Array
) -> dict[str, npt.NDArray[Any]]:
    parts = [decode_target_id(TargetId(int(i))) if i > 0 else None for i in ids]
    return {
        "COADD_FIBERSTATUS": np.zeros(ids.size, np.int32),
        "OBJTYPE": np.where(ids > 0, "TGT", "   "),
        "RELEASE": np.array([p.release if p else 0 for p in parts], np.uint16).astype(np.int16),
        "BRICKNAME": brick_names(ra, dec),
        "BRICKID": np.array([p.brickid if p else 0 for p in parts], np.int32),
        "BRICK_OBJID": np.array([p.objid if p else 0 for p in parts], np.int32),
        "COADD_NUMEXP": np.ones(ids.size, np.int16),
    }


def _primary(survey: str, program: str, healpix: int) -> Any:
    hdu = fits.PrimaryHDU()
    hdu.header["SPGRP"] = "healpix"
    hdu.header["SPGRPVAL"] = hdu.header["HPXPIXEL"] = int(healpix)
    hdu.header["HPXNSIDE"] = 64
    hdu.header["HPXNEST"] = True
    hdu.header["SURVEY"], hdu.header["PROGRAM"] = survey, program
    return hdu


def _exposures(ids: TargetIds, ra: Float64Array, dec: Float64Array) -> dict[str, npt.NDArray[Any]]:
    used = {f"IN_COADD_{arm}": np.ones(ids.size, bool) for arm in "BRZ"}
    status = np.zeros(ids.size, np.int32)
    return {"TARGETID": ids, "FIBERSTATUS": status, "FIBER_RA": ra, "FIBER_DEC": dec, **used}


def _scores(ids: TargetIds, arms: Mapping[str, ArmArrays]) -> dict[str, npt.NDArray[Any]]:
    """Columns of the HDU SCORES: INTEG_COADD_FLUX, MEDIAN_COADD_FLUX and MEDIAN_COADD_SNR by arm.

    They are defined as in desispec.scores.
    """
    scores: dict[str, npt.NDArray[Any]] = {"TARGETID": ids}
    for name, (wavelength, *planes) in arms.items():
        flux, ivar = (np.asarray(plane, dtype=np.float64) for plane in planes[:2])
        step = np.gradient(np.asarray(wavelength, dtype=np.float64))
        signal = flux * np.sqrt(np.clip(ivar, 0, None))
        for score, values in (
            ("INTEG_COADD_FLUX", (flux * step).sum(axis=1)),
            ("MEDIAN_COADD_FLUX", np.median(flux, axis=1)),
            ("MEDIAN_COADD_SNR", np.median(signal, axis=1)),
        ):
            scores[f"{score}_{name.upper()}"] = values.astype(np.float32)
    return scores
