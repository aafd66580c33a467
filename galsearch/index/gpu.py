"""Training and filling IVF-PQ on a GPU: what is legal there, decided without one.

The limits are those of the classic kernels of faiss 1.15 (GpuIndexIVFPQ.cu, IVFPQ.cu): 8-bit
codes, certain code lengths, lookup tables within 48 KiB of shared memory. Searching stays on the
CPU, which any machine can serve.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from galsearch.core.errors import ConfigError
from galsearch.index.library import faiss, n_gpus
from galsearch.index.recipe import GPU_SUBVECTORS, IndexPlan, IndexRecipe

_SHARED_MEMORY_BYTES = 48 * 1024
_KERNEL_COMPONENTS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32)
"""Components a code that have a specialised distance kernel; others go through cuBLAS."""


@dataclass(frozen=True)
class GpuPlan:
    """A legal `GpuIndexIVFPQConfig`, field by field, in our names."""

    use_float16_lookup_tables: bool
    """Where single-precision tables exceed 48 KiB: above 48 codes a vector."""
    use_mm_code_distance: bool
    """Where no kernel is specialised for the components a code."""
    use_precomputed_tables: bool = False
    """Never: with inner products they are not needed."""
    interleaved_layout: bool = False
    use_cuvs: bool = False
    """Never: the plain wheel is built without cuVS."""
    device: int = 0


def plan_gpu(plan: IndexPlan) -> GpuPlan:
    """The GPU configuration that `plan` is legal under.

    Raises
    ------
    ConfigError
        Listing every reason why a GPU cannot build it.

    Examples
    --------
    >>> from galsearch.index.recipe import plan_index
    >>> plan = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, on_gpu=True)
    >>> plan_gpu(plan).use_float16_lookup_tables
    True
    """
    if plan.kind == "flat":
        raise ConfigError("a flat index trains nothing that a GPU could do.")
    problems = []
    if plan.kind == "fastscan":
        problems.append("family = 'fastscan', a GPU has ivfpq only.")
    elif plan.n_bits != 8:
        problems.append(f"n_bits = {plan.n_bits}, a GPU has 8-bit codes only.")
    if plan.n_subvectors not in GPU_SUBVECTORS:
        known = ", ".join(map(str, GPU_SUBVECTORS))
        problems.append(f"n_subvectors = {plan.n_subvectors}, a GPU has {known}.")
    if plan.dim % plan.n_subvectors:
        problems.append(f"n_subvectors = {plan.n_subvectors} does not divide {plan.dim}.")
    if problems:
        raise ConfigError("a GPU cannot build this index: " + " ".join(problems))
    table_bytes = plan.n_subvectors * 2**plan.n_bits * np.dtype(np.float32).itemsize
    return GpuPlan(
        use_float16_lookup_tables=table_bytes > _SHARED_MEMORY_BYTES,
        use_mm_code_distance=plan.dim // plan.n_subvectors not in _KERNEL_COMPONENTS,
    )


def choose_gpu(recipe: IndexRecipe, plan: IndexPlan) -> GpuPlan | None:
    """The GPU plan where one shall and can be used, None for the CPU.

    Raises
    ------
    ConfigError
        Where the recipe insists on a GPU and there is none, or the plan is not legal on one.
    """
    if recipe.device == "cpu" or plan.kind == "flat":
        return None
    present = n_gpus() > 0
    if recipe.device == "gpu":
        if not present:
            raise ConfigError(
                f"recipe '{recipe.name}' asks for device = 'gpu' and FAISS sees no GPU. Install "
                "'galsearch[gpu]' on a machine with an NVIDIA GPU, or use device = 'auto'."
            )
        return plan_gpu(plan)
    if not present:
        return None
    try:
        return plan_gpu(plan)
    except ConfigError:
        return None


def wants_gpu(recipe: IndexRecipe) -> bool:
    """Whether a plan shall be made for a GPU: one is asked for, or present and not refused."""
    return recipe.device == "gpu" or (recipe.device == "auto" and n_gpus() > 0)


def gpu_config(gpu: GpuPlan) -> Any:
    """The `faiss.GpuIndexIVFPQConfig` of a plan; needs the wheel for GPUs, not a GPU."""
    config = faiss.GpuIndexIVFPQConfig()
    config.device = gpu.device
    config.useFloat16LookupTables = gpu.use_float16_lookup_tables
    config.useMMCodeDistance = gpu.use_mm_code_distance
    config.usePrecomputedTables = gpu.use_precomputed_tables
    config.interleavedLayout = gpu.interleaved_layout
    config.use_cuvs = gpu.use_cuvs
    # Ids are TARGETIDs, so they stay 64 bits wide and come back with the lists.
    config.indicesOptions = faiss.INDICES_64_BIT
    return config


def empty_gpu_index(plan: IndexPlan, gpu: GpuPlan) -> tuple[Any, Any]:
    """An untrained `GpuIndexIVFPQ` and the resources that must outlive it."""
    resources = faiss.StandardGpuResources()
    index = faiss.GpuIndexIVFPQ(
        resources,
        plan.dim,
        plan.n_lists,
        plan.n_subvectors,
        plan.n_bits,
        faiss.METRIC_INNER_PRODUCT,
        gpu_config(gpu),
    )
    return index, resources
