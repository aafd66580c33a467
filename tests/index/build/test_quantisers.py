"""Quantisers of an open index."""

from pathlib import Path

import numpy as np

from galsearch.core.modality import Modality
from galsearch.index import open_build
from galsearch.index.build.quantisers import quantisers_of


def test_quantisers_of_an_open_index_are_those_of_its_manifest(toy_index: Path) -> None:
    opened = open_build(toy_index)
    entry = opened.manifest.modalities[Modality.IMAGE]
    quantisers = quantisers_of(opened, Modality.IMAGE)
    assert (quantisers.plan, quantisers.device) == (entry.plan, "cpu")
    assert quantisers.lists is not None
    assert quantisers.lists.n_vectors == 0
    assert quantisers.lists.quantiser_digest() == entry.quantiser
    assert len(np.unique(quantisers.lists.centroids(np.arange(2)), axis=0)) == 2
