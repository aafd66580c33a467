"""Integrated gradients add up to the difference of the cosine from that of a blank input."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from benchmarks.analysis.gradient_contributions import GradientContributions
from galsearch.analysis.explanation.compared_galaxy import own_data
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from galsearch.encoders.load import load
from tests.query.inputs.own_data.own_files import galaxy


def test_integrated_gradients_are_complete() -> None:
    pair = load()
    gradients = GradientContributions(pair)
    other = np.eye(128, dtype=np.float32)[5]
    image = own_data(galaxy(), Modality.IMAGE)
    found = gradients.of(image, other, n_steps=24)
    assert found.shape == (64,)
    blank = gradients._model.image(torch.zeros(1, 3, 96, 96))
    whole = pair.image.embed(image.own.cutout.flux[None])[0, 5]
    difference = float(whole) - float(functional.normalize(blank, dim=-1)[0, 5])
    assert found.sum() == pytest.approx(difference, abs=0.15 * abs(difference) + 0.01)


def test_a_spectrum_has_a_contribution_for_each_slice() -> None:
    spectrum = own_data((GRID, 2 + np.sin(GRID / 300), np.ones(GRID.size)), Modality.SPECTRUM)
    found = GradientContributions(load()).of(spectrum, np.eye(128, dtype="f4")[5], n_steps=1)
    assert found.shape == (64,)
    assert np.isfinite(found).all()
