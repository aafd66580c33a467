"""Synthetic galaxies resemble the galaxies that they were sampled around."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.index.synthetic_vectors import intrinsic_dimension, read_source, write_synthetic
from galsearch.core.modality import Modality
from galsearch.embeddings import open_store


def test_synthetic_galaxies_are_like_those_they_were_sampled_around(synthetic_home: Path) -> None:
    found = json.loads((synthetic_home / "synthetic" / "likeness.json").read_text())
    for kind in ("image_among_image", "spectrum_among_spectrum", "image_among_spectrum"):
        embedded, synthetic = (found[which][kind] for which in ("embedded", "drawn"))
        for rank in ("5", "10", "20"):
            ratio = synthetic["distance_by_rank"][rank] / embedded["distance_by_rank"][rank]
            assert 0.6 < ratio < 1.4
    assert found["drawn"]["gap"] == pytest.approx(found["embedded"]["gap"], rel=0.15)


def test_shards_are_complete_and_only_some_galaxies_have_spectra(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    source = read_source(make_sky(60).write(tmp_path / "few"))
    out = tmp_path / "synthetic"
    for n_queries in (5, 7):
        write_synthetic(source, out, n=40, n_spectra=0, n_queries=n_queries, seed=1)
        stamp = (out / "image" / "part-00000.parquet").stat().st_mtime_ns
    assert (out / "image" / "part-00000.parquet").stat().st_mtime_ns == stamp
    store = open_store(out, Modality.IMAGE)
    assert len(store) == 40
    assert len(open_store(out, Modality.SPECTRUM)) == 0
    with np.load(out / "queries.npz") as queries:
        assert queries["image"].shape == (7, source.dim)
        np.testing.assert_allclose(np.linalg.norm(queries["spectrum"], axis=1), 1, rtol=1e-5)


def test_the_intrinsic_dimension_of_a_plane_is_two() -> None:
    generator = np.random.default_rng(1)
    radii = np.sort(np.sqrt(generator.uniform(size=(2000, 20))), axis=1)
    assert intrinsic_dimension(radii**2 / 2) == pytest.approx(2, rel=0.1)
