"""Similarities of own images and spectra agree with slow versions."""

import numpy as np
import pytest

from galsearch.analysis import pair_similarity
from galsearch.analysis.pair_similarity import Similarity, pair_similarities
from galsearch.core.progress import no_stage_progress
from galsearch.query import SearchEngine
from tests.analysis.labelled_sky import N_SPECTRA
from tests.conftest import Sky


@pytest.mark.parametrize("block_size", [2048, 90])
def test_similarities_of_pairs(
    labelled_engine: SearchEngine,
    labelled: Sky,
    block_size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pair_similarity, "BLOCK_SIZE", block_size)
    index = labelled_engine.index
    found = {
        kind: pair_similarities(index, labelled.ids, kind, 4, no_stage_progress)
        for kind in Similarity
    }
    cosines = labelled.image @ labelled.spectrum[:N_SPECTRA].T
    own = np.diagonal(cosines).copy()
    np.testing.assert_allclose(found[Similarity.COSINE][:N_SPECTRA], own, atol=1e-6)
    others = cosines.copy()
    np.fill_diagonal(others, -2)
    of_image = np.sort(others, axis=1)[:N_SPECTRA, -4:].mean(axis=1)
    of_spectrum = np.sort(others, axis=0)[-4:].mean(axis=0)
    expected = 2 * own - of_image - of_spectrum
    np.testing.assert_allclose(found[Similarity.CSLS][:N_SPECTRA], expected, atol=1e-4)
    for values in found.values():
        assert np.isnan(values[N_SPECTRA:]).all()
