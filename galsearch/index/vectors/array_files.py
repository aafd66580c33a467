"""Names of the files that hold the vectors and the catalogue of an index, and how to map them."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError

IDS_NAME = "ids.npy"
"""(n,) int64 TARGETIDs in ascending order; the other arrays of the directory are in this order."""
VECTORS_NAME = "vectors.npy"
"""(n, width) encoded vectors, see `galsearch.index.vectors.codec`."""
PCA_NAME = "basis.npz"
"""The principal axes that `int8` vectors are encoded along."""
CATALOGUE_RECORDS_NAME = "catalogue.npy"
"""(n,) records of `CATALOGUE_DTYPE`: the columns that every result shows."""
CATALOGUE_TABLE_NAME = "catalogue.parquet"
"""All columns of the catalogue; this file is read only for a query with a filter."""
CATALOGUE_DTYPE = np.dtype(
    [("target_id", "<i8"), ("ra_deg", "<f8"), ("dec_deg", "<f8"), ("z", "<f8")]
)
"""One catalogue record for each galaxy; z is NaN where the redshift is not known."""


def map_array(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The array of a `.npy` file as a read-only memory map.

    Parameters
    ----------
    path
        The file.
    shape, dtype
        Shape and dtype that the array must have.

    Raises
    ------
    ManifestError
        Where the file is not a `.npy` file, or its array has another shape or dtype.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: not a .npy array ({error}).", path=path) from None
    if array.shape != shape or array.dtype != dtype:
        raise ManifestError(
            f"{path}: {array.dtype} of shape {array.shape}, manifest.json says {dtype} of shape "
            f"{shape}.",
            path=path,
        )
    return np.asarray(array)
