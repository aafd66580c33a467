"""From a sample of vectors to empty inverted lists: a rotation, centroids, codes.

The sample, k-means and the graph over the centroids are seeded or made by one thread, so the same
vectors give the same lists.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.ivf.gpu_plan import GpuPlan, filled_on_gpu
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import Basis
from galsearch.index.vectors.stored_vectors import StoredVectors, Vectors

Progress = Callable[[int, int], None]
BASIS_SAMPLE = 65_536
"""Vectors that tell the directions; more change nothing that matters."""
_ITERATIONS = 8
"""Of k-means: the lists of later ones differ, the recall of a question does not."""
_GRAPH_FROM = 512
"""Centroids from which a graph over them is walked faster than all are compared."""
_GRAPH_LINKS, _GRAPH_CARE = 16, 100
_JUDGED = 8_192
"""Vectors by which rotations are judged."""
_OPQ_GAIN = 0.9
"""OPQ takes long to train; it is taken where it leaves less than this of the error."""


def draw_sample(stored: StoredVectors, n: int, seed: int) -> Vectors:
    """(min(n, stored), d) vectors drawn without repetition, in the order of their rows."""
    n = min(n, len(stored))
    rows = np.random.default_rng(seed).choice(len(stored), n, replace=False)
    return stored.take(np.sort(rows))


def train_lists(
    plan: IndexPlan, recipe: IndexRecipe, sample: Vectors, basis: Basis
) -> InvertedLists:
    """Empty lists whose quantisers the sample trained, on the CPU."""
    return trained_lists(plan, choose_turn(plan, recipe, sample, basis), sample, recipe.seed)


def trained_lists(
    plan: IndexPlan, turn: Vectors | None, sample: Vectors, seed: int
) -> InvertedLists:
    """Empty lists for vectors that `turn` turns and shortens."""
    short = sample if turn is None else np.ascontiguousarray(sample @ turn.T)
    index = _empty(plan, _quantizer(plan, centroids(plan, short, seed)))
    if plan.kind != "ivfsq":
        index.pq.cp.seed = seed
        index.pq.cp.min_points_per_centroid = 1
    index.train(short)
    return InvertedLists(index, plan, turn)


def fill(lists: InvertedLists, stored: StoredVectors, progress: Progress) -> None:
    """Put every stored vector into the lists, under its row."""
    done = 0
    for rows, vectors in stored.blocks():
        lists.add(vectors, rows)
        done += len(rows)
        progress(done, len(stored))


def build_on_gpu(
    plan: IndexPlan, recipe: IndexRecipe, stored: StoredVectors, basis: Basis, gpu: GpuPlan
) -> InvertedLists:
    """Lists that hold every stored vector under its row, trained and filled by GPUs."""
    sample = draw_sample(stored, plan.n_training, recipe.seed)
    turn = choose_turn(plan, recipe, sample, basis)
    blocks = ((rows, v if turn is None else v @ turn.T) for rows, v in stored.blocks())
    short = sample if turn is None else np.ascontiguousarray(sample @ turn.T)
    index = filled_on_gpu(plan, gpu, short, blocks, recipe.seed)
    # The graph over the centroids is the host's: a GPU compares them all.
    graph = _quantizer(plan, index.quantizer.reconstruct_n(0, plan.n_lists))
    graph.this.disown()
    index.quantizer = graph
    return InvertedLists(index, plan, turn)


def centroids(plan: IndexPlan, short: Vectors, seed: int) -> Vectors:
    """(n_lists, n_components) by k-means."""
    clustering = faiss.Clustering(plan.n_components, plan.n_lists)
    clustering.seed = seed
    clustering.niter = _ITERATIONS
    # Small sets are legitimate: recall is measured afterwards, so FAISS need not warn.
    clustering.min_points_per_centroid = 1
    clustering.max_points_per_centroid = len(short)
    clustering.train(np.ascontiguousarray(short), faiss.IndexFlatL2(plan.n_components))
    found = faiss.vector_float_to_array(clustering.centroids)
    return np.asarray(found.reshape(plan.n_lists, plan.n_components), np.float32)


def _quantizer(plan: IndexPlan, centres: Vectors) -> Any:
    if plan.n_lists < _GRAPH_FROM:
        quantizer = faiss.IndexFlatL2(plan.n_components)
        quantizer.add(centres)
        return quantizer
    graph = faiss.IndexHNSWFlat(plan.n_components, _GRAPH_LINKS)
    graph.hnsw.efConstruction = _GRAPH_CARE
    n_threads = faiss.omp_get_max_threads()
    try:
        # With several threads the links depend on who comes first.
        faiss.omp_set_num_threads(1)
        graph.add(centres)
    finally:
        faiss.omp_set_num_threads(n_threads)
    graph.hnsw.efSearch = 2 * _GRAPH_LINKS
    return graph


def _empty(plan: IndexPlan, quantizer: Any) -> Any:
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


def choose_turn(
    plan: IndexPlan, recipe: IndexRecipe, sample: Vectors, basis: Basis
) -> Vectors | None:
    """(n_components, d) what turns and shortens a vector, None where nothing shall."""
    widest = basis.axes[: plan.n_components]
    if plan.kind == "ivfsq" or recipe.rotation == "pca":
        return widest
    plain = None if plan.n_components == plan.dim else widest
    if recipe.rotation == "none":
        return None
    learned = _opq(plan, sample, recipe.seed)
    if recipe.rotation == "opq":
        return learned
    errors = {}
    for name, turn in (("plain", plain), ("opq", learned)):
        errors[name] = _coding_error(plan, sample, turn, recipe.seed)
    return learned if errors["opq"] < _OPQ_GAIN * errors["plain"] else plain


def _opq(plan: IndexPlan, sample: Vectors, seed: int) -> Vectors:
    matrix = faiss.OPQMatrix(plan.dim, plan.n_subvectors, plan.n_components)
    matrix.niter, matrix.niter_pq, matrix.niter_pq_0 = 12, 4, 8
    matrix.max_train_points = 16_384
    quantizer = faiss.ProductQuantizer(plan.n_components, plan.n_subvectors, min(plan.n_bits, 4))
    quantizer.cp.seed = seed
    matrix.pq = quantizer
    matrix.train(_some(sample, matrix.max_train_points))
    turn = faiss.vector_to_array(matrix.A).reshape(plan.n_components, plan.dim)
    return np.asarray(turn, np.float32)


def _coding_error(plan: IndexPlan, sample: Vectors, turn: Vectors | None, seed: int) -> float:
    """Mean squared error of coding what a few centroids leave of the sample."""
    some = _some(sample, 2 * _JUDGED)
    short = some if turn is None else np.ascontiguousarray(some @ turn.T)
    lost = 0.0 if turn is None else float(np.mean(np.vecdot(some, some) - np.vecdot(short, short)))
    few = faiss.Kmeans(plan.n_components, max(1, min(plan.n_lists, len(short) // 39)), seed=seed)
    few.cp.min_points_per_centroid = 1
    few.train(short)
    residual = short - few.centroids[few.index.search(short, 1)[1][:, 0]]
    quantizer = faiss.ProductQuantizer(plan.n_components, plan.n_subvectors, plan.n_bits)
    quantizer.cp.seed = seed
    quantizer.cp.min_points_per_centroid = 1
    half = len(residual) // 2
    quantizer.train(residual[:half])
    error = residual[half:] - quantizer.decode(quantizer.compute_codes(residual[half:]))
    return lost + float(np.mean(np.vecdot(error, error)))


def _some(sample: Vectors, n: int) -> npt.NDArray[np.float32]:
    """At most `n` rows, spread evenly."""
    return np.ascontiguousarray(sample[:: max(1, len(sample) // n)][:n])
