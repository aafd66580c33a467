"""Searching on GPUs: what is copied there, and what stays with the host.

No GPU is needed for most of it: the index that a GPU would copy is an index of the CPU until the
last call, `on_device`. Tests of the flow put a clone on the CPU in that call's place; they show
that the right vectors go the right way, and nothing about a GPU.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.arrays import Vectors
from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.index import build_index, open_build
from galsearch.index.build.quantisers import train
from galsearch.index.ivf import gpu_lists
from galsearch.index.ivf.faiss_api import faiss, n_gpus
from galsearch.index.ivf.gpu_lists import MAX_SELECTED, copy_to_gpus, gpu_compatible_copy
from galsearch.index.ivf.gpu_plan import plan_gpu, plan_gpu_search
from galsearch.index.ivf.gpu_training import gpu_config
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.index_plan import plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search import galaxy_index as search
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

FAMILIES = ("ivfsq", "ivfpq", "fastscan")


def unit(n: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, 32)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


STORED = StoredVectors(
    [VectorSegment.in_memory(np.arange(3000, dtype=np.int64) + 2**60, unit(3000, 1))]
)
QUESTIONS = unit(40, 2)


def host_lists(family: Any, folder: Path, **recipe: Any) -> InvertedLists:
    asked = IndexRecipe(family=family, n_lists=24, **recipe)
    lists = train(asked, STORED, share=1.0).index(asked, STORED, folder, lambda *_: None).lists
    assert lists is not None
    return lists


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two devices that are clones on the CPU."""
    monkeypatch.setattr(gpu_lists, "n_gpus", lambda: 2)
    monkeypatch.setattr(search, "n_gpus", lambda: 2)
    monkeypatch.setattr(gpu_lists, "copy_to_gpu", lambda index, *_: faiss.clone_index(index))
    return monkeypatch


def test_codes_without_a_kernel_are_coded_anew_as_scalars() -> None:
    scan = plan_index(IndexRecipe(family="fastscan"), n_vectors=10**6, dim=128)
    few_bits = plan_index(IndexRecipe(family="ivfpq", n_bits=6), n_vectors=10**6, dim=128)
    for plan in (scan, few_bits):
        gpu = plan_gpu_search(plan, 2)
        assert (gpu.index, gpu.recoded, gpu.n_devices) == ("GpuIndexIVFScalarQuantizer", True, 2)
    legal = plan_index(IndexRecipe(family="ivfpq"), n_vectors=10**6, dim=128)
    assert plan_gpu_search(legal) == plan_gpu(legal)
    assert not plan_gpu(legal).recoded


