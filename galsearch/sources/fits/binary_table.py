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
_MAX_REPEAT = 2**27
"""Number of values in a field from which a row would be beyond the 2**31 bytes of a NumPy dtype."""
_EXACT = (np.int64, np.uint64)


def decode_table(
    header: Header,
    content: bytes,
    columns: Sequence[str] | None,
    *,
    where: str,
    n_rows: int | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Columns of a FITS table by name: (n,) or (n, width) values in native byte order.

    Text is returned without padding, logicals as bool, unsigned integers as unsigned, bit fields
    as bytes. Columns of variable length (TFORM P and Q) are left out, as no catalogue of galaxies
    has them. A column with null values (TNULL, or a logical that is neither T nor F) is a masked
    array.

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
    n_rows
        Number of rows in `content`; by default all rows of the table.

    Raises
    ------
    SourceError
        Where the header contradicts itself.
    """
    n_rows = header.count("NAXIS2") if n_rows is None else n_rows
    row_bytes = header.count("NAXIS1")
    if header.label("ZTABLE") == "True":
        raise SourceError(
            f"{where} is compressed (ZTABLE); expected a table that is not, as funpack makes it."
        )
    formats = column_formats(header, where=where)
    names = [header.label(f"TTYPE{n + 1}", f"COLUMN{n + 1}") for n in range(len(formats))]
    width = sum(dtype.itemsize for _, dtype in formats)
    if width != row_bytes or len(set(names)) != len(names) or width >= 2**31:
        raise SourceError(
            f"{where}: {len(names)} columns ({len(set(names))} names) have {width} bytes "
            f"in each row; NAXIS1 states {row_bytes}."
        )
    if len(content) < n_rows * row_bytes:
        raise SourceError(
            f"{where}: {n_rows} rows of {row_bytes} bytes are stated; there are "
            f"{len(content)} bytes."
        )
    if not row_bytes:
        return {}
    dtype = np.dtype([(f"f{number}", dtype) for number, (_, dtype) in enumerate(formats)])
    rows = np.frombuffer(content, dtype=dtype, count=n_rows)
    return {
        name: _column(
            header, rows[f"f{number}"], formats[number][0], number + 1, f"{where}: {name}"
        )
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
    if letter == "X":
        repeat = -(-repeat // 8)
    if letter in "PQ":
        repeat *= 2
    if repeat >= _MAX_REPEAT:
        raise SourceError(f"{where}: TFORM{number} is {tform!r}, wider than any row.")
    if letter == "A":
        return letter, np.dtype((np.bytes_, repeat)) if repeat else np.dtype("V0")
    return letter, np.dtype(_TYPES[letter]) if repeat == 1 else np.dtype((_TYPES[letter], repeat))


def _column(
    header: Header, values: npt.NDArray[Any], letter: str, number: int, where: str
) -> npt.NDArray[Any]:
    if letter == "A":
        return _texts(values)
    native = np.array(values, dtype=values.dtype.newbyteorder("="))
    if letter == "L":
        return _masked(native == ord("T"), (native != ord("T")) & (native != ord("F")))
    if letter == "X":
        return native
    scale, zero = (header.number(f"{k}{number}", d) for k, d in (("TSCAL", 1), ("TZERO", 0)))
    physical = rescale(native, scale, zero, where=where)
    null = header.get(f"TNULL{number}")
    if null is None or native.dtype.kind == "c":
        return physical
    null = header.number(f"TNULL{number}", 0)
    empty = native == null
    if physical.dtype.kind == "u" and native.dtype.kind == "i":
        # The standard defines TNULL as a stored value. Astropy writes the physical value in columns
        # of unsigned integers. Both are taken for null, so that no null becomes a number.
        empty |= physical == null
    return _masked(physical, empty)


def _texts(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Text of a column, up to the first zero byte and without padding, as UTF-8 or Latin-1."""
    if values.dtype.itemsize == 0:
        return np.full(len(values), "")
    bytes_of_rows = (
        np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.dtype.itemsize)
    )
    ended = np.logical_or.accumulate(bytes_of_rows == 0, axis=1)
    if (bytes_of_rows[ended] != 0).any():
        values = np.where(ended, np.uint8(0), bytes_of_rows).view(values.dtype)[:, 0]
    try:
        decoded = np.char.decode(values, "utf-8")
    except UnicodeDecodeError:
        decoded = np.char.decode(values, "latin-1")
    return np.asarray(np.char.rstrip(decoded))


def _masked(values: npt.NDArray[Any], empty: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values, as a masked array where some are null."""
    return np.ma.MaskedArray(values, empty) if np.any(empty) else values


def rescale(
    stored: npt.NDArray[Any], scale: float, zero: float, *, where: str = "integers"
) -> npt.NDArray[Any]:
    """Physical values of a FITS column or image: stored values times `scale` plus `zero`.

    FITS stores unsigned integers as signed ones, shifted by half their range; such values are
    returned as unsigned integers. Integers that are scaled or shifted by integers stay integers,
    so that no digit is lost.

    Raises
    ------
    SourceError
        Where an integer is beyond 64 bits; `where` names file and column.

    Examples
    --------
    >>> rescale(np.array([-32768, 0], np.int16), 1.0, 32768.0)
    array([    0, 32768], dtype=uint16)
    """
    if (scale, zero) == (1, 0):
        return stored
    if stored.dtype.kind not in "iu" or scale != int(scale) or zero != int(zero):
        return np.asarray(stored * float(scale) + float(zero))
    scale, zero = int(scale), int(zero)
    if scale == 1 and stored.dtype.kind == "i" and zero == 2 ** (8 * stored.itemsize - 1):
        unsigned = np.dtype(f"u{stored.itemsize}")
        return np.asarray(stored.view(unsigned) ^ np.array(zero, dtype=unsigned))
    ends = [int(end) * scale + zero for end in (stored.min(initial=0), stored.max(initial=0))]
    exact = next(
        (t for t in _EXACT if all(np.iinfo(t).min <= e <= np.iinfo(t).max for e in ends)), None
    )
    if exact is None:
        raise SourceError(
            f"{where}: integers from {min(ends)} to {max(ends)}, which 64 bits cannot hold."
        )
    # Sums and products of unsigned integers are modulo 2**64, as are those of two's complement.
    modulo = [np.array(number % 2**64, np.uint64) for number in (scale, zero)]
    bits = stored.astype(np.int64).view(np.uint64)
    return np.asarray((bits * modulo[0] + modulo[1]).view(exact))
