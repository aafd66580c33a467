"""Training of inverted lists from a sample of vectors: rotation, centroids and quantisers.

The same vectors always give the same lists: the sample and k-means are seeded, and the graph over
the centroids is made with one thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array, Vectors
from galsearch.core.errors import ConfigError
from galsearch.core.progress import StageProgress
from galsearch.index.ivf.faiss_api import faiss, faiss_errors, faiss_seed, training_threads
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.rotation import choose_rotation
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors

PCA_SAMPLE_SIZE = 65_536
"""Number of sampled vectors from which principal axes are computed; more do not change recall."""
_KMEANS_ITERATIONS = 8
"""Number of k-means iterations that train the centroids of inverted lists. More iterations change
the lists, but not the recall of queries."""
_MIN_LISTS_FOR_GRAPH = 512
"""Number of centroids from which a search in an HNSW graph is faster than comparing all of them."""
_HNSW_LINKS, _HNSW_EF_CONSTRUCTION = 16, 100


def sample_vectors(stored: StoredVectors, n: int, seed: int) -> Vectors:
    """A random sample of `n` stored vectors, or all of them if there are fewer.

    The float32 array has shape (min(n, len(stored)), d); vectors are in the order of their rows and
    none is repeated.
    """
    n = min(n, len(stored))
    rows = np.random.default_rng(seed).choice(len(stored), n, replace=False)
    return stored.take(np.sort(rows))


def train_lists(
    plan: IndexPlan, recipe: IndexRecipe, sample: Vectors, pca: PrincipalAxes
) -> InvertedLists:
    """Empty inverted lists whose rotation and quantisers were trained on the CPU.

    Parameters
    ----------
    plan
        Parameters of the lists.
    recipe
        Recipe of the index, of which `rotation` and `seed` are used.
    sample : (n, d) float32
        Training vectors.
    pca
        Principal axes of the vectors.
    """
    with _training(plan, sample):
        rotation = choose_rotation(plan, recipe, sample, pca)
    return train_rotated_lists(plan, rotation, sample, recipe.seed)


def train_rotated_lists(
    plan: IndexPlan, rotation: Float32Array | None, sample: Vectors, seed: int
) -> InvertedLists:
    """Empty inverted lists with a given rotation, whose quantisers were trained on the CPU.

    Parameters
    ----------
    plan
        Parameters of the lists.
    rotation : (n_components, d) float32 or None
        Axes of the lists in rows; None to code vectors as they are.
    sample : (n, d) float32
        Training vectors.
    seed
        Seed of k-means.
    """
    rotated = rotate_sample(sample, rotation)
    with _training(plan, sample):
        index = _empty_index(plan, make_quantizer(plan, train_centroids(plan, rotated, seed)))
        if plan.kind != "ivfsq":
            index.pq.cp.seed = faiss_seed(seed)
            index.pq.cp.min_points_per_centroid = 1
        index.train(rotated)
    return InvertedLists(index, plan, rotation)


@contextmanager
def _training(plan: IndexPlan, sample: Vectors) -> Iterator[None]:
    """A context manager for training: few threads for small samples, and errors with a sentence."""
    subject = f"training of {plan.n_lists:,} lists with {len(sample):,} vectors"
    with training_threads(sample.size), faiss_errors(subject, ConfigError):
        yield


def fill_lists(lists: InvertedLists, stored: StoredVectors, progress: StageProgress) -> None:
    """Add all stored vectors to inverted lists; their row numbers become their ids in FAISS."""
    done = 0
    for rows, vectors in stored.blocks():
        lists.add(vectors, rows)
        done += len(rows)
        progress(done, len(stored))


def rotate_sample(sample: Vectors, rotation: Float32Array | None) -> Float32Array:
    """Training vectors rotated to the axes of the inverted lists, shape (n, n_components).

    Without a rotation they are returned as they are.
    """
    return sample if rotation is None else np.ascontiguousarray(sample @ rotation.T)


def train_centroids(plan: IndexPlan, rotated: Float32Array, seed: int) -> Float32Array:
    """Centroids of the inverted lists, found by k-means over rotated training vectors.

    The float32 array has shape (n_lists, n_components).
    """
    clustering = faiss.Clustering(plan.n_components, plan.n_lists)
    clustering.seed = faiss_seed(seed)
    clustering.niter = _KMEANS_ITERATIONS
    # A warning of FAISS about few training vectors is not needed, because recall is measured
    # afterwards.
    clustering.min_points_per_centroid = 1
    clustering.max_points_per_centroid = len(rotated)
    clustering.train(np.ascontiguousarray(rotated), faiss.IndexFlatL2(plan.n_components))
    centroids = faiss.vector_float_to_array(clustering.centroids)
    return np.asarray(centroids.reshape(plan.n_lists, plan.n_components), np.float32)


def make_quantizer(plan: IndexPlan, centroids: Float32Array) -> Any:
    """A FAISS index of the centroids: flat for fewer than 512 lists, otherwise an HNSW graph."""
    if plan.n_lists < _MIN_LISTS_FOR_GRAPH:
        quantizer = faiss.IndexFlatL2(plan.n_components)
        quantizer.add(centroids)
        return quantizer
    graph = faiss.IndexHNSWFlat(plan.n_components, _HNSW_LINKS)
    graph.hnsw.efConstruction = _HNSW_EF_CONSTRUCTION
    n_threads = faiss.omp_get_max_threads()
    try:
        # One thread adds the centroids, because with several the links of the graph would depend
        # on the order in which the threads run.
        faiss.omp_set_num_threads(1)
        graph.add(centroids)
    finally:
        faiss.omp_set_num_threads(n_threads)
    graph.hnsw.efSearch = 2 * _HNSW_LINKS
    return graph


def _empty_index(plan: IndexPlan, quantizer: Any) -> Any:
    """An untrained FAISS index of the family that the plan names; it owns its coarse quantiser."""
    common = (quantizer, plan.n_components, plan.n_lists)
    if plan.kind == "ivfsq":
        kind = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexIVFScalarQuantizer(*common, kind, faiss.METRIC_L2, True)
    elif plan.kind == "ivfpq":
        index = faiss.IndexIVFPQ(*common, plan.n_subvectors, plan.n_bits, faiss.METRIC_L2)
        index.use_precomputed_table = -1
    else:
        index = faiss.IndexIVFPQFastScan(*common, plan.n_subvectors, plan.n_bits, faiss.METRIC_L2)
        index.by_residual = True
    quantizer.this.disown()
    index.own_fields = True
    return index
