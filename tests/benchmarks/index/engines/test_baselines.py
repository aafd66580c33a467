"""Every baseline whose package is installed finds the stored vectors themselves."""

import importlib.util

import numpy as np
import pytest

from benchmarks.index.engines.baselines import BASELINES

PACKAGES = {"hnswlib": "hnswlib", "usearch": "usearch", "scann": "scann"}


@pytest.mark.parametrize("name", PACKAGES)
def test_an_installed_baseline_finds_the_stored_vectors(name: str) -> None:
    if importlib.util.find_spec(PACKAGES[name]) is None:
        pytest.skip(f"{PACKAGES[name]} is not installed")
    vectors = np.random.default_rng(1).normal(size=(1500, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    engine = BASELINES[name](BASELINES[name].variants[0])
    engine.build(vectors)
    for n_queries in (1, 20):
        rows = engine.search(vectors[:n_queries], 5, engine.settings[-1])
        assert rows.shape == (n_queries, 5)
        assert (rows[:, 0] == np.arange(n_queries)).all()
    assert engine.n_bytes() > 1500 * 16


def test_every_baseline_has_settings_from_the_fastest_on() -> None:
    for name, engine in BASELINES.items():
        settings = engine(engine.variants[0]).settings
        assert len(settings) > 1, name
        first, last = (list(settings[i].values()) for i in (0, -1))
        assert all(low <= high for low, high in zip(first, last, strict=True)), name
