"""Photometry of real galaxies: random draws of the DR9 mixtures, and SDSS galaxies in DECam bands.

The mixtures (desitarget, fitted to real DR9 targets) hold log10 of the half-light radius, and
|e1| and |e2|. None was fitted to REX galaxies: their share is given to EXP's mixture. PSF targets
are left out.
"""

from pathlib import Path

import numpy as np
import speclite.filters
from astropy.io import fits
from scipy.optimize import nnls

from galsearch.core.arrays import Float64Array

_TYPES = ("EXP", "DEV", "SER")
_SDSS_SOFTENING = (0.05, 0.02, 0.02, 0.02, 0.03)
"""Relative errors that are added to the errors of SDSS fluxes in u, g, r, i, z, as kcorrect does
(Blanton & Roweis 2007, AJ 133, 734).
"""


def draw_targets(
    real: Path, kind: str, magnitude: Float64Array, seed: int
) -> dict[str, Float64Array]:
    """Photometry of random DESI targets with given magnitudes (n,): columns gr, rz, log_reff (log10
    arcsec) and e (|e|), (n,) each.

    The `kind` of target is bgs, whose magnitude is r, or lrg, whose magnitude is z. A type is drawn
    from the shares at that magnitude, then the rest from its mixture given the magnitude.
    """
    rng = np.random.default_rng([seed, len(magnitude)])
    folder = real / "desitarget-dr9-gmm"
    share = fits.getdata(folder / f"fractype_{kind}.fits")
    by_type = np.stack([np.asarray(share[name], float) for name in _TYPES], axis=1)
    by_type[:, 0] += share["REX"]
    nearest = np.clip(np.round((magnitude - share["MAG"][0]) / 0.5), 1, len(share) - 1).astype(int)
    odds = by_type[nearest].cumsum(axis=1)
    chosen = (rng.random(len(magnitude))[:, None] * odds[:, -1:] > odds).sum(axis=1)
    out = {key: np.zeros(len(magnitude)) for key in ("gr", "rz", "log_reff", "e")}
    for number, name in enumerate(_TYPES):
        rows = np.flatnonzero(chosen == number)
        drawn = _conditional(folder / f"gmm_{kind}_{name.lower()}.fits", magnitude[rows], rng)
        for key, column in (("gr", "gr"), ("rz", "rz"), ("log_reff", "reff")):
            out[key][rows] = drawn[column]
        out["e"][rows] = np.hypot(drawn["e1"], drawn["e2"])
    return out


def _conditional(
    path: Path, first: Float64Array, rng: np.random.Generator
) -> dict[str, Float64Array]:
    """Random draws from a Gaussian mixture, conditional on given values of its first column; one
    array (n,) for each column.
    """
    with fits.open(path) as file:
        header = file[0].header
        names = [str(header[f"COL{i:02d}"]).strip() for i in range(header["NCOL"])]
        weights, means, covars = (np.asarray(hdu.data, float) for hdu in file[:3])
    spread = np.sqrt(covars[:, 0, 0])
    density = weights / spread * np.exp(-0.5 * ((first[:, None] - means[:, 0]) / spread) ** 2)
    odds = (density + 1e-300).cumsum(axis=1)
    component = (rng.random(len(first))[:, None] * odds[:, -1:] > odds).sum(axis=1)
    values = np.zeros((len(first), len(names)))
    values[:, 0] = first
    for k in range(len(weights)):
        rows = component == k
        slope = covars[k, 1:, 0] / covars[k, 0, 0]
        rest = covars[k, 1:, 1:] - np.outer(slope, covars[k, 0, 1:])
        mean = means[k, 1:] + (first[rows] - means[k, 0])[:, None] * slope
        values[rows, 1:] = mean + rng.multivariate_normal(np.zeros(len(slope)), rest, rows.sum())
    return {name: values[:, i] for i, name in enumerate(names)}


def sdss_galaxies(real: Path, n: int) -> dict[str, Float64Array]:
    """Photometry of at most `n` real SDSS galaxies in DECam bands, without the Milky Way's dust:
    columns z, r, gr and rz.

    The five templates of kcorrect are fitted to the ugriz fluxes of each galaxy at its redshift;
    colours are those of the fit through DECam's filters.
    """
    table = fits.getdata(real / "templates" / "kcorrect" / "gst_tests_small.fits")[:n]
    flux = np.asarray(table["MODELFLUX"], float) * 10 ** (0.4 * np.asarray(table["EXTINCTION"]))
    error = np.hypot(np.asarray(table["MODELFLUX_IVAR"], float) ** -0.5, _SDSS_SOFTENING * flux)
    good = (flux > 0).all(axis=1) & np.isfinite(error).all(axis=1)
    good &= (table["Z"] > 0.01) & (table["Z"] < 0.5)
    z = np.asarray(table["Z"], float)[good]
    flux, error = flux[good], error[good]
    grid = np.arange(0.0, 0.505, 0.005)
    fluxes = _template_fluxes(real, grid)
    out = np.zeros((len(z), 3))
    for row, redshift in enumerate(z):
        templates = fluxes[round(redshift / 0.005)]
        # Fluxes are divided by their errors, because the solver needs numbers of order one.
        columns = templates[:5] / error[row][:, None]
        scale = columns.max(axis=0)
        weights, _ = nnls(columns / scale, flux[row] / error[row], maxiter=200)
        out[row] = templates[5:] @ (weights / scale)
    g, r, i = 22.5 - 2.5 * np.log10(out.T)
    petro = np.asarray(table["PETROFLUX"][:, 2], float)[good]
    shown = 22.5 - 2.5 * np.log10(petro) - np.asarray(table["EXTINCTION"][:, 2], float)[good]
    return {"z": z, "r": shown, "gr": g - r, "rz": r - i}


def _template_fluxes(real: Path, grid: Float64Array) -> Float64Array:
    """(n_z, 8, 5) fluxes of kcorrect's five templates through the ugriz filters of SDSS and the grz
    filters of DECam, at every redshift of a grid.
    """
    row = fits.getdata(real / "templates" / "kcorrect" / "kcorrect-default-v4.fits")[0]
    wavelength = np.asarray(row["wave"], float)
    spectra = np.asarray(row["flux"], float).reshape(-1, wavelength.size)
    names = [f"sdss2010-{b}" for b in "ugriz"] + [f"decam2014-{b}" for b in "grz"]
    scale = spectra.max()
    out = np.zeros((len(grid), len(names), len(spectra)))
    for j, name in enumerate(names):
        response = speclite.filters.load_filter(name)
        at = np.asarray(response.wavelength, float)
        norm = np.trapezoid(response.response / at, at)
        for i, z in enumerate(grid):
            seen = [np.interp(at / (1 + z), wavelength, spectrum / scale) for spectrum in spectra]
            light = np.asarray(seen) * response.response * at
            out[i, j] = np.trapezoid(light, at, axis=1) / norm
    return out
