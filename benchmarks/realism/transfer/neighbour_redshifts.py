"""Redshifts of real spectra from their nearest simulated neighbours in the embedding space.

The real EDR spectra come without a flag of the quality of their redshifts, and many hardly exceed
their noise; a fit of redrock's templates shows which redshifts their pixels can confirm. One DESI
galaxy was exposed for far longer than the survey exposes: it is a query as it is, and with its
inverse variance scaled to that of the survey, and with noise really added.

Some of these spectra also shaped the simulator: 11 of the EDR galaxies under z = 0.06 its
population of dwarfs, all EDR spectra its noise. The second sample of SDSS galaxies shaped nothing.
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
_NOISY_IVARS, _N_NOISY = (10.0, 3.0, 1.0), 8
"""Medians of the inverse variance that noise is added for, and draws of the noise for each."""
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
    for name, sample in (
        ("SDSS", sdss_spectra(real)),
        ("SDSS, second sample", second_sdss_spectra(real)),
    ):
        queries[name] = (_vectors(encoder, sample[0]), whole, sample[1])
    spectra, deep = deep_spectra(real)
    queries["deep"] = (_vectors(encoder, spectra), whole, deep)
    queries["deep, noise of BGS"] = (_vectors(encoder, _shallow(spectra)), whole, deep)
    rng = np.random.default_rng(1)
    for ivar in _NOISY_IVARS:
        noisy = [with_noise(one, ivar, rng) for one in spectra for _ in range(_N_NOISY)]
        name = f"deep, noise added to ivar {ivar:g}"
        queries[name] = (_vectors(encoder, noisy), whole, np.repeat(deep, _N_NOISY))
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


def bare_inputs(flux: Float64Array, good: BoolArray) -> dict[str, Any]:
    """Arguments of the spectrum encoder for spectra in robust sigmas about their median, without
    noise or units.
    """
    grid = DESI_WAVELENGTH_ANGSTROM
    there = np.stack([np.interp(grid, GRID_ANGSTROM, row) for row in flux]).astype(np.float32)
    bad = np.stack([np.interp(grid, GRID_ANGSTROM, (~row).astype(float)) > 0.01 for row in good])
    bad |= grid > GRID_ANGSTROM[-1]
    return {"flux": there, "mask": bad, "calibrated": False}


def recorded_inputs(spectra: list[Spectrum]) -> dict[str, Any]:
    """Arguments of the spectrum encoder for spectra as they were recorded."""
    flux, ivar = (np.stack([getattr(one, kind) for one in spectra]) for kind in ("flux", "ivar"))
    return {"flux": flux, "ivar": ivar, "mask": np.stack([~one.good for one in spectra])}


def _bare_vectors(encoder: Any, flux: Float64Array, good: BoolArray) -> Float32Array:
    """Embeddings (n, d) of spectra in robust sigmas about their median."""
    return np.asarray(encoder.embed(**bare_inputs(flux, good)))


def _vectors(encoder: Any, spectra: list[Spectrum]) -> Float32Array:
    """Embeddings (n, d) of spectra as they were recorded."""
    return np.asarray(encoder.embed(**recorded_inputs(spectra)))


def sdss_spectra(real: Path) -> tuple[list[Spectrum], Float64Array]:
    """Spectra and redshifts of the 16 SDSS galaxies of the first sample."""
    folder = real / "sdss-galaxy-spectra"
    rows = _table(folder)
    spectra = [sdss_on_desi_grid(folder / row["file"]) for row in rows]
    return spectra, np.array([float(row["z"]) for row in rows])


def second_sdss_spectra(real: Path) -> tuple[list[Spectrum], Float64Array]:
    """Spectra and redshifts of further SDSS galaxies, one spectrum of each.

    Quasars, spectra with a redshift warning, repeat visits, and galaxies of the first sample are
    left out.
    """
    return _other_sdss_spectra(real, "GALAXY")


def sdss_quasars(real: Path) -> tuple[list[Spectrum], Float64Array]:
    """Spectra and redshifts of SDSS quasars, one spectrum of each."""
    return _other_sdss_spectra(real, "QSO")


def _other_sdss_spectra(real: Path, kind: str) -> tuple[list[Spectrum], Float64Array]:
    """One spectrum of each object of a class that is not in the first sample."""
    folder = real / "sdss-spectra"
    seen = {row["file"] for row in _table(real / "sdss-galaxy-spectra")}
    objects: set[tuple[float, float]] = set()
    spectra, z = [], []
    for row in _table(folder):
        place = round(float(row["ra"]), 3), round(float(row["dec"]), 3)
        if row["cls"] != kind or row["zwarning"] != "0" or row["file"] in seen:
            continue
        if place in objects:
            continue
        objects.add(place)
        spectra.append(sdss_on_desi_grid(next(folder.rglob(row["file"]))))
        z.append(float(row["z"]))
    return spectra, np.array(z)


def _table(folder: Path) -> list[dict[str, str]]:
    """The rows of the table of contents of a folder of real files."""
    return list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))


def sdss_on_desi_grid(path: Path) -> Spectrum:
    """An SDSS spectrum interpolated to the DESI grid; pixels that it lacks are masked."""
    grid = DESI_WAVELENGTH_ANGSTROM
    wavelength, flux, ivar = sdss_file(path)
    inside = (grid > wavelength[0]) & (grid < wavelength[-1])
    found = np.where(inside, np.interp(grid, wavelength, ivar), 0).astype(np.float32)
    value = np.interp(grid, wavelength, flux).astype(np.float32)
    return Spectrum(grid, value, found, found <= 0)


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


def with_noise(spectrum: Spectrum, ivar: float, rng: np.random.Generator) -> Spectrum:
    """The spectrum with Gaussian noise added until the median of its inverse variance is `ivar`."""
    factor = np.float32(ivar / np.median(spectrum.ivar[spectrum.good]))
    variance = np.divide(1, spectrum.ivar, out=np.zeros_like(spectrum.ivar), where=spectrum.good)
    added = np.sqrt(np.maximum(variance * (1 / factor - 1), 0))
    flux = spectrum.flux + added * rng.normal(size=added.size).astype(np.float32)
    return dataclasses.replace(spectrum, flux=flux, ivar=spectrum.ivar * factor)


def _shallow(spectra: list[Spectrum]) -> list[Spectrum]:
    """The same spectra with ivar scaled to that of the bright programme, without added noise."""
    return [
        dataclasses.replace(
            one, ivar=one.ivar * np.float32(_BRIGHT_TIME_IVAR / np.median(one.ivar[one.good]))
        )
        for one in spectra
    ]
