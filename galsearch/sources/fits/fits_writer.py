"""FITS files that are whole or absent, and the same bytes for the same input."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError


def write_fits(path: str | Path, hdus: Sequence[Any]) -> None:
    """Write `hdus` at `path`: to a temporary name beside it first, then renamed.

    No date, checksum or version enters, so the same arrays make the same bytes.
    """
    path = Path(path)
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(buffer.getbuffer())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def image_hdu(name: str, values: npt.ArrayLike, *, unit: str = "") -> Any:
    """An image extension called `name`, with BUNIT where `unit` is given."""
    hdu = fits.ImageHDU(np.asarray(values), name=name)
    if unit:
        hdu.header["BUNIT"] = unit
    return hdu


def table_hdu(name: str, columns: Mapping[str, npt.ArrayLike], *, where: str) -> Any:
    """A binary table called `name`; text becomes ASCII of the longest length, at least 1.

    Raises
    ------
    SourceError
        Naming `where` and the columns whose lengths differ or whose type FITS cannot hold.
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
    kind, size = array.dtype.kind, array.dtype.itemsize
    if array.ndim == 0:
        raise SourceError(f"{where}: column {name} is a single value; expected one per row.")
    if kind == "U":
        try:
            array = np.char.encode(array, "ascii") if array.size else array.astype("S1")
        except UnicodeEncodeError:
            raise SourceError(
                f"{where}: column {name} holds text that is not ASCII; FITS cannot."
            ) from None
    if array.dtype.kind == "S":
        return array.astype(f"S{max(1, array.dtype.itemsize)}")
    # astropy would write float16 as float32 unsaid, and int8 as logical: FITS has neither.
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
