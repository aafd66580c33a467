"""Redshifts of real spectra from their nearest simulated neighbours in the embedding space.

The real EDR spectra come without a flag of the quality of their redshifts, and many hardly exceed
their noise; a fit of redrock's templates shows which redshifts their pixels can confirm. One DESI
galaxy was exposed for far longer than the survey exposes: it is a query as it is, and with its
inverse variance scaled to that of the survey.
"""

import csv
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.realism.samples.line_widths import sdss_file
from benchmarks.realism.samples.simulated_survey import SimulatedSurvey
from benchmarks.realism.samples.spectrum_features import GRID_ANGSTROM, real_spectra, standardised
from benchmarks.realism.samples.template_redshifts import template_redshifts
from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.sources import read_redrock, read_spectra_file

K_REDSHIFT = (1, 5, 10)
"""Numbers of neighbours whose median redshift is evaluated."""
_BRIGHT_TIME_IVAR = 3.0
"""Approximate median over pixels of the inverse variance of simulated BGS spectra."""
N_CONTROL = 500
"""Number of simulated spectra that are queries in the control."""


def neighbour_redshifts(encoder: Any, survey: Path, real: Path, n: int) -> dict[str, Any]:
    """True redshifts of query spectra, and redshifts of their nearest simulated neighbours.

    Parameters
    ----------
    encoder
        Spectrum encoder.
    survey
        Directory of a simulated survey.
    real
        Directory of real survey files.
    n
        Number of simulated spectra that are searched.
    """
    simulated = SimulatedSurvey.open(survey, n)
    found = list(simulated.spectra(np.arange(len(simulated.pixel))[:n]))
    z = np.asarray(simulated.truth["true_z"], float)[[row for row, _ in found]]
    # The real EDR spectra are stored without level and noise; simulated ones are reduced alike.
    bare = _bare_vectors(encoder, *_stacked([standardised(spectrum) for _, spectrum in found]))
    flux, good, true = real_spectra(real)
    queries = {"real": (_bare_vectors(encoder, flux, good), bare, true)}
    whole = _vectors(encoder, [spectrum for _, spectrum in found])
    spectra, sdss = sdss_spectra(real)
    queries["SDSS"] = (_vectors(encoder, spectra), whole, sdss)
    spectra, deep = deep_spectra(real)
    queries["deep"] = (_vectors(encoder, spectra), whole, deep)
    queries["deep, noise of BGS"] = (_vectors(encoder, _shallow(spectra)), whole, deep)
    # Simulated spectra as queries among the others: the scatter that noise alone leads to.
    control = np.arange(0, len(z), max(len(z) // N_CONTROL, 1))
    return {
        "n_simulated": len(found),
        "z_range": [float(z.min()), float(z.max())],
        "template fit": template_redshifts(GRID_ANGSTROM, flux, good, real).tolist(),
        **{
            name: {"true": own.tolist(), "neighbours": _neighbours(vectors @ among.T, z)}
            for name, (vectors, among, own) in queries.items()
        },
        **{
            name: {"true": z[control].tolist(), "neighbours": _neighbours(similar, z)}
            for name, similar in (
                ("control, stored form", _without_self(bare, control)),
                ("control", _without_self(whole, control)),
            )
        },
    }


def _neighbours(similar: npt.NDArray[np.floating], z: Float64Array) -> list[list[float]]:
    """Redshifts of the most similar spectra of each row, nearest first."""
    order = np.argsort(-similar, axis=1)[:, : max(K_REDSHIFT)]
    return np.round(z[order], 5).tolist()  # type: ignore[no-any-return]


def _without_self(vectors: Float32Array, query_rows: Int64Array) -> npt.NDArray[np.floating]:
    """Similarities of some rows to all, minus infinity to themselves."""
    similar = vectors[query_rows] @ vectors.T
    similar[np.arange(query_rows.size), query_rows] = -np.inf
    return np.asarray(similar)


def _stacked(
    pairs: list[tuple[Float64Array, BoolArray]],
) -> tuple[Float64Array, BoolArray]:
    return np.stack([flux for flux, _ in pairs]), np.stack([good for _, good in pairs])


def _bare_vectors(encoder: Any, flux: Float64Array, good: BoolArray) -> Float32Array:
    """Embeddings (n, d) of spectra in robust sigmas about their median, without noise or units."""
    grid = DESI_WAVELENGTH_ANGSTROM
    there = np.stack([np.interp(grid, GRID_ANGSTROM, row) for row in flux]).astype(np.float32)
    bad = np.stack([np.interp(grid, GRID_ANGSTROM, (~row).astype(float)) > 0.01 for row in good])
    bad |= grid > GRID_ANGSTROM[-1]
    return np.asarray(encoder.embed(there, mask=bad, calibrated=False))


def _vectors(encoder: Any, spectra: list[Spectrum]) -> Float32Array:
    """Embeddings (n, d) of spectra as they were recorded."""
    flux, ivar = (np.stack([getattr(one, kind) for one in spectra]) for kind in ("flux", "ivar"))
    return np.asarray(encoder.embed(flux, ivar, np.stack([~one.good for one in spectra])))


def sdss_spectra(real: Path) -> tuple[list[Spectrum], Float64Array]:
    """Spectra of real SDSS galaxies on DESI's grid, and redshifts; missing pixels are masked."""
    folder, grid = real / "sdss-galaxy-spectra", DESI_WAVELENGTH_ANGSTROM
    spectra, z = [], []
    for row in csv.DictReader((folder / "index.csv").read_text().splitlines()):
        wavelength, flux, ivar = sdss_file(folder / row["file"])
        there = (grid > wavelength[0]) & (grid < wavelength[-1])
        found = np.where(there, np.interp(grid, wavelength, ivar), 0).astype(np.float32)
        value = np.interp(grid, wavelength, flux).astype(np.float32)
        spectra.append(Spectrum(grid, value, found, found <= 0))
        z.append(float(row["z"]))
    return spectra, np.array(z)


def deep_spectra(real: Path) -> tuple[list[Spectrum], Float64Array]:
    """Spectra and redshifts of real DESI galaxies (one) with much longer exposures."""
    folder = real / "desi-fastspecfit"
    found = read_spectra_file(str(folder / "coadd-4-80613-thru20210324.fits"))
    redshifts = read_redrock(str(folder / "redrock-4-80613-thru20210324.fits"))
    z = dict(zip(redshifts.target_ids.tolist(), redshifts.z.tolist(), strict=True))
    rows = [row for row, target in enumerate(found.target_ids.tolist()) if target in z]
    return (
        [found.spectra[row] for row in rows],
        np.array([z[int(found.target_ids[row])] for row in rows]),
    )


def _shallow(spectra: list[Spectrum]) -> list[Spectrum]:
    """The same spectra with ivar scaled to that of the bright programme, without added noise."""
    return [
        dataclasses.replace(
            one, ivar=one.ivar * np.float32(_BRIGHT_TIME_IVAR / np.median(one.ivar[one.good]))
        )
        for one in spectra
    ]
