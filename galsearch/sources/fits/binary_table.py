"""Columns of FITS binary tables as NumPy arrays (FITS 4.0, section 7.3)."""

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
    """Columns of a FITS table by name: (n,) or (n, width) values in native byte order.

    Text is returned without padding, logicals as bool, unsigned integers as unsigned, bit fields
    as bytes. Columns of variable length (TFORM P and Q) are left out, as no catalogue of galaxies
    has them.

    Parameters
    ----------
    header
        Header of the table's HDU.
    content
        Bytes of the table's data.
    columns
        Names of the wanted columns; None for all. Names that the table lacks are ignored.
    where
        Name of file and table in messages.

    Raises
    ------
    SourceError
        Where the header contradicts itself.
    """
    n_rows, row_bytes = header.count("NAXIS2"), header.count("NAXIS1")
    formats = column_formats(header, where=where)
    names = [header.label(f"TTYPE{n + 1}", f"COLUMN{n + 1}") for n in range(len(formats))]
    fields = [(f"f{number}", dtype) for number, (_, dtype) in enumerate(formats)]
    dtype = np.dtype(fields)
    if dtype.itemsize != row_bytes or len(set(names)) != len(names):
        raise SourceError(
            f"{where}: {len(names)} columns ({len(set(names))} names) have {dtype.itemsize} bytes "
            f"in each row; NAXIS1 states {row_bytes}."
        )
    rows = np.frombuffer(content, dtype=dtype, count=n_rows)
    return {
        name: _column(header, rows[f"f{number}"], formats[number][0], number + 1)
        for number, name in enumerate(names)
        if formats[number][0] not in "PQ" and (columns is None or name in columns)
    }


def column_formats(header: Header, *, where: str) -> list[tuple[str, Any]]:
    """TFORM letter and stored dtype of each column of a FITS table.

    Raises
    ------
    SourceError
        Where a TFORM is missing or invalid.
    """
    numbers = range(1, header.count("TFIELDS") + 1)
    return [_format(header.label(f"TFORM{number}"), number, where) for number in numbers]


def _format(tform: str, number: int, where: str) -> tuple[str, Any]:
    match = _TFORM.match(tform)
    if not match:
        raise SourceError(f"{where}: TFORM{number} is {tform!r}, not a type of a binary table.")
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
    """Physical values of a FITS column or image: stored values times `scale` plus `zero`.

    FITS stores unsigned integers as signed ones, shifted by half their range; such values are
    returned as unsigned integers.

    Examples
    --------
    >>> rescale(np.array([-32768, 0], np.int16), 1.0, 32768.0)
    array([    0, 32768], dtype=uint16)
    """
    if (scale, zero) == (1, 0):
        return stored
    if scale == 1 and stored.dtype.kind == "i" and zero == 2 ** (8 * stored.itemsize - 1):
        unsigned = np.dtype(f"u{stored.itemsize}")
        return np.asarray(stored.view(unsigned) ^ np.array(int(zero), dtype=unsigned))
    return np.asarray(stored * float(scale) + float(zero))
