"""Correction of similarities for hubs: vectors that are similar to almost every other vector."""

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array


def csls(
    cosine: npt.NDArray[np.floating],
    usual_of_one: npt.NDArray[np.floating],
    usual_of_other: npt.NDArray[np.floating],
) -> Float64Array:
    """Cosines corrected by cross-domain similarity local scaling.

    The result is 2 cosine - r(one) - r(other), where r is the mean cosine of a vector with its
    nearest vectors of the other modality (Lample et al. 2018, equation 3). A vector that is near to
    everything has a large r, so that its similarities count less. Values lie between -4 and 4, and
    0 is that of a pair whose vectors are as similar to each other as to their nearest others.

    Parameters
    ----------
    cosine
        Cosines of pairs of vectors, of any shape.
    usual_of_one, usual_of_other
        r of the vectors of each pair, of shapes that broadcast with `cosine`.

    Examples
    --------
    >>> csls(np.array([0.8, 0.8]), np.array([0.8, 0.9]), np.array([0.8, 0.9])).round(2).tolist()
    [0.0, -0.2]
    """
    return np.asarray(2.0 * cosine - usual_of_one - usual_of_other)
