"""FAISS is reached through one module, which says what to install where it is missing."""

import runpy
import sys

import numpy as np
import pytest

from galsearch.core.errors import ConfigError, MissingExtraError
from galsearch.index.ivf import faiss_api
from galsearch.index.ivf.faiss_api import (
    METRICS,
    faiss,
    faiss_errors,
    faiss_seed,
    flat_index,
    n_gpus,
    training_threads,
)


@pytest.mark.parametrize("metric", METRICS)
def test_a_flat_index_compares_a_query_with_every_vector(metric: str) -> None:
    generator = np.random.default_rng(1)
    vectors, queries = (generator.normal(size=(n, 6)).astype(np.float32) for n in (50, 4))
    index = flat_index(6, metric)
    assert index.metric_type == METRICS[metric]
    index.add(vectors)
    _, rows = index.search(queries, 5)
    if metric == "ip":
        closeness = queries @ vectors.T
    else:
        closeness = -np.square(queries[:, None] - vectors).sum(axis=2)
    np.testing.assert_array_equal(rows, np.argsort(-closeness, axis=1)[:, :5])


def test_the_wheel_for_cpus_has_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(faiss_api.faiss, "get_num_gpus", raising=False)
    assert n_gpus() == 0
    monkeypatch.setattr(faiss_api.faiss, "get_num_gpus", lambda: 2, raising=False)
    assert n_gpus() == 2


def test_a_missing_faiss_is_an_error_that_names_both_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError) as caught:
        runpy.run_path(str(faiss_api.__file__))
    assert str(caught.value) == (
        "the index needs FAISS, which is not installed. One of two packages provides it: "
        "'galsearch[cpu]', or 'galsearch[gpu]' for machines with an NVIDIA GPU."
    )


def test_exceptions_of_faiss_become_errors_with_its_reason() -> None:
    quantizer = faiss.ProductQuantizer(4, 2, 8)
    with pytest.raises(ConfigError) as caught, faiss_errors("training of 5 lists", ConfigError):
        quantizer.train(np.zeros((9, 4), np.float32))
    assert str(caught.value) == (
        "training of 5 lists: FAISS cannot do it (Number of training points (9) should be at "
        "least as large as number of clusters (256))."
    )
    with pytest.raises(ConfigError) as caught, faiss_errors("a file", ConfigError):
        raise MemoryError("std::bad_alloc")
    assert str(caught.value) == "a file: FAISS needs more memory than there is."


def test_small_samples_are_trained_by_one_thread() -> None:
    n_threads = faiss.omp_get_max_threads()
    try:
        faiss.omp_set_num_threads(3)
        with training_threads(65_536 * 128 - 1):
            assert faiss.omp_get_max_threads() == 1
        assert faiss.omp_get_max_threads() == 3
        with training_threads(65_536 * 128):
            assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(n_threads)


def test_seeds_beyond_31_bits_become_seeds_of_faiss() -> None:
    assert [faiss_seed(seed) for seed in (0, 2**31 - 1, 2**31, 2**63)] == [0, 2**31 - 1, 0, 0]
