"""Configurations of FAISS's GPU indexes for planned inverted lists; to derive them needs no GPU.

The limits are those of the classic kernels of faiss 1.15 (GpuIndexIVFPQ.cu, IVFPQ.cu). Product
quantisers have 8-bit codes, certain numbers of codes, and look-up tables within 48 KiB of shared
memory. Scalar quantisers have 8 bits and any number of components.
"""

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from galsearch.core.errors import ConfigError, NoGpuError
from galsearch.index.ivf.faiss_api import n_gpus
from galsearch.index.plan.choose_plan import GPU_SUBVECTORS
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe

_SHARED_MEMORY_BYTES = 48 * 1024
_SCALAR_RANGE_BYTES = 8
"""Bytes of shared memory of a GPU that a scalar quantiser needs for the range of each component."""
_KERNEL_COMPONENTS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32)
"""Numbers of components for each code for which FAISS has a specialised distance kernel on GPUs; it
uses cuBLAS for other numbers."""


@dataclass(frozen=True)
class GpuPlan:
    """A FAISS GPU index class and its configuration for the inverted lists of a plan."""

    index: Literal["GpuIndexIVFPQ", "GpuIndexIVFScalarQuantizer"]
    use_float16_lookup_tables: bool
    """True if the look-up tables of the product quantiser are stored in float16. In float32 they
    would exceed the 48 KiB of shared memory with more than 48 codes for each vector."""
    use_mm_code_distance: bool
    """True if look-up tables are computed by matrix multiplication, because FAISS has no
    specialised kernel for the number of components of a code."""
    use_precomputed_tables: bool = False
    """True if FAISS precomputes tables of distances; always False, because these tables would fill
    the memory of a GPU."""
    interleaved_layout: bool = False
    use_cuvs: bool = False
    """True if FAISS uses the library cuVS; always False, because the wheel faiss-gpu is built
    without it."""
    n_devices: int = 1
    """Number of GPUs among which the vectors are divided."""
    recoded: bool = False
    """True if the vectors are coded again with a scalar quantiser, because a GPU has no kernel for
    the codes of the plan."""


def plan_gpu(plan: IndexPlan, n_devices: int = 1) -> GpuPlan:
    """The GPU configuration with which the inverted lists of a plan are trained and searched.

    Raises
    ------
    ConfigError
        Where a GPU cannot build these lists; the message lists every reason.

    Examples
    --------
    >>> from galsearch.index.plan.choose_plan import plan_index
    >>> plan = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, on_gpu=True)
    >>> plan_gpu(plan).use_float16_lookup_tables
    True
    """
    if plan.kind == "flat":
        raise ConfigError("a flat index has no quantiser that a GPU could train.")
    if plan.kind == "ivfsq":
        return _plan_scalar(plan, n_devices)
    problems = []
    if plan.kind == "fastscan":
        problems.append("family = 'fastscan', a GPU has ivfsq and ivfpq only.")
    elif plan.n_bits != 8:
        problems.append(f"n_bits = {plan.n_bits}, a GPU has 8-bit codes only.")
    if plan.n_subvectors not in GPU_SUBVECTORS:
        known = ", ".join(map(str, GPU_SUBVECTORS))
        problems.append(f"n_subvectors = {plan.n_subvectors}, a GPU has {known}.")
    if plan.n_components % plan.n_subvectors:
        n = plan.n_components
        problems.append(f"n_subvectors = {plan.n_subvectors} does not divide {n}.")
    if problems:
        raise ConfigError("a GPU cannot build this index: " + " ".join(problems))
    table_bytes = plan.n_subvectors * 2**plan.n_bits * np.dtype(np.float32).itemsize
    width = plan.n_components // plan.n_subvectors
    return GpuPlan(
        "GpuIndexIVFPQ",
        use_float16_lookup_tables=table_bytes > _SHARED_MEMORY_BYTES,
        use_mm_code_distance=width not in _KERNEL_COMPONENTS,
        n_devices=n_devices,
    )


def plan_gpu_search(plan: IndexPlan, n_devices: int = 1) -> GpuPlan:
    """The GPU configuration with which the inverted lists of a plan are searched.

    A GPU has no kernel for some codes, such as those of fast scan. Then `recoded` is true: the
    stored vectors are coded again with an 8-bit scalar quantiser, whose error is smaller.

    Raises
    ------
    ConfigError
        Where the index is flat, or its vectors have too many components for a scalar quantiser.
    """
    if plan.kind == "flat":
        raise ConfigError("a flat index has no inverted lists that a GPU could search.")
    try:
        return plan_gpu(plan, n_devices)
    except ConfigError:
        return dataclasses.replace(_plan_scalar(plan, n_devices), recoded=True)


def _plan_scalar(plan: IndexPlan, n_devices: int) -> GpuPlan:
    """The GPU configuration that codes the vectors of a plan with an 8-bit scalar quantiser."""
    limit = _SHARED_MEMORY_BYTES // _SCALAR_RANGE_BYTES
    if plan.n_components >= limit:
        raise ConfigError(
            f"a GPU cannot hold this index: n_components = {plan.n_components}, its scalar codes "
            f"have fewer than {limit:,}."
        )
    return GpuPlan("GpuIndexIVFScalarQuantizer", False, False, n_devices=n_devices)


def choose_gpu(recipe: IndexRecipe, plan: IndexPlan) -> GpuPlan | None:
    """The GPU configuration that trains the planned lists; None where the CPU trains them.

    Raises
    ------
    NoGpuError
        Where the recipe has `device = "gpu"` and FAISS sees no GPU.
    ConfigError
        Where the recipe has `device = "gpu"` and a GPU cannot build the lists of the plan.
    """
    if recipe.device == "cpu" or plan.kind == "flat":
        return None
    n_present = n_gpus()
    if recipe.device == "gpu":
        if not n_present:
            raise NoGpuError(f"recipe '{recipe.name}' has device = 'gpu', and FAISS sees no GPU.")
        return plan_gpu(plan, n_present)
    if not n_present:
        return None
    try:
        return plan_gpu(plan, n_present)
    except ConfigError:
        return None


def wants_gpu(recipe: IndexRecipe) -> bool:
    """True where the recipe requires a GPU, or allows one and FAISS sees one."""
    return recipe.device == "gpu" or (recipe.device == "auto" and n_gpus() > 0)
