"""Explained galaxies that tests show in words and pictures."""

from functools import cache

import numpy as np

from galsearch.analysis.explanation.compared_galaxy import own_data
from galsearch.analysis.explanation.explained_galaxy import ExplainedGalaxy, explained_galaxy
from galsearch.core.modality import Modality
from galsearch.core.progress import no_stage_progress
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from tests.analysis.explanation.summing_encoder import SummingPair
from tests.query.inputs.own_data.own_files import galaxy

LINE = np.abs(GRID / (6564.61 * 1.1) - 1) < 0.001
OTHER = np.array([0.0, 1.0], np.float32)


def image() -> np.ndarray:
    flux = galaxy()
    flux[:, 5:15, 101:111] += 1
    return flux


@cache
def explained_image() -> ExplainedGalaxy:
    """An image whose bright square in patch (0, 8) of 12 x 12 lowers the similarity."""
    weight = np.zeros((3, 152, 152))
    weight[:, 5:15, 101:111] = -0.01
    pair = SummingPair(image=weight)
    own = own_data(image(), Modality.IMAGE)
    vector = pair.image.embed(own.own.cutout.flux[None])[0]
    return explained_galaxy(
        "A", own, float("nan"), "", pair, (vector, np.array([-1, 0], "f4")), no_stage_progress
    )


@cache
def explained_spectrum(z: float = 0.1) -> ExplainedGalaxy:
    """A spectrum of which the line at 6564.61 Angstrom at redshift 0.1 makes the similarity."""
    pair = SummingPair(spectrum=0.01 * LINE)
    own = own_data((GRID, 1 + 20.0 * LINE, np.ones(GRID.size)), Modality.SPECTRUM)
    vector = pair.spectrum.embed(own.own.spectrum.flux[None])[0]
    return explained_galaxy(
        "B",
        own,
        z,
        "the catalogue" if np.isfinite(z) else "",
        pair,
        (vector, np.array([1, 0], "f4")),
        no_stage_progress,
    )
