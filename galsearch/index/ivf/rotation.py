"""The rotation of vectors before they are coded: principal axes, OPQ, or none.

OPQ (optimised product quantisation; Ge et al. 2013, CVPR) learns the rotation in which a product
quantiser has the smallest error.
"""

import numpy as np

from galsearch.core.arrays import Float32Array, Vectors
from galsearch.core.errors import ConfigError
from galsearch.index.ivf.faiss_api import faiss, faiss_seed
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import PrincipalAxes

_N_TEST_VECTORS = 8_192
"""Number of vectors on which the coding errors of two rotations are compared."""
_MAX_OPQ_VECTORS = 16_384
"""Largest number of vectors that train OPQ."""
_MAX_OPQ_ERROR_RATIO = 0.9
"""With `rotation = "auto"`, OPQ is used if its coding error is less than 0.9 times that of the
principal axes or of unrotated vectors, because OPQ takes long to train."""


def choose_rotation(
    plan: IndexPlan, recipe: IndexRecipe, sample: Vectors, pca: PrincipalAxes
) -> Float32Array | None:
    """The axes to which vectors are rotated before they are coded.

    Parameters
    ----------
    plan
        Parameters of the inverted lists.
    recipe
        Recipe of the index. If its `rotation` is `auto`, the coding errors of two rotations are
        compared; with too few vectors for that, the simpler rotation is used.
    sample : (n, d) float32
        Vectors that train OPQ and measure coding errors.
    pca
        Principal axes of the vectors.

    Returns
    -------
    (n_components, d) float32 or None
        Axes in rows; None where vectors are not rotated.

    Raises
    ------
    ConfigError
        Where the recipe requests OPQ and there are fewer vectors than dimensions.
    """
    widest = pca.axes[: plan.n_components]
    if plan.kind == "ivfsq" or recipe.rotation == "pca":
        return widest
    if recipe.rotation == "none":
        return None
    if recipe.rotation == "opq":
        return _opq_rotation(plan, sample, recipe.seed)
    simple = None if plan.n_components == plan.dim else widest
    if len(sample) < min_comparison_vectors(plan):
        return simple
    learned = _opq_rotation(plan, sample, recipe.seed)
    simple_error = _coding_error(plan, sample, simple, recipe.seed)
    opq_error = _coding_error(plan, sample, learned, recipe.seed)
    return learned if opq_error < _MAX_OPQ_ERROR_RATIO * simple_error else simple


def min_comparison_vectors(plan: IndexPlan) -> int:
    """Smallest number of training vectors with which OPQ is compared with a simpler rotation.

    OPQ needs a vector for each dimension, and each half of the vectors one for each code.
    """
    return max(plan.dim, 2 << plan.n_bits)


def _opq_rotation(plan: IndexPlan, sample: Vectors, seed: int) -> Float32Array:
    """The rotation that OPQ learns from a sample: axes in rows, shape (n_components, d).

    The sample must have at least d vectors, because with fewer FAISS writes beyond its memory.
    """
    training = _evenly_spaced(sample, _MAX_OPQ_VECTORS)
    if len(training) < plan.dim:
        raise ConfigError(
            f"rotation = 'opq' needs a training vector for each of {plan.dim:,} dimensions, there "
            f"are {len(training):,}."
        )
    matrix = faiss.OPQMatrix(plan.dim, plan.n_subvectors, plan.n_components)
    matrix.niter, matrix.niter_pq, matrix.niter_pq_0 = 12, 4, 8
    matrix.max_train_points = _MAX_OPQ_VECTORS
    quantizer = faiss.ProductQuantizer(plan.n_components, plan.n_subvectors, min(plan.n_bits, 4))
    quantizer.cp.seed = faiss_seed(seed)
    quantizer.cp.min_points_per_centroid = 1
    matrix.pq = quantizer
    matrix.train(training)
    rotation = faiss.vector_to_array(matrix.A).reshape(plan.n_components, plan.dim)
    return np.asarray(rotation, np.float32)


def _coding_error(
    plan: IndexPlan, sample: Vectors, rotation: Float32Array | None, seed: int
) -> float:
    """Mean squared error with which a product quantiser codes rotated vectors.

    The quantiser codes residuals from the centroids of a coarse k-means, as in the inverted lists.
    The variance of dropped components is part of the error. One half of the vectors trains the
    quantiser; the error is measured on the other half.
    """
    vectors = _evenly_spaced(sample, 2 * _N_TEST_VECTORS)
    dropped = 0.0
    rotated = vectors
    if rotation is not None:
        rotated = np.ascontiguousarray(vectors @ rotation.T)
        squares = np.vecdot(vectors, vectors) - np.vecdot(rotated, rotated)
        dropped = float(np.mean(squares))
    n_centroids = max(1, min(plan.n_lists, len(rotated) // 39))
    coarse = faiss.Kmeans(plan.n_components, n_centroids, seed=faiss_seed(seed))
    coarse.cp.min_points_per_centroid = 1
    coarse.train(rotated)
    residuals = rotated - coarse.centroids[coarse.index.search(rotated, 1)[1][:, 0]]
    quantizer = faiss.ProductQuantizer(plan.n_components, plan.n_subvectors, plan.n_bits)
    quantizer.cp.seed = faiss_seed(seed)
    quantizer.cp.min_points_per_centroid = 1
    training, test = np.split(residuals, [len(residuals) // 2])
    quantizer.train(training)
    error = test - quantizer.decode(quantizer.compute_codes(test))
    return dropped + float(np.mean(np.vecdot(error, error)))


def _evenly_spaced(sample: Vectors, n: int) -> Vectors:
    """At most `n` vectors of a sample, at equal distances in its order."""
    return np.ascontiguousarray(sample[:: max(1, len(sample) // n)][:n])
