"""Summary statistics of spectra, computed in the same way for simulated and real ones.

The 50 real EDR spectra come as arcsinh((flux - median) / robust sigma) on 7081 pixels: simulated
ones are brought to the same form first. Their pixels are even in the logarithm of wavelength from
3600 to 9800 A, not in wavelength as their notes say: Halpha, [OIII] and sky lines fall where they
should to a pixel on the first grid and up to 700 A away on the second.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np

from galsearch.core.arrays import BoolArray, Float64Array
from galsearch.core.spectrum import Spectrum

GRID_ANGSTROM = np.geomspace(3600.0, 9800.0, 7081)
_EDGES = (3650, 4200, 4900, 5700, 6500, 7500, 8400, 9100, 9790)
_LINES = {"OII": 3728.5, "Hb": 4862.7, "OIII": 5008.2, "Ha": 6564.6}
_CUTS = {"CaHK": 3950.0, "Mgb": 5176.0, "NaD": 5894.6}
"""Vacuum wavelengths of emission and absorption lines in Angstrom."""
LINES = tuple(_LINES)
_OF_PIXELS = ("noise", "tail", "pixel correlation", "share bad")


def is_pixel_statistic(name: str) -> bool:
    """True for a feature that describes noise and masks of pixels, not the flux."""
    return name.startswith(_OF_PIXELS)


def real_spectra(real: Path) -> tuple[Float64Array, BoolArray, Float64Array]:
    """The real EDR spectra: flux in robust sigmas (50, 7081), bool (50, 7081) that is True for good
    pixels, and redshifts (50,).
    """
    with np.load(real / "desi-mmu50" / "desi_edr_sv3_50.npz") as file:
        flux = np.sinh(file["flux"].astype(float))
        return flux, file["valid"] > 0.5, file["z_true"].astype(float)


def standardised(spectrum: Spectrum) -> tuple[Float64Array, BoolArray]:
    """A spectrum on the wavelength grid of the real spectra: (7081,) flux as (flux - median) /
    robust sigma, and (7081,) True for good pixels.
    """
    flux = np.interp(GRID_ANGSTROM, spectrum.wavelength_angstrom, spectrum.flux)
    bad = np.interp(GRID_ANGSTROM, spectrum.wavelength_angstrom, (~spectrum.good).astype(float))
    good = bad == 0
    middle = float(np.median(flux[good]))
    sigma = 1.4826 * float(np.median(np.abs(flux[good] - middle)))
    return (flux - middle) / max(sigma, 1e-12), good


def contrast(flux: Float64Array, good: BoolArray) -> float:
    """Natural logarithm of the standard deviation of the levels of eight pieces of a spectrum, in
    robust sigmas.

    This contrast measures the signal-to-noise ratio without a zero level: the colour of the
    continuum over the noise.
    """
    levels = [
        np.median(flux[(low <= GRID_ANGSTROM) & (high > GRID_ANGSTROM) & good])
        for low, high in pairwise(_EDGES)
    ]
    return float(np.log(np.std(levels) + 1e-3))


def features(flux: Float64Array, good: BoolArray, z: float) -> tuple[list[str], list[float]]:
    """Names and values of all features of a spectrum at redshift z; NaN where a line is outside the
    spectrum.
    """
    values: dict[str, float] = {}
    previous = None
    for low, high in pairwise(_EDGES):
        part = (low <= GRID_ANGSTROM) & (high > GRID_ANGSTROM)
        f, g = flux[part], good[part]
        noise = _noise(f, g, 2)
        values[f"level {low}"] = float(np.median(f[g])) if g.any() else np.nan
        if previous is not None:
            values[f"noise {low} over that before"] = float(np.log(noise / previous))
        previous = noise
        step = np.abs(f[2:] - f[:-2])[g[2:] & g[:-2]] / (np.sqrt(2) * noise)
        values[f"tail {low}"] = float(np.mean(step > 4))
        values[f"pixel correlation {low}"] = _noise(f, g, 1) / noise
    values["share bad"] = float(np.mean(~good))
    for name, rest in {**_LINES, **_CUTS}.items():
        values[name] = _line(flux, good, rest * (1 + z))
    values["4000 A break"] = _step(flux, good, 4000.0 * (1 + z))
    return list(values), list(values.values())


def _noise(flux: Float64Array, good: BoolArray, lag: int) -> float:
    """Noise of a pixel of a spectrum, in the units of `flux`, from differences between pixels `lag`
    apart.
    """
    step = (flux[lag:] - flux[:-lag])[good[lag:] & good[:-lag]]
    if step.size < 20:
        return float("nan")
    return float(1.4826 * np.median(np.abs(step - np.median(step))) / np.sqrt(2))


def _line(flux: Float64Array, good: BoolArray, centre: float) -> float:
    """Strength of a line: arcsinh of the mean flux within 8 A of its centre above the surroundings,
    in sigmas of that mean.
    """
    near = (np.abs(GRID_ANGSTROM - centre) < 8) & good
    far = (np.abs(GRID_ANGSTROM - centre) < 60) & ~(np.abs(GRID_ANGSTROM - centre) < 14) & good
    if near.sum() < 10 or far.sum() < 60:
        return float("nan")
    error = _noise(flux[far], good[far], 2) / np.sqrt(near.sum())
    return float(np.arcsinh((flux[near].mean() - np.median(flux[far])) / error))


def _step(flux: Float64Array, good: BoolArray, centre: float) -> float:
    """Strength of a break: arcsinh of the median flux redwards minus bluewards of a wavelength,
    within 150 A, in sigmas of the difference.
    """
    blue = (centre - 150 < GRID_ANGSTROM) & (centre > GRID_ANGSTROM) & good
    red = (centre < GRID_ANGSTROM) & (centre + 150 > GRID_ANGSTROM) & good
    if blue.sum() < 60 or red.sum() < 60:
        return float("nan")
    error = np.hypot(*(_noise(flux[s], good[s], 2) / np.sqrt(s.sum()) for s in (blue, red)))
    return float(np.arcsinh((np.median(flux[red]) - np.median(flux[blue])) / (1.25 * error)))
