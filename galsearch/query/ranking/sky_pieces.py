"""Galaxies that lie close together on the sky, such as pieces of one that was deblended."""

import numpy as np

from galsearch.core.arrays import BoolArray, Float64Array
from galsearch.query.inputs.sky.sky_position import separation_arcsec


def without_close_ones(
    ra_deg: Float64Array, dec_deg: Float64Array, radius_arcsec: float
) -> BoolArray:
    """True for each position that is farther than `radius_arcsec` from every earlier true one.

    Parameters
    ----------
    ra_deg, dec_deg : (n,) degrees
        Positions in the order of their rank. One that is not known is close to none.

    Examples
    --------
    >>> without_close_ones(np.array([10.0, 10.0, 10.0]), np.array([0.0, 0.0005, 0.001]), 2.0)
    array([ True, False,  True])
    """
    known = np.flatnonzero(np.isfinite(ra_deg) & np.isfinite(dec_deg))
    order = known[np.argsort(dec_deg[known], kind="stable")]
    pairs = []
    for step in range(1, len(order)):
        first, second = order[:-step], order[step:]
        near = dec_deg[second] - dec_deg[first] <= radius_arcsec / 3600
        if not near.any():
            break
        first, second = first[near], second[near]
        distances = separation_arcsec(
            ra_deg[first], dec_deg[first], ra_deg[second], dec_deg[second]
        )
        close = distances <= radius_arcsec
        pairs.append(np.stack([first[close], second[close]], axis=1))
    keep = np.ones(len(ra_deg), bool)
    if not pairs:
        return keep
    ranked = np.sort(np.concatenate(pairs), axis=1)
    for earlier, later in ranked[np.argsort(ranked[:, 1], kind="stable")]:
        keep[later] &= not keep[earlier]
    return keep
