"""Arrays of NumPy in files .npy."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import SourceError
from galsearch.files.content_kind import N_FIRST_BYTES, describe_content

_MAGIC = b"\x93NUMPY"


def load_array(path: Path) -> npt.NDArray[Any]:
    """The array in a file that numpy.save wrote; objects in it are refused.

    Raises
    ------
    SourceError
        Where the file is missing, damaged or of another kind.
    """
    try:
        with path.open("rb") as file:
            first = file.read(N_FIRST_BYTES)
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file.") from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from None
    if not first.startswith(_MAGIC):
        raise SourceError(f"{path}: not a NumPy array: it is {describe_content(first)}.")
    try:
        array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except Exception as error:
        # NumPy raises exceptions of many kinds for a damaged header.
        raise SourceError(f"{path}: a damaged NumPy array ({error}).") from None
    return array
