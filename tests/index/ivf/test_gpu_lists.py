"""Inverted lists on GPUs: their content, and which searches stay on the host.

Most tests need no GPU: an index of the CPU is copied to the GPU by the last call, `copy_to_gpu`.
Tests of the complete flow replace that call by a clone on the CPU; they show that the right vectors
are passed on, and nothing about a GPU.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import ConfigError
from galsearch.index.ivf import gpu_lists
from galsearch.index.ivf.faiss_api import faiss, n_gpus
from galsearch.index.ivf.gpu_lists import MAX_SELECTED, copy_to_gpus, gpu_compatible_copy
from galsearch.index.ivf.gpu_plan import plan_gpu_search
from galsearch.index.ivf.inverted_lists import InvertedLists
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory

FAMILIES = ("ivfsq", "ivfpq", "fastscan")
STORED = stored_in_memory(random_unit_vectors(3000, 32, 1))
QUERIES = random_unit_vectors(40, 32, 2)


@cache
def filled(family: Any) -> InvertedLists:
    return filled_lists(STORED, family=family, n_lists=24)


@pytest.fixture
def two_simulated_gpus(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two devices that are clones on the CPU."""
    monkeypatch.setattr(gpu_lists, "n_gpus", lambda: 2)
    monkeypatch.setattr(gpu_lists, "copy_to_gpu", lambda index, *_: faiss.clone_index(index))
    return monkeypatch


@pytest.mark.parametrize("family", FAMILIES)
def test_a_copy_holds_the_same_vectors_in_the_same_lists(family: Any) -> None:
    host = filled(family)
    copy = gpu_compatible_copy(host, STORED, plan_gpu_search(host.plan))
    assert isinstance(faiss.downcast_index(copy.quantizer), faiss.IndexFlatL2)
    assert copy.ntotal == len(STORED)
    for number in range(host.n_lists):
        size = copy.invlists.list_size(number)
        rows = faiss.rev_swig_ptr(copy.invlists.get_ids(number), size)
        assert sorted(rows) == np.flatnonzero(host.list_of_row == number).tolist()


@pytest.mark.parametrize("family", ["ivfsq", "ivfpq"])
def test_legal_codes_give_the_candidates_of_the_host(family: Any) -> None:
    host = filled(family)
    copy = gpu_compatible_copy(host, STORED, plan_gpu_search(host.plan))
    parameters = faiss.SearchParametersIVF(nprobe=7)
    rows = copy.search(host.rotate(QUERIES), 20, params=parameters)[1]
    np.testing.assert_array_equal(rows, host.candidates(QUERIES, n=20, n_probe=7))


def test_scalar_codes_give_better_candidates_than_fast_scan(tmp_path: Path) -> None:
    host = filled("fastscan")
    copy = gpu_compatible_copy(host, STORED, plan_gpu_search(host.plan))
    truth = np.argsort(-(QUERIES @ STORED.take(np.arange(3000)).T), axis=1)[:, :10]
    parameters = faiss.SearchParametersIVF(nprobe=24)
    scalar = copy.search(host.rotate(QUERIES), 15, params=parameters)[1]
    fast_scan = host.candidates(QUERIES, n=15, n_probe=24)
    found = [
        np.mean([np.isin(t, r).mean() for t, r in zip(truth, rows, strict=True)])
        for rows in (scalar, fast_scan)
    ]
    assert found[0] > 0.98
    assert found[0] > found[1]


@pytest.mark.usefixtures("two_simulated_gpus")
@pytest.mark.parametrize("family", ["ivfsq", "ivfpq"])
def test_parts_on_several_devices_give_the_candidates_of_one_index(family: Any) -> None:
    host = filled(family)
    copied = copy_to_gpus(host, STORED, "gpu")
    assert copied is not None
    rows = copied.candidates(QUERIES, n=20, n_probe=7)
    np.testing.assert_array_equal(rows, host.candidates(QUERIES, n=20, n_probe=7))


def test_searches_beyond_the_limits_of_the_kernels_use_the_host(
    two_simulated_gpus: pytest.MonkeyPatch,
) -> None:
    host = filled("ivfsq")
    copied = copy_to_gpus(host, STORED, "gpu")
    assert copied is not None
    two_simulated_gpus.setattr(copied, "_index", None)
    rows = copied.candidates(QUERIES, n=MAX_SELECTED + 1, n_probe=24)
    np.testing.assert_array_equal(rows, host.candidates(QUERIES, n=MAX_SELECTED + 1, n_probe=24))


def test_lists_that_faiss_cannot_copy_are_an_error_or_stay_on_the_host(
    two_simulated_gpus: pytest.MonkeyPatch,
) -> None:
    def full(index: Any, gpu: Any, device: int) -> Any:
        raise RuntimeError("cudaMalloc error out of memory\nat line 1")

    two_simulated_gpus.setattr(gpu_lists, "copy_to_gpu", full)
    host = filled("ivfsq")
    assert copy_to_gpus(host, STORED, "auto") is None
    with pytest.raises(ConfigError) as caught:
        copy_to_gpus(host, STORED, "gpu")
    assert str(caught.value) == (
        "device = 'gpu': FAISS cannot copy the lists to 2 GPU(s) (cudaMalloc error out of memory)."
    )


@pytest.mark.gpu
@pytest.mark.skipif(n_gpus() == 0, reason="FAISS sees no GPU here")
@pytest.mark.parametrize("family", FAMILIES)
def test_lists_built_on_a_cpu_are_searched_on_gpus(family: Any) -> None:
    host = filled(family)
    copied = copy_to_gpus(host, STORED, "gpu")
    assert copied is not None
    rows = copied.candidates(QUERIES, n=20, n_probe=24)
    truth = np.argsort(-(QUERIES @ STORED.take(np.arange(3000)).T), axis=1)[:, :5]
    found = [np.isin(t, r).mean() for t, r in zip(truth, rows, strict=True)]
    assert np.mean(found) > 0.9
