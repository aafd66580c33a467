"""Look-up of TARGETIDs in arrays: the row at which each wanted galaxy is found."""

import numpy as np

from galsearch.core.arrays import Rows, TargetIds


def find_rows(sorted_ids: TargetIds, wanted: TargetIds) -> Rows:
    """The row of each wanted TARGETID in a sorted array; -1 for one that is not in the array.

    Parameters
    ----------
    sorted_ids : (n,) int64
        TARGETIDs in ascending order. Where one occurs several times, its first row is returned.
    wanted : (m,) int64
        TARGETIDs to look up, in any order.

    Returns
    -------
    (m,) int64
        Rows of `sorted_ids`, in the order of `wanted`.

    Examples
    --------
    >>> find_rows(np.array([3, 7, 9]), np.array([9, 4, 3]))
    array([ 2, -1,  0])
    """
    if not len(sorted_ids):
        return np.full(len(wanted), -1)
    row = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[row] == wanted, row, -1)


def find_rows_unsorted(ids: TargetIds, wanted: TargetIds) -> Rows:
    """The row of each wanted TARGETID in an unsorted array; -1 for one that is not in the array.

    Parameters
    ----------
    ids : (n,) int64
        TARGETIDs in any order. Where one occurs several times, its first row is returned.
    wanted : (m,) int64
        TARGETIDs to look up, in any order.

    Returns
    -------
    (m,) int64
        Rows of `ids`, in the order of `wanted`.

    Examples
    --------
    >>> find_rows_unsorted(np.array([9, 3, 7]), np.array([9, 4, 3]))
    array([ 0, -1,  1])
    """
    if not len(ids):
        return np.full(len(wanted), -1)
    order = np.argsort(ids, kind="stable")
    row = find_rows(ids[order], wanted)
    return np.where(row >= 0, order[row], -1)
