"""Training, filling and searching inverted lists on GPUs: what is legal, decided without one.

The limits are those of the classic kernels of faiss 1.15 (GpuIndexIVFPQ.cu, IVFPQ.cu): 8-bit
codes, certain code lengths, lookup tables within 48 KiB of shared memory; of scalar codes 8 bits
are taken, in any length. What was built comes back to the CPU, where any machine can serve it.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ConfigError
from galsearch.index.ivf.faiss_api import faiss, n_gpus
from galsearch.index.plan.index_plan import GPU_SUBVECTORS, IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe

Vectors = npt.NDArray[np.float32]
Blocks = Iterable[tuple[npt.NDArray[np.int64], Vectors]]
_SHARED_MEMORY_BYTES = 48 * 1024
_SCALAR_BYTES = 8
"""Of shared memory that a component of scalar codes takes: its range."""
_KERNEL_COMPONENTS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32)
"""Components a code that have a specialised distance kernel; others go through cuBLAS."""


@dataclass(frozen=True)
class GpuPlan:
    """What a GPU is asked to build, and its legal configuration field by field."""

    index: Literal["GpuIndexIVFPQ", "GpuIndexIVFScalarQuantizer"]
    use_float16_lookup_tables: bool
    """Where single-precision tables exceed 48 KiB: above 48 codes a vector."""
    use_mm_code_distance: bool
    """Where no kernel is specialised for the components a code."""
    use_precomputed_tables: bool = False
    """Never: they would fill the memory of a GPU."""
    interleaved_layout: bool = False
    use_cuvs: bool = False
    """Never: the plain wheel is built without cuVS."""
    n_devices: int = 1
    """GPUs among which the vectors are shared."""
    recoded: bool = False
    """The host's codes have no kernel there: vectors are coded anew, in scalars."""


def plan_gpu(plan: IndexPlan, n_devices: int = 1) -> GpuPlan:
    """The GPU configuration that `plan` is legal under.

    Raises
    ------
    ConfigError
        Listing every reason why a GPU cannot build it.

    Examples
    --------
    >>> from galsearch.index.plan.index_plan import plan_index
    >>> plan = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, on_gpu=True)
    >>> plan_gpu(plan).use_float16_lookup_tables
    True
    """
    if plan.kind == "flat":
        raise ConfigError("a flat index trains nothing that a GPU could do.")
    if plan.kind == "ivfsq":
        return _scalar(plan, n_devices)
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
    """The GPU configuration in which inverted lists of `plan` are searched.

    Codes that a GPU has no kernel for, such as those of fast scan, are not converted: vectors are
    coded anew from the store, in 8-bit scalars, which err less.

    Raises
    ------
    ConfigError
        Where the index is flat, or its vectors are too long for scalars.
    """
    if plan.kind == "flat":
        raise ConfigError("a flat index has no inverted lists that a GPU could search.")
    try:
        return plan_gpu(plan, n_devices)
    except ConfigError:
        return dataclasses.replace(_scalar(plan, n_devices), recoded=True)


def _scalar(plan: IndexPlan, n_devices: int) -> GpuPlan:
    most = _SHARED_MEMORY_BYTES // _SCALAR_BYTES
    if plan.n_components >= most:
        raise ConfigError(
            f"a GPU cannot hold this index: n_components = {plan.n_components}, its scalar codes "
            f"have fewer than {most:,}."
        )
    return GpuPlan("GpuIndexIVFScalarQuantizer", False, False, n_devices=n_devices)


def choose_gpu(recipe: IndexRecipe, plan: IndexPlan) -> GpuPlan | None:
    """The GPU plan where one shall and can be used, None for the CPU.

    Raises
    ------
    ConfigError
        Where the recipe insists on a GPU and there is none, or the plan is not legal on one.
    """
    if recipe.device == "cpu" or plan.kind == "flat":
        return None
    n_present = n_gpus()
    if recipe.device == "gpu":
        if not n_present:
            raise ConfigError(
                f"recipe '{recipe.name}' asks for device = 'gpu' and FAISS sees no GPU. Install "
                "'galsearch[gpu]' on a machine with an NVIDIA GPU, or use device = 'auto'."
            )
        return plan_gpu(plan, n_present)
    if not n_present:
        return None
    try:
        return plan_gpu(plan, n_present)
    except ConfigError:
        return None


def wants_gpu(recipe: IndexRecipe) -> bool:
    """Whether a plan shall be made for a GPU: one is asked for, or present and not refused."""
    return recipe.device == "gpu" or (recipe.device == "auto" and n_gpus() > 0)


def gpu_config(gpu: GpuPlan, device: int = 0) -> Any:
    """The FAISS configuration of a plan; needs the wheel for GPUs, not a GPU."""
    if gpu.index == "GpuIndexIVFScalarQuantizer":
        config = faiss.GpuIndexIVFScalarQuantizerConfig()
        config.interleavedLayout = gpu.interleaved_layout
    else:
        config = faiss.GpuIndexIVFPQConfig()
        config.useFloat16LookupTables = gpu.use_float16_lookup_tables
        config.useMMCodeDistance = gpu.use_mm_code_distance
        config.usePrecomputedTables = gpu.use_precomputed_tables
        config.interleavedLayout = gpu.interleaved_layout
    config.use_cuvs = gpu.use_cuvs
    config.device = device
    # Rows come back with the lists, so they stay 64 bits wide.
    config.indicesOptions = faiss.INDICES_64_BIT
    return config


def filled_on_gpu(plan: IndexPlan, gpu: GpuPlan, sample: Vectors, blocks: Blocks, seed: int) -> Any:
    """The CPU form of an index that the first GPU trained and all of them filled.

    With several GPUs each holds a share of the vectors; coming back, the shares are one again.
    """
    resources = [faiss.StandardGpuResources() for _ in range(gpu.n_devices)]
    index = _empty_gpu_index(plan, gpu, resources[0])
    index.cp.seed = seed
    index.cp.min_points_per_centroid = 1
    index.train(np.ascontiguousarray(sample))
    if gpu.n_devices > 1:
        trained = faiss.index_gpu_to_cpu(index)
        index = faiss.index_cpu_to_gpu_multiple_py(resources, trained, several_options(gpu))
    for rows, vectors in blocks:
        index.add_with_ids(np.ascontiguousarray(vectors, np.float32), rows)
    return faiss.index_gpu_to_cpu(index)


def several_options(gpu: GpuPlan) -> Any:
    """How FAISS copies an index to several GPUs: each holds a share of the vectors."""
    options = faiss.GpuMultipleClonerOptions()
    options.shard = True
    options.indicesOptions = faiss.INDICES_64_BIT
    options.useFloat16 = gpu.use_float16_lookup_tables
    options.usePrecomputed = gpu.use_precomputed_tables
    return options


def _empty_gpu_index(plan: IndexPlan, gpu: GpuPlan, resources: Any) -> Any:
    common = (resources, plan.n_components, plan.n_lists)
    if gpu.index == "GpuIndexIVFScalarQuantizer":
        kind = faiss.ScalarQuantizer.QT_8bit
        return faiss.GpuIndexIVFScalarQuantizer(
            *common, kind, faiss.METRIC_L2, True, gpu_config(gpu)
        )
    codes = (plan.n_subvectors, plan.n_bits)
    return faiss.GpuIndexIVFPQ(*common, *codes, faiss.METRIC_L2, gpu_config(gpu))
