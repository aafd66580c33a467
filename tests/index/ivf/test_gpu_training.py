"""Configuration objects of FAISS for GPUs; and, where there is a GPU, a build on it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.ivf.faiss_api import faiss, n_gpus
from galsearch.index.ivf.gpu_plan import GpuPlan, choose_gpu, plan_gpu, plan_gpu_search
from galsearch.index.ivf.gpu_training import (
    build_on_gpu,
    gpu_config,
    joined_blocks,
    multi_gpu_options,
)
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import PrincipalAxes
from tests.index.ivf.filled_lists import random_unit_vectors, stored_in_memory

PLAN = plan_index(IndexRecipe(), n_vectors=100_000, dim=256, on_gpu=True)
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
def test_the_wheel_for_gpus_divides_vectors_among_several() -> None:
    options = multi_gpu_options(plan_gpu(PLAN, 2))
    assert options.shard
    assert options.useFloat16 is False or options.useFloat16 == 1


@pytest.mark.skipif(
    not hasattr(faiss, "GpuIndexIVFPQConfig"), reason="faiss-cpu has no GPU classes to fill in"
)
def test_the_wheel_for_gpus_has_the_classes_that_are_called() -> None:
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
@pytest.mark.parametrize("family", ["ivfsq", "ivfpq"])
def test_lists_built_on_a_gpu_are_searched_on_a_cpu(family: Any) -> None:
    vectors = random_unit_vectors(5000, 64, 1)
    stored = stored_in_memory(vectors)
    recipe = IndexRecipe(family=family, device="gpu")
    plan = plan_index(recipe, n_vectors=5000, dim=64, on_gpu=True)
    gpu = choose_gpu(recipe, plan)
    assert gpu is not None
    lists = build_on_gpu(plan, recipe, stored, PrincipalAxes.fit(vectors), gpu)
    found = lists.candidates(vectors[:50], n=10, n_probe=plan.n_lists)
    assert np.mean((found == np.arange(50)[:, None]).any(axis=1)) > 0.95


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 20))
def test_blocks_are_joined_without_loss(sizes: list[int], n_rows: int) -> None:
    rows = np.arange(sum(sizes))
    vectors = rows[:, None] * np.ones((1, 3), np.float32)
    ends = np.cumsum(sizes, dtype=int)[:-1]
    blocks = zip(np.split(rows, ends), np.split(vectors, ends), strict=True) if sizes else []
    joined = list(joined_blocks(blocks, n_rows))
    assert all(len(some) >= n_rows for some, _ in joined[:-1])
    for number, expected in enumerate((rows, vectors)):
        parts = [np.empty((0, *expected.shape[1:])), *(block[number] for block in joined)]
        np.testing.assert_array_equal(np.concatenate(parts), expected)
