"""Writing of FITS files, atomically and with the same bytes from the same input."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.files.atomic import write_bytes


def write_fits(path: str | Path, hdus: Sequence[Any]) -> None:
    """Write HDUs as a FITS file, atomically.

    The file holds no date, checksum or software version, so the same arrays make the same bytes.
    """
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    write_bytes(Path(path), buffer.getbuffer())


def image_hdu(name: str, values: npt.ArrayLike, *, unit: str = "") -> Any:
    """An image extension with EXTNAME `name`, and with the keyword BUNIT if a unit is given."""
    hdu = fits.ImageHDU(np.asarray(values), name=name)
    if unit:
        hdu.header["BUNIT"] = unit
    return hdu


def table_hdu(name: str, columns: Mapping[str, npt.ArrayLike], *, where: str) -> Any:
    """A binary table HDU with EXTNAME `name`; text is stored as ASCII of the longest length.

    Raises
    ------
    SourceError
        Where the lengths of columns differ, or a type cannot be stored in FITS; the message
        names the columns and the file (`where`).
    """
    arrays = {key: _storable(key, np.asarray(v), where) for key, v in columns.items()}
    lengths = {key: len(array) for key, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise SourceError(f"{where}: the columns of table {name} must share one length: {found}.")
    fields = [(key, array.dtype, array.shape[1:]) for key, array in arrays.items()]
    rows = np.zeros(next(iter(lengths.values()), 0), dtype=fields)
    for key, array in arrays.items():
        rows[key] = array
    return fits.BinTableHDU(rows, name=name)


def _storable(name: str, array: npt.NDArray[Any], where: str) -> npt.NDArray[Any]:
    """A column of a table, converted to a type that a FITS table can hold."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if array.ndim == 0:
        raise SourceError(f"{where}: column {name} is a single value; expected one for each row.")
    if kind == "U":
        try:
            array = np.char.encode(array, "ascii") if array.size else array.astype("S1")
        except UnicodeEncodeError:
            raise SourceError(
                f"{where}: column {name} holds text that is not ASCII, which FITS cannot store."
            ) from None
    if array.dtype.kind == "S":
        return array.astype(f"S{max(1, array.dtype.itemsize)}")
    # float16 and int8 are converted because FITS has neither type, and astropy would write int8 as
    # logical.
    if kind == "f" and size == 2:
        return array.astype(np.float32)
    if kind == "i" and size == 1:
        return array.astype(np.int16)
    if kind not in "biuf" or size > 8:
        raise SourceError(
            f"{where}: column {name} is of type {array.dtype}; a FITS table holds numbers, "
            "logicals and text."
        )
    return array
