"""Conformal calibration: quantiles of scores of held-out galaxies, and ranks among them.

Where the galaxies of a query and the held-out galaxies are exchangeable (no order of them is more
probable than another), an interval between two such quantiles holds the truth with at least the
stated probability, whatever the distribution is (Vovk et al. 2005; Lei et al. 2018).
"""

import math

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array


def interval_limits(sorted_scores: Float64Array, coverage: float) -> tuple[float, float]:
    """The two scores between which a new score lies with at least the probability `coverage`.

    A limit is infinite where there are too few scores for it.

    Parameters
    ----------
    sorted_scores : (n,)
        Scores of held-out galaxies, ascending.
    coverage
        Probability between 0 and 1. Half of the rest lies on either side.

    Examples
    --------
    >>> interval_limits(np.arange(1.0, 100.0), 0.9)
    (5.0, 95.0)
    >>> interval_limits(np.arange(3.0), 0.95)
    (-inf, inf)
    """
    n = len(sorted_scores)
    tail = (1 - coverage) / 2
    # The small number keeps products such as 100 * 0.05 whole after rounding.
    below = math.floor((n + 1) * tail + 1e-9)
    low = sorted_scores[below - 1] if below >= 1 else -math.inf
    high = sorted_scores[n - below] if below >= 1 else math.inf
    return float(low), float(high)


def share_at_least(sorted_scores: Float64Array, scores: npt.NDArray[np.floating]) -> Float64Array:
    """(m,) conformal p-values: the share of held-out scores at least as large as each new score.

    The new score counts as one of them, so that a p-value is never 0.

    Examples
    --------
    >>> share_at_least(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.5, 9.0])).tolist()
    [1.0, 0.5, 0.25]
    """
    n = len(sorted_scores)
    larger = n - np.searchsorted(sorted_scores, scores, side="left")
    return np.asarray((larger + 1) / (n + 1))


def probability_integral_transform(
    sorted_scores: Float64Array, scores: npt.NDArray[np.floating]
) -> Float64Array:
    """(m,) share of held-out scores below each new score, between 0 and 1.

    It is uniformly distributed where the calibration holds.

    Examples
    --------
    >>> probability_integral_transform(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0])).tolist()
    [0.125, 0.5]
    """
    below = np.searchsorted(sorted_scores, scores, side="left")
    upto = np.searchsorted(sorted_scores, scores, side="right")
    return np.asarray((below + upto + 1) / 2 / (len(sorted_scores) + 1))
