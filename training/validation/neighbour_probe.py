"""R2 of a label predicted from nearest neighbours of an embedding, without any training.

The losses of pre-training decrease for many reasons, so this score shows what an embedding has
learned about galaxies.
"""

from collections.abc import Callable

import numpy as np
from torch import Tensor
from torch.nn import functional

from galsearch.core.arrays import Float64Array, Rows
from training.data.galaxies import TrainingGalaxies


def neighbours_r2(
    reference: Tensor,
    reference_labels: Float64Array,
    query: Tensor,
    labels: Float64Array,
    *,
    k: int = 16,
) -> float:
    """R2 of labels predicted as the mean label of the k most similar reference galaxies, weighted
    by 1 / distance.

    Parameters
    ----------
    reference, query : (n, E), (m, E)
        Embeddings, which are compared by cosine.
    reference_labels, labels : (n,), (m,)
        Labels of the reference galaxies and of the query galaxies.
    k
        Number of neighbours.
    """
    rows, columns = functional.normalize(query.float()), functional.normalize(reference.float())
    similarity, nearest = (rows @ columns.T).topk(min(k, len(reference)), dim=1)
    weights = 1 / (2 - 2 * similarity).clamp(min=1e-6).sqrt().double().numpy()
    predicted = (weights * reference_labels[nearest.numpy()]).sum(1) / weights.sum(1)
    return float(1 - np.square(predicted - labels).sum() / np.square(labels - labels.mean()).sum())


def probe_rows(
    galaxies: TrainingGalaxies, labels: Float64Array, split: str, limit: int, seed: int
) -> Rows:
    """At most `limit` row numbers of labelled galaxies in a split, in random order."""
    rows = galaxies.rows_of(split)
    rows = rows[np.isfinite(labels[rows])]
    chosen: Rows = np.random.default_rng(seed).permutation(rows)[:limit]
    return chosen


def label_r2(
    embed: Callable[[Rows], Tensor],
    galaxies: TrainingGalaxies,
    labels: Float64Array,
    n_reference: int,
    seed: int,
) -> float:
    """R2 of a label of validation galaxies, from their neighbours among training galaxies.

    Parameters
    ----------
    embed
        Returns the embeddings of the galaxies in some rows.
    galaxies
        The galaxies of the stage.
    labels : (n,)
        Label of each galaxy, NaN where unknown.
    n_reference
        Largest number of training galaxies; at most a quarter as many validation galaxies are
        used.
    seed
        Seed of the random choice of training and validation galaxies.
    """
    reference = probe_rows(galaxies, labels, "train", n_reference, seed)
    query = probe_rows(galaxies, labels, "validation", max(2, n_reference // 4), seed)
    return neighbours_r2(embed(reference), labels[reference], embed(query), labels[query])
