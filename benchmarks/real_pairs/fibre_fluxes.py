"""Flux in the spectrum over flux in the image, of real DESI fibres and of simulated ones."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.arrays import Float64Array

PERCENTILES = (5, 16, 50, 84, 95)
LARGEST_CONCENTRATION = 0.6
"""Flux within a fibre over total flux below which an object is extended."""
SMALLEST_FIBRE_FLUX = 0.5
"""Flux within the fibre, in nanomaggies, above which the ratio is not dominated by noise."""


def real_fibre_ratios(folder: Path) -> Float64Array:
    """(n,) r flux of the spectrum over the image's flux in the fibre, of extended DESI targets.

    Parameters
    ----------
    folder
        Folder of the table (`desi-fibre-flux`).
    """
    with (folder / "fluxes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ("IMAGING_FLUX_R", "IMAGING_FIBERFLUX_R", "SPECTRO_FLUX_R")
    total, fibre, spectrum = (
        np.array([float(row[name] or "nan") for row in rows]) for name in names
    )
    extended = (fibre < LARGEST_CONCENTRATION * total) & (fibre > SMALLEST_FIBRE_FLUX)
    extended &= spectrum > 0
    return np.asarray(spectrum[extended] / fibre[extended])


def distribution(ratios: Float64Array) -> dict[str, Any]:
    """Number and percentiles of flux ratios."""
    values = np.percentile(ratios, PERCENTILES)
    return {"n": len(ratios)} | {
        f"p{p}": round(float(v), 3) for p, v in zip(PERCENTILES, values, strict=True)
    }
