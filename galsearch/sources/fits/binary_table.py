"""The rows of a FITS binary table as NumPy columns (FITS 4.0, section 7.3)."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header

_TFORM = re.compile(r"(\d*)([LXBIJKAEDCMPQ])")
_TYPES = {"L": "u1", "B": "u1", "X": "u1", "I": ">i2", "J": ">i4", "K": ">i8"}
_TYPES |= {"E": ">f4", "D": ">f8", "C": ">c8", "M": ">c16", "P": ">i4", "Q": ">i8"}


def decode_table(
    header: Header, content: bytes, columns: Sequence[str] | None, *, where: str
) -> dict[str, npt.NDArray[Any]]:
    """Columns of a table, name -> (n,) or (n, width) values in native byte order.

    Text comes without padding, logicals as bool, unsigned integers as such. Bit fields are bytes.
    Columns of variable length (TFORM P, Q) are no columns of galaxies and are left out.

    Raises
    ------
    SourceError
        Where the header contradicts itself; `where` names file and table.
    """
    n_rows, row_bytes = header.count("NAXIS2"), header.count("NAXIS1")
    formats = column_formats(header, where=where)
    names = [header.label(f"TTYPE{n + 1}", f"COLUMN{n + 1}") for n in range(len(formats))]
    fields = [(f"f{number}", dtype) for number, (_, dtype) in enumerate(formats)]
    dtype = np.dtype(fields)
    if dtype.itemsize != row_bytes or len(set(names)) != len(names):
        raise SourceError(
            f"{where}: {len(names)} columns ({len(set(names))} names) take {dtype.itemsize} bytes "
            f"a row; NAXIS1 says {row_bytes}."
        )
    rows = np.frombuffer(content, dtype=dtype, count=n_rows)
    return {
        name: _column(header, rows[f"f{number}"], formats[number][0], number + 1)
        for number, name in enumerate(names)
        if formats[number][0] not in "PQ" and (columns is None or name in columns)
    }


def column_formats(header: Header, *, where: str) -> list[tuple[str, Any]]:
    """TFORM letter and stored dtype of every column.

    Raises
    ------
    SourceError
        Where a TFORM is missing or is none.
    """
    numbers = range(1, header.count("TFIELDS") + 1)
    return [_format(header.label(f"TFORM{number}"), number, where) for number in numbers]


def _format(tform: str, number: int, where: str) -> tuple[str, Any]:
    match = _TFORM.match(tform)
    if not match:
        raise SourceError(f"{where}: TFORM{number} is {tform!r}, no type of a binary table.")
    repeat, letter = int(match[1] or 1), match[2]
    if letter == "A":
        return letter, np.dtype((np.bytes_, repeat)) if repeat else np.dtype("V0")
    if letter == "X":
        repeat = -(-repeat // 8)
    if letter in "PQ":
        repeat *= 2
    return letter, np.dtype(_TYPES[letter]) if repeat == 1 else np.dtype((_TYPES[letter], repeat))


def _column(header: Header, values: npt.NDArray[Any], letter: str, number: int) -> npt.NDArray[Any]:
    if letter == "A":
        if values.dtype.itemsize == 0:
            return np.full(len(values), "")
        return np.asarray(np.char.rstrip(np.char.decode(values, "ascii", "replace")))
    native = np.array(values, dtype=values.dtype.newbyteorder("="))
    if letter == "L":
        return np.asarray(native == ord("T"))
    scale, zero = (header.number(f"{k}{number}", d) for k, d in (("TSCAL", 1), ("TZERO", 0)))
    return rescale(native, scale, zero)


def rescale(stored: npt.NDArray[Any], scale: float, zero: float) -> npt.NDArray[Any]:
    """`stored * scale + zero`; unsigned integers, which FITS stores shifted by half, as such."""
    if (scale, zero) == (1, 0):
        return stored
    if scale == 1 and stored.dtype.kind == "i" and zero == 2 ** (8 * stored.itemsize - 1):
        unsigned = np.dtype(f"u{stored.itemsize}")
        return np.asarray(stored.view(unsigned) ^ np.array(int(zero), dtype=unsigned))
    return np.asarray(stored * float(scale) + float(zero))