def test_what_no_gpu_can_hold_is_refused_with_the_numbers() -> None:
    flat = plan_index(IndexRecipe(), n_vectors=100, dim=128)
    with pytest.raises(ConfigError) as caught:
        plan_gpu_search(flat)
    assert str(caught.value) == "a flat index has no inverted lists that a GPU could search."
    long = plan_index(IndexRecipe(family="fastscan"), n_vectors=10**6, dim=6144)
    with pytest.raises(ConfigError) as caught:
        plan_gpu_search(long)
    assert str(caught.value) == (
        "a GPU cannot hold this index: n_components = 6144, its scalar codes have fewer than 6,144."
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_the_twin_of_host_lists_holds_the_same_vectors_in_the_same_lists(
    family: Any, tmp_path: Path
) -> None:
    host = host_lists(family, tmp_path)
    twin = gpu_compatible_copy(host, STORED, plan_gpu_search(host.plan))
    assert isinstance(faiss.downcast_index(twin.quantizer), faiss.IndexFlatL2)
    assert twin.ntotal == len(STORED)
    for number in range(host.n_lists):
        size = twin.invlists.list_size(number)
        rows = faiss.rev_swig_ptr(twin.invlists.get_ids(number), size)
        assert sorted(rows) == np.flatnonzero(host.list_of_row == number).tolist()


@pytest.mark.parametrize("family", ["ivfsq", "ivfpq"])
def test_legal_codes_propose_what_the_host_proposes(family: Any, tmp_path: Path) -> None:
    host = host_lists(family, tmp_path)
    twin = gpu_compatible_copy(host, STORED, plan_gpu_search(host.plan))
    parameters = faiss.SearchParametersIVF(nprobe=7)
    rows = twin.search(host.rotate(QUESTIONS), 20, params=parameters)[1]
    np.testing.assert_array_equal(rows, host.candidates(QUESTIONS, n=20, n_probe=7))


def test_codes_made_anew_propose_better_than_those_of_fast_scan(tmp_path: Path) -> None:
    host = host_lists("fastscan", tmp_path)
    twin = gpu_compatible_copy(host, STORED, plan_gpu_search(host.plan))
    truth = np.argsort(-(QUESTIONS @ STORED.take(np.arange(3000)).T), axis=1)[:, :10]
    parameters = faiss.SearchParametersIVF(nprobe=24)
    anew = twin.search(host.rotate(QUESTIONS), 15, params=parameters)[1]
    before = host.candidates(QUESTIONS, n=15, n_probe=24)
    found = [
        np.mean([np.isin(t, r).mean() for t, r in zip(truth, rows, strict=True)])
        for rows in (anew, before)
    ]
    assert found[0] > 0.98
    assert found[0] > found[1]


@pytest.mark.usefixtures("pretended")
@pytest.mark.parametrize("family", ["ivfsq", "ivfpq"])
def test_shares_on_several_devices_propose_what_one_index_proposes(
    family: Any, tmp_path: Path
) -> None:
    host = host_lists(family, tmp_path)
    copied = copy_to_gpus(host, STORED, "gpu")
    assert copied is not None
    rows = copied.candidates(QUESTIONS, n=20, n_probe=7)
    np.testing.assert_array_equal(rows, host.candidates(QUESTIONS, n=20, n_probe=7))


def test_what_exceeds_the_kernels_goes_to_the_host(
    pretended: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host = host_lists("ivfsq", tmp_path)
    copied = copy_to_gpus(host, STORED, "gpu")
    assert copied is not None
    pretended.setattr(copied, "_index", None)
    rows = copied.candidates(QUESTIONS, n=MAX_SELECTED + 1, n_probe=24)
    np.testing.assert_array_equal(rows, host.candidates(QUESTIONS, n=MAX_SELECTED + 1, n_probe=24))


@pytest.mark.usefixtures("pretended")
def test_an_index_opened_on_gpus_answers_and_filters_as_on_the_host(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    recipe = IndexRecipe(family="ivfsq", n_lists=4, n_probe=4, n_tuning_queries=20)
    embeddings = make_sky(1500).write(tmp_path)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "build")
    host, there = (open_build(tmp_path / "build", device=where) for where in ("cpu", "gpu"))
    assert host.modality(Modality.IMAGE).on_gpu is None
    assert there.modality(Modality.IMAGE).on_gpu is not None
    questions = host.stored(Modality.IMAGE).take(np.arange(20))
    chosen = [i.select(host.stored(Modality.IMAGE).ids[::2], Modality.IMAGE) for i in (host, there)]
    for here, on_gpu in ((None, None), chosen):
        answers = [
            index.search(questions, among=Modality.IMAGE, k=5, selection=selection)
            for index, selection in ((host, here), (there, on_gpu))
        ]
        for own, other in zip(*answers, strict=True):
            np.testing.assert_array_equal(own.target_ids, other.target_ids)
            np.testing.assert_array_equal(own.similarity, other.similarity)


def test_a_device_that_is_none_or_not_there_is_refused(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_build(tmp_path, device="tpu")  # type: ignore[arg-type]
    assert str(caught.value) == "device = 'tpu' is none of auto, cpu, gpu."
    build_index(IndexRecipe(), embeddings=make_sky(50).write(tmp_path), out=tmp_path / "build")
    open_build(tmp_path / "build", device="auto").modality(Modality.IMAGE)
    if not n_gpus():
        with pytest.raises(ConfigError) as caught:
            open_build(tmp_path / "build", device="gpu")
        assert str(caught.value) == (
            "device = 'gpu' and FAISS sees no GPU. Install 'galsearch[gpu]' on a machine with an "
            "NVIDIA GPU, or use device = 'auto'."
        )


def test_lists_that_faiss_cannot_copy_are_an_error_or_stay_on_the_host(
    pretended: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(index: Any, gpu: Any, device: int) -> Any:
        raise RuntimeError("cudaMalloc error out of memory\nat line 1")

    pretended.setattr(gpu_lists, "copy_to_gpu", full)
    host = host_lists("ivfsq", tmp_path)
    assert copy_to_gpus(host, STORED, "auto") is None
    with pytest.raises(ConfigError) as caught:
        copy_to_gpus(host, STORED, "gpu")
    assert str(caught.value) == (
        "device = 'gpu': FAISS cannot copy the lists to 2 GPU(s) (cudaMalloc error out of memory)."
    )


@pytest.mark.skipif(
    not hasattr(faiss, "GpuIndexIVFPQConfig"), reason="faiss-cpu has no GPU classes to fill in"
)
def test_the_wheel_for_gpus_names_a_device_and_has_what_is_called() -> None:
    plan = plan_index(IndexRecipe(family="ivfpq"), n_vectors=10**6, dim=128)
    for gpu in (
        plan_gpu(plan),
        plan_gpu_search(plan_index(IndexRecipe(), n_vectors=10**6, dim=128)),
    ):
        assert gpu_config(gpu, 3).device == 3
        assert hasattr(faiss, gpu.index)
    assert hasattr(faiss, "StandardGpuResources")


@pytest.mark.gpu
@pytest.mark.skipif(n_gpus() == 0, reason="FAISS sees no GPU here")
@pytest.mark.parametrize("family", FAMILIES)
def test_lists_built_on_a_cpu_are_searched_on_gpus(family: Any, tmp_path: Path) -> None:
    host = host_lists(family, tmp_path, device="cpu")
    copied = copy_to_gpus(host, STORED, "gpu")
    assert copied is not None
    rows = copied.candidates(QUESTIONS, n=20, n_probe=24)
    truth = np.argsort(-(QUESTIONS @ STORED.take(np.arange(3000)).T), axis=1)[:, :5]
    found = [np.isin(t, r).mean() for t, r in zip(truth, rows, strict=True)]
    assert np.mean(found) > 0.9
