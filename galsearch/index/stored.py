"""What lies memory-mapped beside the quantised index: ids with their vectors, ids with places.

`<modality>/ids.npy` (n,) int64 ascending, `<modality>/vectors.npy` (n, d) float32 unit rows;
`catalogue.npy` (n,) records of target_id, ra_deg, dec_deg, z, ascending by target_id, found
through `ids.npy` beside it: plain ids are searched without reading the records between.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError

IDS_NAME, VECTORS_NAME, CATALOGUE_NAME = "ids.npy", "vectors.npy", "catalogue.npy"
CATALOGUE_DTYPE = np.dtype(
    [("target_id", "<i8"), ("ra_deg", "<f8"), ("dec_deg", "<f8"), ("z", "<f8")]
)
"""One record a galaxy; z is NaN where it is not known."""

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def find_rows(sorted_ids: Ids, wanted: Ids) -> npt.NDArray[np.int64]:
    """(n,) row of each wanted id, -1 for an id that is not there.

    Examples
    --------
    >>> find_rows(np.array([3, 7, 9]), np.array([9, 4, 3]))
    array([ 2, -1,  0])
    """
    if not len(sorted_ids):
        return np.full(len(wanted), -1)
    row = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[row] == wanted, row, -1)


@dataclass(frozen=True, eq=False)
class StoredVectors:
    """The vectors of one modality by TARGETID."""

    ids: Ids
    """(n,) ascending, unique."""
    vectors: Vectors
    """(n, d) unit rows."""

    @classmethod
    def open(cls, directory: Path, *, n_vectors: int, dim: int) -> "StoredVectors":
        """The mapped arrays of `directory`, whose shapes must be those of the manifest.

        Raises
        ------
        ManifestError
            Naming the array of another shape or dtype.
        """
        ids = map_array(directory / IDS_NAME, (n_vectors,), np.dtype("<i8"))
        vectors = map_array(directory / VECTORS_NAME, (n_vectors, dim), np.dtype("<f4"))
        return cls(ids, vectors)

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, target_ids: Ids) -> npt.NDArray[np.int64]:
        """(n,) row of each TARGETID, -1 for one that is not stored."""
        return find_rows(self.ids, target_ids)

    def cosines(self, rows: npt.NDArray[np.int64], question: Vectors) -> npt.NDArray[np.float32]:
        """(n,) true cosine of the stored vectors at `rows` with one unit vector, in [-1, 1].

        Summed in double precision row by row, so that a pair has one value however it was found
        and equal vectors have equal cosines.
        """
        found = self.vectors[rows].astype(np.float64)
        cosine = np.vecdot(found, question.astype(np.float64))
        return np.asarray(np.clip(cosine, -1.0, 1.0), dtype=np.float32)


def map_array(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The array of a .npy file, memory-mapped and read-only.

    Raises
    ------
    ManifestError
        Where the file is no such array.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: not a .npy array ({error}).") from None
    if array.shape != shape or array.dtype != dtype:
        raise ManifestError(
            f"{path}: {array.dtype} of shape {array.shape}, manifest.json says {dtype} of shape "
            f"{shape}. Build the index again with galsearch build-index."
        )
    return np.asarray(array)
