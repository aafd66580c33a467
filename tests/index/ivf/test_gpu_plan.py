"""GPU plans: which lists a GPU can train or search, decided without a GPU."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError, NoGpuError
from galsearch.index.ivf import gpu_plan
from galsearch.index.ivf.gpu_plan import GpuPlan, choose_gpu, plan_gpu, plan_gpu_search
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe

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


def test_unusual_numbers_of_components_use_matrix_products() -> None:
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


def test_fast_scan_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_gpu(plan_index(IndexRecipe(family="fastscan"), n_vectors=100_000, dim=256))
    assert str(caught.value) == (
        "a GPU cannot build this index: family = 'fastscan', a GPU has ivfsq and ivfpq only. "
        "n_subvectors = 128, a GPU has 1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96."
    )


def test_a_required_gpu_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_plan, "n_gpus", lambda: 0)
    with pytest.raises(NoGpuError) as caught:
        choose_gpu(IndexRecipe(device="gpu"), PLAN)
    assert str(caught.value) == ("recipe 'default' has device = 'gpu', and FAISS sees no GPU.")


def test_auto_uses_a_gpu_where_there_is_one_and_the_plan_is_legal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu_plan, "n_gpus", lambda: 0)
    assert choose_gpu(IndexRecipe(), PLAN) is None
    monkeypatch.setattr(gpu_plan, "n_gpus", lambda: 1)
    assert choose_gpu(IndexRecipe(), PLAN) == plan_gpu(PLAN)
    monkeypatch.setattr(gpu_plan, "n_gpus", lambda: 4)
    assert choose_gpu(IndexRecipe(), PLAN) == plan_gpu(PLAN, 4)
    assert plan_gpu(PLAN, 4).n_devices == 4
    assert choose_gpu(IndexRecipe(), dataclasses.replace(PLAN, n_bits=6)) is None
    assert choose_gpu(IndexRecipe(device="cpu"), PLAN) is None


def test_scalar_codes_are_legal_in_any_length() -> None:
    plan = plan_index(IndexRecipe(), n_vectors=10**6, dim=128, n_pca_components=24, on_gpu=True)
    assert plan.kind == "ivfsq"
    assert plan_gpu(plan) == GpuPlan("GpuIndexIVFScalarQuantizer", False, False)


def test_vectors_whose_codes_have_no_kernel_are_coded_again_as_scalars() -> None:
    scan = plan_index(IndexRecipe(family="fastscan"), n_vectors=10**6, dim=128)
    few_bits = plan_index(IndexRecipe(family="ivfpq", n_bits=6), n_vectors=10**6, dim=128)
    for plan in (scan, few_bits):
        gpu = plan_gpu_search(plan, 2)
        assert (gpu.index, gpu.recoded, gpu.n_devices) == ("GpuIndexIVFScalarQuantizer", True, 2)
    legal = plan_index(IndexRecipe(family="ivfpq"), n_vectors=10**6, dim=128)
    assert plan_gpu_search(legal) == plan_gpu(legal)
    assert not plan_gpu(legal).recoded


def test_lists_that_no_gpu_can_hold_are_refused() -> None:
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
