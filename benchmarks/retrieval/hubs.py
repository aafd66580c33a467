"""Hubs: candidates that are near to everyone. How uneven they make answers, and two cures.

Both cures learn from a bank of galaxies that are not asked (validation and train): how near a
question or a candidate lies to the bank's other modality says how much of a hub it is.
"""

import numpy as np
import numpy.typing as npt
import torch

Floats = npt.NDArray[np.float32]

NEIGHBOURS = 10
SMALLEST_BANK = 50


def hub_skew(score: npt.NDArray[np.floating], k: int = NEIGHBOURS) -> float:
    """Skewness of how often each candidate is among the `k` nearest: 0 is even, above 1 hubby."""
    k = min(k, len(score))
    nearest = np.argpartition(-score, k - 1, axis=1)[:, :k]
    counts = np.bincount(nearest.ravel(), minlength=score.shape[1]).astype(np.float64)
    spread = counts.std()
    return float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread else 0.0


def csls(
    cosine: Floats,
    question_to_bank: Floats,
    candidate_to_bank: Floats,
    k: int = NEIGHBOURS,
) -> Floats:
    """Cross-domain similarity local scaling (Lample et al. 2018, equation 3): 2 cos - r(question)
    - r(candidate), where r is the mean cosine with the `k` nearest of the bank.

    Parameters
    ----------
    cosine : (n, m)
        Questions by candidates.
    question_to_bank : (n, b)
        Cosines of questions with the bank's vectors of the candidates' modality.
    candidate_to_bank : (m, b)
        Cosines of candidates with the bank's vectors of the questions' modality.
    """
    question, candidate = (
        np.sort(near, axis=1)[:, -k:].mean(axis=1) for near in (question_to_bank, candidate_to_bank)
    )
    return np.asarray(2 * cosine - question[:, None] - candidate[None, :], dtype=np.float32)


def mutual_proximity(cosine: Floats, question_to_bank: Floats, candidate_to_bank: Floats) -> Floats:
    """Log of the chance that both sides find each other nearer than the bank (Schnitzer et al.
    2012, section 3.2, independent normal distributions). Parameters as `csls`.
    """
    total = np.zeros_like(cosine)
    for near, axis in ((question_to_bank, 1), (candidate_to_bank, 0)):
        mean, spread = near.mean(axis=1), np.maximum(near.std(axis=1), 1e-6)
        standard = (cosine - np.expand_dims(mean, axis)) / np.expand_dims(spread, axis)
        total += torch.special.log_ndtr(torch.from_numpy(standard.astype(np.float64))).numpy()
    return total
