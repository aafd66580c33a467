"""Rest-frame equivalent widths and the 4000 A break of real and simulated spectra."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.arrays import BoolArray, Float64Array

LINES = {"[OII]": 3728.5, "Hbeta": 4862.7, "[OIII]": 5008.2, "Halpha": 6564.6, "[SII]": 6725.5}
"""Vacuum wavelengths of emission lines in Angstrom; those of [OII] and [SII] are the middles of
doublets.
"""
_HALF_WIDTH_ANGSTROM = 14.0
"""Half width, in Angstrom, of the rest-frame window in which a line is measured; that of Halpha
includes part of [NII].
"""


def widths(
    wavelength: Float64Array, flux: npt.NDArray[np.floating], good: BoolArray, z: float
) -> dict[str, float]:
    """Rest-frame equivalent widths of emission lines (Angstrom, emission positive) and the 4000 A
    break D4000 of a spectrum, by name; NaN where the spectrum does not cover them.
    """
    rest = wavelength / (1 + z)
    out = {name: _width(rest, flux, good, centre) for name, centre in LINES.items()}
    low = good & (rest > 3850) & (rest < 3950)
    high = good & (rest > 4000) & (rest < 4100)  # D4000 by Balogh+ 1999 (ApJ 527, 54)
    covered = low.sum() > 20 and high.sum() > 20 and flux[low].mean() > 0
    out["D4000"] = float(flux[high].mean() / flux[low].mean()) if covered else float("nan")
    return out


def _width(
    rest: Float64Array, flux: npt.NDArray[np.floating], good: BoolArray, centre: float
) -> float:
    offset = np.abs(rest - centre)
    near = offset < _HALF_WIDTH_ANGSTROM
    around = good & (offset > 25) & (offset < 70)
    if near.sum() < 10 or around.sum() < 20 or good[near].mean() < 0.8:
        return float("nan")
    level = float(np.median(flux[around]))
    if level <= 0:
        return float("nan")
    use = near & good
    return float(((flux[use] / level - 1) * np.gradient(rest)[use]).sum())


def real_widths(real: Path) -> list[dict[str, Any]]:
    """Redshift, equivalent widths and D4000 of each real SDSS galaxy."""
    folder = real / "sdss-galaxy-spectra"
    out = []
    for row in csv.DictReader((folder / "index.csv").read_text().splitlines()):
        wavelength, flux, ivar = sdss_file(folder / row["file"])
        z = float(row["z"])
        if z > 0.005:
            out.append({"z": z, **widths(wavelength, flux, ivar > 0, z)})
    return out


def sdss_file(path: Path) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Vacuum wavelengths in Angstrom, flux in 1e-17 erg/(s cm2 Angstrom), and inverse variance of
    the spectrum in an SDSS file, (pixels,) each.
    """
    with fits.open(path) as file:
        table = next(hdu.data for hdu in file if "loglam" in [n.lower() for n in _names(hdu)])
        flux, ivar = (np.asarray(table[name], float) for name in ("flux", "ivar"))
        return 10 ** np.asarray(table["loglam"], float), flux, ivar


def _names(hdu: Any) -> list[str]:
    return list(hdu.columns.names) if hasattr(hdu, "columns") else []
