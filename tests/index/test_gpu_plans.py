"""What a GPU may build, decided without one; and, where there is one, that it does."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError
from galsearch.index import gpu as room
from galsearch.index.gpu import GpuPlan, choose_gpu, gpu_config, plan_gpu
from galsearch.index.ivfpq import build_inverted_lists
from galsearch.index.library import faiss, n_gpus
from galsearch.index.recipe import IndexPlan, IndexRecipe, plan_index
from galsearch.index.stored import Segment, StoredVectors

PLAN = plan_index(IndexRecipe(), n_vectors=100_000, dim=256, on_gpu=True)


@given(dim=st.integers(1, 2048), n_vectors=st.integers(512, 10**8))
def test_every_default_plan_is_legal_on_a_gpu(dim: int, n_vectors: int) -> None:
    plan = plan_index(IndexRecipe(), n_vectors=n_vectors, dim=dim, on_gpu=True)
    gpu = plan_gpu(plan)
    table_bytes = plan.n_subvectors * 256 * (2 if gpu.use_float16_lookup_tables else 4)
    assert table_bytes <= 48 * 1024
    assert not any((gpu.use_precomputed_tables, gpu.use_cuvs, gpu.interleaved_layout))


@pytest.mark.parametrize(("n_subvectors", "half"), [(32, False), (48, False), (56, True)])
def test_lookup_tables_are_halved_where_they_exceed_shared_memory(
    n_subvectors: int, half: bool
) -> None:
    plan = dataclasses.replace(PLAN, dim=n_subvectors * 4, n_subvectors=n_subvectors)
    assert plan_gpu(plan).use_float16_lookup_tables is half


def test_odd_numbers_of_components_go_through_matrix_products() -> None:
    assert plan_gpu(dataclasses.replace(PLAN, dim=7 * 32, n_subvectors=32)).use_mm_code_distance
    assert not plan_gpu(PLAN).use_mm_code_distance


def test_an_illegal_plan_is_refused_with_every_reason() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_gpu(IndexPlan("ivfpq", 1000, 30, 16, 30, 6, 1000))
    assert str(caught.value) == (
        "a GPU cannot build this index: n_bits = 6, a GPU has 8-bit codes only. "
        "n_subvectors = 30, a GPU has 1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96."
    )


def test_fast_scan_stays_on_the_host() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_gpu(plan_index(IndexRecipe(family="fastscan"), n_vectors=100_000, dim=256))
    assert str(caught.value) == (
        "a GPU cannot build this index: family = 'fastscan', a GPU has ivfpq only. n_subvectors = "
        "128, a GPU has 1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96."
    )


def test_insisting_on_a_gpu_without_one_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "n_gpus", lambda: 0)
    with pytest.raises(ConfigError) as caught:
        choose_gpu(IndexRecipe(device="gpu"), PLAN)
    assert str(caught.value) == (
        "recipe 'default' asks for device = 'gpu' and FAISS sees no GPU. Install "
        "'galsearch[gpu]' on a machine with an NVIDIA GPU, or use device = 'auto'."
    )


def test_auto_takes_a_gpu_where_there_is_one_and_the_plan_is_legal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "n_gpus", lambda: 0)
    assert choose_gpu(IndexRecipe(), PLAN) is None
    monkeypatch.setattr(room, "n_gpus", lambda: 1)
    assert choose_gpu(IndexRecipe(), PLAN) == plan_gpu(PLAN)
    assert choose_gpu(IndexRecipe(), dataclasses.replace(PLAN, n_bits=6)) is None
    assert choose_gpu(IndexRecipe(device="cpu"), PLAN) is None


@pytest.mark.skipif(
    not hasattr(faiss, "GpuIndexIVFPQConfig"), reason="faiss-cpu has no GPU classes to fill in"
)
def test_the_wheel_for_gpus_takes_the_configuration() -> None:
    config = gpu_config(GpuPlan(use_float16_lookup_tables=True, use_mm_code_distance=False))
    assert config.useFloat16LookupTables
    off = (config.useMMCodeDistance, config.usePrecomputedTables, config.use_cuvs)
    assert not any(off)
    assert config.indicesOptions == faiss.INDICES_64_BIT


@pytest.mark.gpu
@pytest.mark.skipif(n_gpus() == 0, reason="FAISS sees no GPU here")
def test_an_index_built_on_a_gpu_answers_on_a_cpu() -> None:
    vectors = np.random.default_rng(1).normal(size=(5000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.arange(5000, dtype=np.int64) + 2**60
    stored = StoredVectors([Segment(ids, vectors, np.empty(0, np.int64))])
    plan = plan_index(IndexRecipe(), n_vectors=5000, dim=64, on_gpu=True)
    lists = build_inverted_lists(plan, stored, seed=1, gpu=plan_gpu(plan), progress=lambda *_: None)
    found = lists.candidates(vectors[:50], n=10, n_probe=plan.n_lists)
    assert np.mean((found == np.arange(50)[:, None]).any(axis=1)) > 0.95
