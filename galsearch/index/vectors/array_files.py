"""Names of the files that hold the vectors and the catalogue of an index, and their memory maps."""

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError, TooManyFilesError
from galsearch.files.held_files import OpenFile, map_npy, open_binary

IDS_NAME = "ids.npy"
"""File of the (n,) int64 TARGETIDs in ascending order. The other arrays of its directory have the
same order."""
VECTORS_NAME = "vectors.npy"
"""File of the (n, width) encoded vectors; `galsearch.index.vectors.codec` has the encodings."""
ORIGINALS_NAME = "originals.npy"
"""File of the (n, d) float32 vectors as they were embedded, where `vectors.npy` holds rounded ones.
Exact search and the measurement of recall read it; other queries do not."""
WHOLE_ROWS_NAME, WHOLE_VECTORS_NAME = "whole-rows.npy", "whole.npy"
"""Files of the rows that the `int8` encoding cannot hold, and of their float32 vectors."""
COMMON_AXES_NAME, OUTSIDE_ROWS_NAME = "common-axes.npz", "outside-rows.npy"
"""Files of the axes that common vectors span, and of the rows of the vectors outside of them."""
PCA_NAME = "basis.npz"
"""File of the principal axes along which vectors in the `int8` encoding are stored."""
CATALOGUE_RECORDS_NAME = "catalogue.npy"
"""File of the (n,) catalogue records: TARGETID, position and redshift, which every result shows."""
CATALOGUE_TABLE_NAME = "catalogue.parquet"
"""File of all columns of the catalogue; it is read for queries with a filter."""
PACKED_ROWS_NAME = "catalogue-rows.npy"
"""File of all columns of the catalogue row by row; `galsearch.index.vectors.packed_rows` describes
it. An index of an earlier version has none, and its columns are decoded from Parquet."""
PACKED_TEXTS_NAME, PACKED_TEXT_BYTES_NAME = "catalogue-texts.npy", "catalogue-text-bytes.npy"
"""Files of the ends of the different texts of the catalogue, and of their bytes."""
CATALOGUE_DTYPE = np.dtype(
    [("target_id", "<i8"), ("ra_deg", "<f8"), ("dec_deg", "<f8"), ("z", "<f8")]
)
"""Data type of a catalogue record, of which each galaxy has one; z is NaN where the redshift is not
known."""

ARRAY_FILE_ERRORS = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    RecursionError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Exceptions with which NumPy refuses damaged `.npy` and `.npz` files."""


def read_target_ids(path: Path, *, open_file: OpenFile = open_binary) -> npt.NDArray[np.int64]:
    """The (n,) int64 TARGETIDs in a `.npy` file that `open_file` opens, read as a whole.

    Raises
    ------
    ManifestError
        Where the file is not a `.npy` file, or its array is not a list of int64.
    """
    try:
        with open_file(path) as file:
            array = np.load(file, allow_pickle=False)
    except TooManyFilesError:
        raise
    except ARRAY_FILE_ERRORS as error:
        raise ManifestError(f"{path}: not a .npy array ({error}).", path=path) from None
    if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype != np.dtype("<i8"):
        raise ManifestError(f"{path}: not a list of TARGETIDs.", path=path)
    return array


def map_array(
    path: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    open_file: OpenFile = open_binary,
) -> npt.NDArray[Any]:
    """The array of a `.npy` file as a read-only memory map.

    Parameters
    ----------
    path
        The file.
    shape, dtype
        Shape and dtype that the array must have.
    open_file
        Opens the file; by default the one that is at the path now.

    Raises
    ------
    ManifestError
        Where the file is not a `.npy` file, or its array has another shape or dtype.
    """
    array = _mapped(path, open_file)
    if array.shape != shape or array.dtype != dtype:
        raise ManifestError(
            f"{path}: {array.dtype} of shape {array.shape}, manifest.json says {dtype} of shape "
            f"{shape}.",
            path=path,
        )
    return array


def map_list(path: Path, *, open_file: OpenFile = open_binary) -> npt.NDArray[Any]:
    """The (n,) array of a `.npy` file as a read-only memory map, whatever its length and dtype.

    Raises
    ------
    ManifestError
        Where the file is not a `.npy` file, or its array has another number of dimensions.
    """
    array = _mapped(path, open_file)
    if array.ndim != 1:
        raise ManifestError(f"{path}: an array of shape {array.shape}, not a list.", path=path)
    return array


def _mapped(path: Path, open_file: OpenFile) -> npt.NDArray[Any]:
    try:
        with open_file(path) as file:
            return map_npy(file)
    except TooManyFilesError:
        raise
    except ARRAY_FILE_ERRORS as error:
        raise ManifestError(f"{path}: not a .npy array ({error}).", path=path) from None
