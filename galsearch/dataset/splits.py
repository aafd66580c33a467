"""Division of galaxies into training, validation and test sets by TARGETID alone.

A galaxy is in the same set whatever else the dataset holds and in whatever order it was ingested.
"""

import numpy as np
import numpy.typing as npt

from galsearch.core.target_id import as_target_ids

SPLITS = ("train", "validation", "test")
_TENTHS_TRAIN, _TENTHS_VALIDATION = 8, 1


def split_of(target_ids: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """(n,) set of each galaxy: 'train' (80 %), 'validation' (10 %) or 'test' (10 %).

    The set follows from a hash of the TARGETID, the output function of splitmix64 (Steele, Lea
    and Flood 2014), modulo 10: 0 to 7 is train, 8 validation, 9 test.

    Parameters
    ----------
    target_ids : (n,)
        TARGETIDs of the galaxies, positive integers.

    Raises
    ------
    InvalidTargetIdError
        Where the TARGETIDs are not positive integers.

    Examples
    --------
    >>> split_of([39627848784286003, 39633345008634465, 39627866878511337])
    array(['train', 'train', 'train'], dtype='<U10')
    """
    tenth = _splitmix64(as_target_ids(target_ids).view(np.uint64)) % np.uint64(10)
    number = (tenth >= _TENTHS_TRAIN).astype(int) + (tenth >= _TENTHS_TRAIN + _TENTHS_VALIDATION)
    return np.asarray(np.array(SPLITS)[number])


def _splitmix64(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = value + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
