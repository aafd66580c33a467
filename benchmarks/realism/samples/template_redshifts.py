"""Redshifts by a fit of redrock's galaxy templates, which confirm the redshifts of a catalogue.

The stored EDR spectra come with the pipeline's redshifts but without their quality flag. Each
spectrum is fitted here with the five components of redrock's galaxy templates and a cubic
polynomial, at every redshift of a fine grid; where the best fit lies at the catalogue's redshift,
the pixels confirm that redshift.
"""

from pathlib import Path

import numpy as np
from astropy.io import fits

from galsearch.core.arrays import BoolArray, Float64Array

LARGEST_REDSHIFT = 1.0
STEP = 2.5e-4
"""Step of the redshift grid in ln(1 + z): 75 km/s."""
AGREES = 0.003
"""Largest |dz| / (1 + z) at which a fit confirms a redshift."""
_SKY_RESIDUALS_ANGSTROM = (
    (0, 3800), (4345, 4375), (5570, 5590), (5880, 5905), (6290, 6310), (7240, 7330),
    (7580, 7700), (9250, 9520), (9700, 9e9),
)  # fmt: skip
"""Wavelength ranges in Angstrom that are masked, because templates would be fitted to their sky
residuals.
"""
_N_SMOOTH, _N_BINNED, _N_POLYNOMIAL = 9, 2, 4
_MEDIAN_PIECE = 50


def template_redshifts(
    wavelength_angstrom: Float64Array, flux: Float64Array, good: BoolArray, real: Path
) -> Float64Array:
    """(n,) redshift of each spectrum, at which the fit of galaxy templates and a polynomial has the
    smallest chi squared.

    Parameters
    ----------
    wavelength_angstrom : (pixels,)
    flux : (n, pixels)
        Flux in any unit; the noise is estimated from differences between pixels two apart.
    good : (n, pixels)
    real
        The folder that holds `templates/redrock`.
    """
    rest, templates = _templates(real)
    ivar = np.where(good, [_noise(row) ** -2.0 for row in flux], 0.0)
    for low, high in _SKY_RESIDUALS_ANGSTROM:
        ivar[:, (wavelength_angstrom > low) & (wavelength_angstrom < high)] = 0
    wavelength, value, ivar = _binned(wavelength_angstrom, flux, ivar)
    ivar = np.minimum(ivar, np.percentile(ivar, 99, axis=1)[:, None])
    along = np.linspace(-1, 1, len(wavelength))
    polynomials = along ** np.arange(_N_POLYNOMIAL)[:, None]
    grid = np.expm1(np.arange(np.log1p(1e-3), np.log1p(LARGEST_REDSHIFT), STEP))
    gain = np.empty((len(grid), len(flux)))
    for number, z in enumerate(grid):
        shifted = [np.interp(wavelength / (1 + z), rest, template) for template in templates]
        columns = np.concatenate([shifted, polynomials])
        columns /= np.sqrt((columns**2).mean(axis=1, keepdims=True))
        for row in range(len(flux)):
            weighted = columns * ivar[row]
            normal, wanted = weighted @ columns.T, weighted @ value[row]
            normal += 1e-6 * np.trace(normal) / len(normal) * np.eye(len(normal))
            gain[number, row] = wanted @ np.linalg.solve(normal, wanted)
    return np.asarray(grid[gain.argmax(axis=0)])


def _templates(real: Path) -> tuple[Float64Array, Float64Array]:
    """Rest wavelengths (m,) and five components (5, m) of redrock's galaxy templates, smoothed to
    about a pixel of the spectra.
    """
    with fits.open(real / "templates" / "redrock" / "rrtemplate-galaxy.fits") as file:
        header, rows = file[0].header, np.asarray(file[0].data, float)
    kernel = np.ones(_N_SMOOTH) / _N_SMOOTH
    smooth = np.array([np.convolve(row, kernel, mode="same") for row in rows])[:, ::4]
    rest = header["CRVAL1"] + header["CDELT1"] * np.arange(rows.shape[1])[::4]
    return rest, smooth


def _noise(flux: Float64Array) -> Float64Array:
    """(pixels,) running noise of a spectrum, from differences between pixels two apart."""
    steps = np.abs(flux[2:] - flux[:-2]) / np.sqrt(2)
    centres = np.arange(0, len(steps), _MEDIAN_PIECE)
    level = [
        np.median(steps[max(c - 2 * _MEDIAN_PIECE, 0) : c + 2 * _MEDIAN_PIECE]) for c in centres
    ]
    return np.interp(np.arange(len(flux)), centres + 1, np.maximum(1.4826 * np.array(level), 1e-3))


def _binned(
    wavelength: Float64Array, flux: Float64Array, ivar: Float64Array
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Wavelength, flux and inverse variance of spectra, averaged over every two pixels."""
    n = len(wavelength) // _N_BINNED

    def pairs(values: Float64Array) -> Float64Array:
        return values[..., : n * _N_BINNED].reshape(*values.shape[:-1], n, _N_BINNED)

    weight = pairs(ivar).sum(axis=-1)
    value = pairs(flux * ivar).sum(axis=-1) / np.maximum(weight, 1e-12)
    return pairs(wavelength).mean(axis=-1), value, weight
