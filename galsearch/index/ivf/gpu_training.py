"""Training and filling of inverted lists on GPUs; the finished lists are searched on CPUs."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array, Rows
from galsearch.core.errors import ConfigError
from galsearch.index.ivf.faiss_api import faiss, faiss_errors, faiss_seed
from galsearch.index.ivf.gpu_plan import GpuPlan
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.rotation import choose_rotation
from galsearch.index.ivf.train_lists import make_quantizer, rotate_sample, sample_vectors
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors

_ROWS_AT_A_TIME = 1 << 18
"""Least number of vectors that are sent to a GPU together: 128 MB for 128 components. Each addition
of vectors moves the lists that grow, so many small ones take longer than few large ones."""


def build_on_gpu(
    plan: IndexPlan, recipe: IndexRecipe, stored: StoredVectors, pca: PrincipalAxes, gpu: GpuPlan
) -> InvertedLists:
    """Inverted lists that were trained and filled on GPUs and are searched on a CPU.

    They hold every stored vector; its row number is its id in the lists.

    Parameters
    ----------
    plan
        Parameters of the lists.
    recipe
        Recipe of the index, of which `rotation` and `seed` are used.
    stored
        Vectors that train and fill the lists.
    pca
        Principal axes of the vectors.
    gpu
        Configuration of the GPUs.
    """
    sample = sample_vectors(stored, plan.n_training, recipe.seed)
    rotation = choose_rotation(plan, recipe, sample, pca)
    blocks = ((rows, v if rotation is None else v @ rotation.T) for rows, v in stored.blocks())
    index = fill_on_gpu(plan, gpu, rotate_sample(sample, rotation), blocks, recipe.seed)
    # On a GPU a query is compared with all centroids; on a CPU a graph over them is faster.
    quantizer = make_quantizer(plan, index.quantizer.reconstruct_n(0, plan.n_lists))
    quantizer.this.disown()
    index.quantizer = quantizer
    return InvertedLists(index, plan, rotation)


def fill_on_gpu(
    plan: IndexPlan,
    gpu: GpuPlan,
    rotated: Float32Array,
    blocks: Iterable[tuple[Rows, Float32Array]],
    seed: int,
) -> Any:
    """A FAISS index in host memory that the first GPU trained and all GPUs filled.

    With several GPUs each of them holds a part of the vectors; the parts are merged at the end.

    Parameters
    ----------
    plan, gpu
        Parameters of the lists, and configuration of the GPUs.
    rotated : (n, n_components) float32
        Training vectors in the axes of the lists.
    blocks
        Rows and rotated vectors to add, in blocks.
    seed
        Seed of k-means.
    """
    resources = [faiss.StandardGpuResources() for _ in range(gpu.n_devices)]
    index = _empty_gpu_index(plan, gpu, resources[0])
    index.cp.seed = faiss_seed(seed)
    index.cp.min_points_per_centroid = 1
    with faiss_errors(f"training of {plan.n_lists:,} lists on a GPU", ConfigError):
        index.train(np.ascontiguousarray(rotated))
    if gpu.n_devices > 1:
        trained = faiss.index_gpu_to_cpu(index)
        index = faiss.index_cpu_to_gpu_multiple_py(resources, trained, multi_gpu_options(gpu))
    with faiss_errors("filling of the lists on a GPU", ConfigError):
        for rows, vectors in joined_blocks(blocks, _ROWS_AT_A_TIME):
            index.add_with_ids(np.ascontiguousarray(vectors, np.float32), rows)
        return faiss.index_gpu_to_cpu(index)


def joined_blocks(
    blocks: Iterable[tuple[Rows, Float32Array]], n_rows: int
) -> Iterator[tuple[Rows, Float32Array]]:
    """The same rows and vectors in blocks of at least `n_rows`, except for the last one."""
    pending: list[tuple[Rows, Float32Array]] = []
    for block in blocks:
        pending.append(block)
        if sum(len(rows) for rows, _ in pending) >= n_rows:
            yield _joined(pending)
            pending = []
    if pending:
        yield _joined(pending)


def _joined(blocks: list[tuple[Rows, Float32Array]]) -> tuple[Rows, Float32Array]:
    rows, vectors = zip(*blocks, strict=True)
    return np.concatenate(rows), np.concatenate(vectors)


def gpu_config(gpu: GpuPlan, device: int = 0) -> Any:
    """The FAISS configuration object of a GPU plan, for the GPU with the number `device`.

    This needs FAISS from its wheel for GPUs, but no GPU.
    """
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
    # Row numbers are copied back together with the lists, so they must keep their 64 bits.
    config.indicesOptions = faiss.INDICES_64_BIT
    return config


def multi_gpu_options(gpu: GpuPlan) -> Any:
    """FAISS options for copying an index to several GPUs, each of which holds a part of it."""
    options = faiss.GpuMultipleClonerOptions()
    options.shard = True
    options.indicesOptions = faiss.INDICES_64_BIT
    options.useFloat16 = gpu.use_float16_lookup_tables
    options.usePrecomputed = gpu.use_precomputed_tables
    return options


def _empty_gpu_index(plan: IndexPlan, gpu: GpuPlan, resources: Any) -> Any:
    """An untrained FAISS index on the first GPU, of the class that the GPU plan names."""
    common = (resources, plan.n_components, plan.n_lists)
    if gpu.index == "GpuIndexIVFScalarQuantizer":
        kind = faiss.ScalarQuantizer.QT_8bit
        return faiss.GpuIndexIVFScalarQuantizer(
            *common, kind, faiss.METRIC_L2, True, gpu_config(gpu)
        )
    codes = (plan.n_subvectors, plan.n_bits)
    return faiss.GpuIndexIVFPQ(*common, *codes, faiss.METRIC_L2, gpu_config(gpu))
