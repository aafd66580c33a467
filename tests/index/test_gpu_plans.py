"""What a GPU may build, decided without one; and, where there is one, that it does."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError
from galsearch.index.build.quantisers import train
from galsearch.index.ivf import gpu_plan as room
from galsearch.index.ivf.faiss_api import faiss, n_gpus
from galsearch.index.ivf.gpu_plan import GpuPlan, choose_gpu, plan_gpu
from galsearch.index.ivf.gpu_training import gpu_config, multi_gpu_options
from galsearch.index.plan.index_plan import IndexPlan, plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

PLAN = plan_index(IndexRecipe(), n_vectors=100_000, dim=256, on_gpu=True)


@given(dim=st.integers(1, 2048), n_vectors=st.integers(512, 10**8))
def test_every_default_plan_is_legal_on_a_gpu(dim: int, n_vectors: int) -> None:
    plan = plan_index(IndexRecipe(), n_vectors=n_vectors, dim=dim, on_gpu=True)
    gpu = plan_gpu(plan)
    if plan.kind == "ivfsq":
        assert gpu == GpuPlan("GpuIndexIVFScalarQuantizer", False, False)
        return
    table_bytes = plan.n_subvectors * 256 * (2 if gpu.use_float16_lookup_tables else 4)
    assert table_bytes <= 48 * 1024
    assert not any((gpu.use_precomputed_tables, gpu.use_cuvs, gpu.interleaved_layout))


@pytest.mark.parametrize(("n_subvectors", "half"), [(32, False), (48, False), (56, True)])
def test_lookup_tables_are_halved_where_they_exceed_shared_memory(
    n_subvectors: int, half: bool
) -> None:
    plan = dataclasses.replace(PLAN, n_components=n_subvectors * 4, n_subvectors=n_subvectors)
    assert plan_gpu(plan).use_float16_lookup_tables is half


def test_odd_numbers_of_components_go_through_matrix_products() -> None:
    assert plan_gpu(
        dataclasses.replace(PLAN, n_components=7 * 32, n_subvectors=32)
    ).use_mm_code_distance
    assert not plan_gpu(PLAN).use_mm_code_distance


def test_an_illegal_plan_is_refused_with_every_reason() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_gpu(IndexPlan("ivfpq", 1000, 30, 16, 30, 30, 6, 1000))
    assert str(caught.value) == (
        "a GPU cannot build this index: n_bits = 6, a GPU has 8-bit codes only. "
        "n_subvectors = 30, a GPU has 1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96."
    )


def test_fast_scan_stays_on_the_host() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_gpu(plan_index(IndexRecipe(family="fastscan"), n_vectors=100_000, dim=256))
    assert str(caught.value) == (
        "a GPU cannot build this index: family = 'fastscan', a GPU has ivfsq and ivfpq only. "
        "n_subvectors = 128, a GPU has 1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96."
    )


def test_insisting_on_a_gpu_without_one_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "n_gpus", lambda: 0)
    with pytest.raises(ConfigError) as caught:
        choose_gpu(IndexRecipe(device="gpu"), PLAN)
    assert str(caught.value) == ("recipe 'default' has device = 'gpu', and FAISS sees no GPU.")


def test_auto_takes_a_gpu_where_there_is_one_and_the_plan_is_legal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "n_gpus", lambda: 0)
    assert choose_gpu(IndexRecipe(), PLAN) is None
    monkeypatch.setattr(room, "n_gpus", lambda: 1)
    assert choose_gpu(IndexRecipe(), PLAN) == plan_gpu(PLAN)
    monkeypatch.setattr(room, "n_gpus", lambda: 4)
    assert choose_gpu(IndexRecipe(), PLAN) == plan_gpu(PLAN, 4)
    assert plan_gpu(PLAN, 4).n_devices == 4
    assert choose_gpu(IndexRecipe(), dataclasses.replace(PLAN, n_bits=6)) is None
    assert choose_gpu(IndexRecipe(device="cpu"), PLAN) is None


def test_scalar_codes_are_legal_in_any_length() -> None:
    plan = plan_index(IndexRecipe(), n_vectors=10**6, dim=128, n_pca_components=24, on_gpu=True)
    assert plan.kind == "ivfsq"
    assert plan_gpu(plan) == GpuPlan("GpuIndexIVFScalarQuantizer", False, False)


NO_CLASSES = pytest.mark.skipif(
    not hasattr(faiss, "GpuIndexIVFPQConfig"), reason="faiss-cpu has no GPU classes to fill in"
)


@NO_CLASSES
@pytest.mark.parametrize("kind", ["GpuIndexIVFPQ", "GpuIndexIVFScalarQuantizer"])
def test_the_wheel_for_gpus_takes_the_configuration(kind: Any) -> None:
    gpu = GpuPlan(kind, use_float16_lookup_tables=True, use_mm_code_distance=False)
    config = gpu_config(gpu)
    assert config.indicesOptions == faiss.INDICES_64_BIT
    assert not config.use_cuvs
    assert not config.interleavedLayout
    assert hasattr(faiss, kind)
    if kind == "GpuIndexIVFPQ":
        assert config.useFloat16LookupTables
        assert not config.useMMCodeDistance
        assert not config.usePrecomputedTables


@NO_CLASSES
def test_the_wheel_for_gpus_shares_vectors_among_several() -> None:
    options = multi_gpu_options(plan_gpu(PLAN, 2))
    assert options.shard
    assert options.useFloat16 is False or options.useFloat16 == 1


@pytest.mark.gpu
@pytest.mark.skipif(n_gpus() == 0, reason="FAISS sees no GPU here")
@pytest.mark.parametrize("family", ["ivfsq", "ivfpq"])
def test_an_index_built_on_a_gpu_answers_on_a_cpu(family: Any, tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(5000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stored = StoredVectors(
        [VectorSegment.in_memory(np.arange(5000, dtype=np.int64) + 2**60, vectors)]
    )
    recipe = IndexRecipe(family=family, device="gpu")
    made = train(recipe, stored, share=1.0)
    opened = made.index(recipe, stored, tmp_path, lambda *_: None)
    assert opened.lists is not None
    found = opened.lists.candidates(vectors[:50], n=10, n_probe=made.plan.n_lists)
    assert np.mean((found == np.arange(50)[:, None]).any(axis=1)) > 0.95
