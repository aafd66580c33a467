"""Writing of the catalogue of an index, from the catalogue of the embedded galaxies."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ShardError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.embeddings import EmbeddingStore
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE, read_embedded_catalogue
from galsearch.files.atomic import new_file, write_array
from galsearch.index.build.catalogue_types import checked_catalogue
from galsearch.index.build.pack_rows import write_packed_rows
from galsearch.index.vectors.array_files import (
    CATALOGUE_DTYPE,
    CATALOGUE_RECORDS_NAME,
    CATALOGUE_TABLE_NAME,
    IDS_NAME,
)


def read_catalogue(embeddings: Path, stores: Mapping[Modality, EmbeddingStore]) -> pa.Table:
    """The catalogue of the galaxies in a directory of embeddings, with all its columns.

    Raises
    ------
    NoEmbeddingsError
        Where there is no catalogue beside the embeddings.
    ShardError
        Where the catalogue is not the one of the stores, is damaged, lacks a column that every
        result shows, or has one of another type.
    """
    path = embeddings / CATALOGUE_FILE
    table = read_embedded_catalogue(embeddings, stores)
    missing = [name for name in CATALOGUE_DTYPE.names or () if name not in table.column_names]
    if missing:
        raise ShardError(f"{path}: has no column {', '.join(missing)}.", missing=missing)
    return checked_catalogue(table, path)


def write_catalogue(
    table: pa.Table, directory: Path, embedded: dict[Modality, TargetIds], source: Path
) -> int:
    """Write the catalogue files of an index segment and return the number of its galaxies.

    The files are `catalogue.parquet` with all columns, the same row by row in packed rows,
    `catalogue.npy` with the columns that every result shows, and `ids.npy`, all in order of
    TARGETID.

    Parameters
    ----------
    table
        Catalogue with all columns, in any order.
    directory
        Directory of the segment.
    embedded
        TARGETIDs of the vectors of each modality, shape (n,).
    source
        Directory that the catalogue comes from, for messages.

    Raises
    ------
    ShardError
        Where a TARGETID occurs twice, or an embedded galaxy is not in the table.
    """
    path = source / CATALOGUE_FILE
    table = table.sort_by("target_id")
    records = np.zeros(len(table), CATALOGUE_DTYPE)
    for name in CATALOGUE_DTYPE.names or ():
        records[name] = _as_array(table[name], name)
    ids = np.ascontiguousarray(records["target_id"])
    repeated = ids[1:][ids[1:] == ids[:-1]]
    if len(repeated):
        raise ShardError(
            f"{path}: TARGETID {repeated[0]} occurs twice.", target_id=int(repeated[0])
        )
    for kind, wanted in embedded.items():
        absent = wanted[find_rows(ids, wanted) < 0]
        if len(absent):
            raise ShardError(
                f"{path}: lacks {len(absent):,} of {len(wanted):,} galaxies with {kind} "
                f"vectors, first TARGETID {absent[0]}.",
                target_id=int(absent[0]),
            )
    with new_file(directory / CATALOGUE_TABLE_NAME) as temporary:
        pq.write_table(table, temporary)
        schema = pq.read_schema(temporary).remove_metadata()
    write_packed_rows(table, directory, schema)
    write_array(directory / CATALOGUE_RECORDS_NAME, records)
    write_array(directory / IDS_NAME, ids)
    return len(records)


def _as_array(column: object, name: str) -> npt.NDArray[np.generic]:
    """A column of a catalogue as NumPy array, in which a missing redshift is NaN.

    Other columns must not have missing values.
    """
    if name == "z":
        column = pc.fill_null(column, float("nan"))
    return np.asarray(column)
