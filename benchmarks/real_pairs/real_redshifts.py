"""Redshifts of real galaxies from their simulated neighbours, by redshift and by class."""

import csv
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.transfer.neighbour_redshifts import sdss_on_desi_grid
from galsearch.core.arrays import Float32Array, Float64Array, Int64Array
from galsearch.core.spectrum import Spectrum

K_REDSHIFT = 5
EDGES = (0.0, 0.1, 0.3, 0.6, np.inf)
"""Limits of the bins of redshift."""


def read_sdss_spectra(folder: Path) -> tuple[list[Spectrum], Float64Array, list[str], Int64Array]:
    """Spectra of a folder (`sdss-spectra`), redshifts, classes and the number of each galaxy.

    Spectra within 2 arcsec are of one galaxy. Those without a measured pixel, or with a warning
    about their redshift, are left out.
    """
    rows = list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))
    spectra, z, classes, positions = [], [], [], []
    for row in rows:
        spectrum = sdss_on_desi_grid(folder / row["file"])
        if row["zwarning"] not in ("", "0") or not spectrum.good.any():
            continue
        spectra.append(spectrum)
        z.append(float(row["z"]))
        classes.append(row["cls"])
        positions.append((float(row["ra"]), float(row["dec"])))
    return spectra, np.array(z), classes, galaxy_numbers(np.array(positions))


def galaxy_numbers(position_deg: Float64Array) -> Int64Array:
    """(n,) number of the galaxy at each position (n, 2), the row of the first within 2 arcsec."""
    ra, dec = np.radians(position_deg).T
    separation = np.hypot((ra[:, None] - ra[None]) * np.cos(dec[:, None]), dec[:, None] - dec[None])
    return np.asarray((np.degrees(separation) * 3600 < 2).argmax(axis=1), dtype=np.int64)


def neighbour_redshift(
    vectors: Float32Array, bank: Float32Array, bank_z: Float64Array
) -> Float64Array:
    """(n,) median redshift of the five nearest vectors of a bank."""
    nearest = np.argsort(-(vectors @ bank.T), axis=1)[:, :K_REDSHIFT]
    return np.asarray(np.median(bank_z[nearest], axis=1))


def redshift_rows(
    found: Float64Array, true: Float64Array, classes: list[str] | None = None
) -> list[dict[str, Any]]:
    """Errors of redshifts in bins of redshift and of class; bins without galaxies are left out."""
    kinds = np.array(classes or ["GALAXY"] * len(true))
    rows = []
    for kind in sorted(set(kinds.tolist())):
        for low, high in itertools.pairwise(EDGES):
            use = (kinds == kind) & (true >= low) & (true < high)
            if not use.any():
                continue
            error = (found[use] - true[use]) / (1 + true[use])
            rows.append(
                {
                    "class": kind,
                    "z": [round(float(true[use].min()), 4), round(float(true[use].max()), 4)],
                    "n": int(use.sum()),
                    "nmad": round(float(1.4826 * np.median(np.abs(error - np.median(error)))), 5),
                    "over .05": round(float((np.abs(error) > 0.05).mean()), 4),
                    "over .005": round(float((np.abs(error) > 0.005).mean()), 4),
                }
            )
    return rows
