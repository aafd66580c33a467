"""Hubness (a few candidates are near to almost every query), and two corrections for it.

Both corrections learn from a bank of galaxies that are not queries (of the validation and train
splits): the cosines of a query or candidate with the bank's other modality measure how much of a
hub it is.
"""

import numpy as np
import numpy.typing as npt
import torch

from galsearch.analysis import hub_correction
from galsearch.core.arrays import Float32Array

NEIGHBOURS = 10
SMALLEST_BANK = 50


def hub_skew(score: npt.NDArray[np.floating], k: int = NEIGHBOURS) -> float:
    """Hubness of scores (queries by candidates): the skewness, over candidates, of the number of
    queries for which a candidate is among the `k` nearest.

    The skewness is 0 where candidates appear evenly; above 1 there are marked hubs.
    """
    k = min(k, len(score))
    nearest = np.argpartition(-score, k - 1, axis=1)[:, :k]
    counts = np.bincount(nearest.ravel(), minlength=score.shape[1]).astype(np.float64)
    spread = counts.std()
    return float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread else 0.0


def csls(
    cosine: Float32Array,
    query_to_bank: Float32Array,
    candidate_to_bank: Float32Array,
    k: int = NEIGHBOURS,
) -> Float32Array:
    """(n, m) scores by cross-domain similarity local scaling (Lample et al. 2018, equation 3).

    The score is 2 cos - r(query) - r(candidate), where r is the mean cosine with the `k` nearest
    vectors of a bank of other galaxies.

    Parameters
    ----------
    cosine : (n, m)
        Queries by candidates.
    query_to_bank : (n, b)
        Cosines of queries with the bank's vectors of the candidates' modality.
    candidate_to_bank : (m, b)
        Cosines of candidates with the bank's vectors of the queries' modality.
    """
    query, candidate = (
        np.sort(near, axis=1)[:, -k:].mean(axis=1) for near in (query_to_bank, candidate_to_bank)
    )
    corrected = hub_correction.csls(cosine, query[:, None], candidate[None, :])
    return corrected.astype(np.float32)


def mutual_proximity(
    cosine: Float32Array, query_to_bank: Float32Array, candidate_to_bank: Float32Array
) -> Float32Array:
    """(n, m) logarithm of the probability that a query and a candidate are nearer to each other
    than to the galaxies of a bank.

    Mutual proximity with independent normal distributions (Schnitzer et al. 2012, section 3.2).
    The parameters are cosines: of queries with candidates (n, m), of queries with the bank (n, b),
    and of candidates with the bank (m, b).
    """
    total = np.zeros_like(cosine)
    for near, axis in ((query_to_bank, 1), (candidate_to_bank, 0)):
        mean, spread = near.mean(axis=1), np.maximum(near.std(axis=1), 1e-6)
        standard = (cosine - np.expand_dims(mean, axis)) / np.expand_dims(spread, axis)
        total += torch.special.log_ndtr(torch.from_numpy(standard.astype(np.float64))).numpy()
    return total
