"""Noise statistics: sigma and correlation of image pixels, inverse variance of spectra against
wavelength.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.arrays import Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.sources import read_spectra_file
from galsearch.sources.desi.arms import Arm, join_arms

LAGS = (1, 2, 3, 4)
NATIVE = ("457431_example_b", "d33102_temp_small")
"""Names of real cutouts with pixels of 0.262 arcsec; a large galaxy fills the second cutout."""
_FAR = 8
_BIN_PIXELS = 40


def image_noise(flux: npt.NDArray[Any]) -> list[dict[str, Any]]:
    """Noise of an image (3, ny, nx): sigma of a pixel, and correlation of pixels 1 to 4 apart along
    both axes, for each of g, r and z.

    Sigma and correlations come from differences between pixels, whose median is insensitive to
    sources. Pixels 8 apart are taken to be uncorrelated.
    """
    return [_plane_noise(np.asarray(plane, float)) for plane in flux]


def _plane_noise(plane: Float64Array) -> dict[str, Any]:
    far = _spread(plane, _FAR, 0), _spread(plane, 0, _FAR)
    return {
        "sigma": float(np.mean(far)),
        "along_x": [1 - (_spread(plane, 0, lag) / far[1]) ** 2 for lag in LAGS],
        "along_y": [1 - (_spread(plane, lag, 0) / far[0]) ** 2 for lag in LAGS],
    }


def _spread(plane: Float64Array, rows: int, columns: int) -> float:
    n_rows, n_columns = plane.shape
    step = plane[rows:, columns:] - plane[: n_rows - rows, : n_columns - columns]
    step = step[np.isfinite(step)]
    return float(1.4826 * np.median(np.abs(step - np.median(step))) / np.sqrt(2))


def real_image_noise(real: Path) -> dict[str, list[dict[str, Any]]]:
    """Image noise of the real native cutouts, and of a northern brick (BASS g, whose pixels are
    larger), by name.
    """
    out = {}
    for name in NATIVE:
        out[name] = image_noise(fits.getdata(real / "ls-fits-cutouts" / f"{name}.fits"))
    brick = real / "ls-brick-dr6"
    image, invvar = (
        np.asarray(fits.getdata(brick / f"legacysurvey-0959p805-{kind}-g.fits.fz", 1), float)
        for kind in ("image", "invvar")
    )
    out["north brick"] = [_plane_noise(np.where(invvar > 0, image, np.nan))]
    return out


def real_ivar(real: Path) -> list[dict[str, Any]]:
    """Name, binned inverse variance (n_bins,) and median flux of every real DESI spectrum that has
    flux.
    """
    rows = []
    for folder, name in (
        ("desi-specutils", "coadd-sv3-dark-26065"),
        ("desi-specutils", "coadd-5-169-thru20210419"),
        ("desi-fastspecfit", "coadd-4-80613-thru20210324"),
    ):
        file = read_spectra_file(str(real / folder / f"{name}.fits"))
        for target, one in zip(file.target_ids, file.spectra, strict=True):
            rows.append(_row(f"{target}", one.flux, one.ivar))
    with fits.open(real / "desi-quasarnp" / "test_coadd.fits") as file:
        arms = {
            arm.lower(): Arm(
                np.asarray(file[f"{arm}_WAVELENGTH"].data, float),
                *(np.asarray(file[f"{arm}_{kind}"].data, np.float32) for kind in ("FLUX", "IVAR")),
            )
            for arm in "BRZ"
        }
        n = len(arms["b"].flux)
        flux, ivar = join_arms(arms, np.arange(n), where="desi-quasarnp")
    rows += [_row(f"quasarnp {i}", flux[i], ivar[i]) for i in range(n) if ivar[i].any()]
    return rows


def _row(name: str, flux: npt.NDArray[Any], ivar: npt.NDArray[Any]) -> dict[str, Any]:
    return {"name": name, "ivar": binned_ivar(ivar).tolist(), "flux": float(np.median(flux))}


def binned_ivar(ivar: npt.NDArray[Any]) -> Float64Array:
    """(n_bins,) median inverse variance of the good pixels of a spectrum in bins of 32 A; NaN where
    a bin has no good pixel.
    """
    n = len(DESI_WAVELENGTH_ANGSTROM) // _BIN_PIXELS
    rows = np.asarray(ivar, float)[: n * _BIN_PIXELS].reshape(n, _BIN_PIXELS)
    rows = np.where(rows > 0, rows, np.nan)
    empty = ~np.isfinite(rows).any(axis=1)
    rows[empty, 0] = 0.0
    return np.where(empty, np.nan, np.nanmedian(rows, axis=1))
