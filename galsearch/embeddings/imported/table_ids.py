"""TARGETIDs and positions of a batch of rows of a table of embeddings."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import BoolArray, Float64Array, Int64Array, TargetIds
from galsearch.core.errors import EmbeddingTableError
from galsearch.core.target_id import MAX_TARGET_ID, target_id_from_position
from galsearch.dataset.healpix import healpix_29
from galsearch.embeddings.imported.bad_rows import BadRows

Place = Callable[[int], str]
"""File and row of a row of a batch, for messages."""


def column_ids(
    url: str, column: pa.Array, name: str, place: Place, bad_rows: BadRows
) -> tuple[TargetIds, BoolArray]:
    """(n,) TARGETIDs in a column of integers or of decimal text, and True for rows that have one.

    Raises
    ------
    EmbeddingTableError
        Where the column holds something else, or a row has no TARGETID.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    null = column.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_integer(kind):
        values = column.fill_null(0).to_numpy(zero_copy_only=False)
        good = values > 0
        if values.dtype == np.uint64:
            good &= values <= np.uint64(MAX_TARGET_ID)
        ids = np.where(good, values, 0).astype(np.int64)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        ids = np.array([_decimal(text) for text in column.to_pylist()], np.int64)
        good = ids > 0
    else:
        raise EmbeddingTableError(
            f"{url}: column {name} holds {kind}; TARGETIDs are integers of 64 bits, or decimal "
            "text. ids_from_positions names the galaxies by their positions."
        )
    bad_rows.note(null, "no id", place, "has no id")
    bad_rows.note(
        ~good & ~null,
        "no TARGETID",
        place,
        lambda row: f"the id {column[row].as_py()!r} is not the TARGETID of a galaxy",
    )
    return ids, good & ~null


def _decimal(text: str | None) -> int:
    """The TARGETID that a text states in decimal digits; 0 where it states none."""
    stripped = (text or "").strip()
    if not (stripped.isascii() and stripped.isdigit() and len(stripped) <= 19):
        return 0
    number = int(stripped)
    return number if number <= MAX_TARGET_ID else 0


def column_positions(
    url: str, batch: pa.RecordBatch, ra: str, dec: str, place: Place, bad_rows: BadRows
) -> tuple[Float64Array, Float64Array, BoolArray]:
    """(n,) right ascensions and declinations in degrees, and True for rows that have both.

    Raises
    ------
    EmbeddingTableError
        Where a column holds no numbers, or a row has no position.
    """
    values = []
    for name in (ra, dec):
        kind = batch[name].type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            raise EmbeddingTableError(f"{url}: column {name} holds {kind}; expected degrees.")
        values.append(batch[name].to_numpy(zero_copy_only=False).astype(np.float64))
    ra_deg, dec_deg = values
    good = (np.abs(ra_deg) <= 360) & (np.abs(dec_deg) <= 90)
    bad_rows.note(
        ~good,
        "no position",
        place,
        lambda row: f"({ra_deg[row]:g}, {dec_deg[row]:g}) degrees is no position",
    )
    return ra_deg, dec_deg, np.asarray(good)


def position_ids(ra_deg: Float64Array, dec_deg: Float64Array) -> Int64Array:
    """(n,) TARGETIDs made from positions, as `galsearch.core.target_id_from_position` makes them.

    Examples
    --------
    >>> position_ids(np.array([150.1]), np.array([2.2]))
    array([6529815828203712756])
    """
    offset = int(target_id_from_position(0))
    return np.asarray(healpix_29(ra_deg, dec_deg) | np.int64(offset))
