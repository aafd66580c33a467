"""Tables in Parquet and VOTable, with exact integers and with masks where values are missing."""

import io
import warnings
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.errors import SourceError
from galsearch.files.parquet_input import damage_named, open_parquet
from galsearch.sources.fits.unit_text import check_unit_text

_IS_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_VOTABLE_ROOT = b"<VOTABLE"


def is_votable(first_bytes: bytes) -> bool:
    """True for the first bytes of a VOTable, whose root element may follow other XML.

    Examples
    --------
    >>> is_votable(b'<?xml version="1.0"?><VOTABLE version="1.4">')
    True
    """
    return first_bytes.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and (
        _VOTABLE_ROOT in first_bytes
    )


def read_parquet_table(url: str, content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Columns of a Parquet table by name; masked arrays where values are null.

    Columns of dates, lists and other types that are neither numbers nor text are left out.

    Parameters
    ----------
    url
        Name of the file in messages.
    content
        Bytes of the file.

    Raises
    ------
    SourceError
        Where the content is damaged or no such table.
    """
    file = open_parquet(pa.BufferReader(content), SourceError, name=url)
    with damage_named(url, SourceError):
        table = file.read()
        if len(set(table.column_names)) < len(table.column_names):
            raise SourceError(f"{url}: several columns have one name.")
        columns = {name: _column(table[name]) for name in table.column_names}
    return {name: values for name, values in columns.items() if values is not None}


def read_votable(url: str, content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Columns of the first table of a VOTable by name; masked arrays where values are missing.

    Parameters
    ----------
    url
        Name of the file in messages.
    content
        Bytes of the file.

    Raises
    ------
    SourceError
        Where the content is damaged or no such table.
    """
    # These modules are imported inside the function because most tables are FITS or CSV.
    from astropy.io import votable

    with warnings.catch_warnings():
        # Deviations from the standard that astropy can read are not reported.
        warnings.simplefilter("ignore")
        try:
            _check_units(content)
            found = votable.parse(io.BytesIO(content), verify="ignore").get_first_table()
            # Columns are called by their names in place of identifiers, which may be shortened.
            columns = {field.name: found.array[field.ID] for field in found.fields}
        except Exception as error:
            # The parser of XML raises exceptions of many kinds.
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise SourceError(f"{url}: cannot be read as a VOTable ({reason}).") from error
    return {name: _plain(values) for name, values in columns.items()}


def _check_units(content: bytes) -> None:
    """Check the units that a VOTable states, before astropy parses them."""
    # Expat reads no external entity and bounds internal ones.
    for _, element in ElementTree.iterparse(io.BytesIO(content), events=["start"]):  # noqa: S314
        check_unit_text(element.get("unit", ""))
        element.clear()


def _column(column: pa.ChunkedArray) -> npt.NDArray[Any] | None:
    """Values of an Arrow column; None for other types than numbers, logicals and text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    empty = column.is_null().to_numpy(zero_copy_only=False)
    if any(is_text(kind) for is_text in _IS_TEXT):
        return np.array([value or "" for value in column.to_pylist()], str)
    if pa.types.is_null(kind):
        return np.ma.MaskedArray(np.zeros(len(column)), True)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        return None
    filled = column.fill_null(pa.scalar(0, pa.int8()).cast(kind))
    values: npt.NDArray[Any] = filled.to_numpy(zero_copy_only=False)
    return np.ma.MaskedArray(values, empty) if empty.any() else values


def _plain(values: Any) -> npt.NDArray[Any]:
    """Values of a column of a VOTable, masked where there are none; text without padding."""
    empty = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    if plain.dtype.kind == "O":
        return np.array([str(value or "") for value in plain.tolist()], str)
    return np.ma.MaskedArray(plain, empty) if empty.any() else plain
