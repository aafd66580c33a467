"""Labels of galaxies: one column of an index's catalogue, as numbers or as classes."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Float64Array, Int64Array, TargetIds
from galsearch.core.errors import ManifestError, QueryError
from galsearch.core.ids import find_rows
from galsearch.files.parquet_input import damage_named
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.vectors.catalogue_files import CatalogueFile
from galsearch.query.where.column_values import NUMBERS, Kind, Values, column_values
from galsearch.query.where.expression import unknown_column

MAX_CLASSES = 64
"""Largest number of different values of a column that is treated as classes."""
_BATCH_ROWS = 1 << 18


@dataclass(frozen=True, eq=False)
class Labels:
    """The known values of one property; galaxies without a value are left out and counted."""

    name: str
    target_ids: TargetIds
    """(n,) galaxies with a value, ascending."""
    values: Float64Array
    """(n,) numbers; for classes, the number of the class of each galaxy."""
    classes: tuple[str, ...] | None
    """Names of the classes in alphabetical order; None where the property is a number."""
    n_missing: int
    """Number of galaxies of the catalogue without a finite value."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def among(self, target_ids: TargetIds) -> "Labels":
        """The labels of those galaxies that are in a list of ascending TARGETIDs."""
        kept = find_rows(target_ids, self.target_ids) >= 0
        return dataclasses.replace(self, target_ids=self.target_ids[kept], values=self.values[kept])


def read_labels(index: GalaxyIndex, name: str, *, as_classes: bool = False) -> Labels:
    """The labels in a column of the catalogue of an index.

    Columns of texts and of True and False hold classes, columns of numbers hold numbers. Values
    that are null, NaN or infinite are missing.

    Parameters
    ----------
    index
        An open index.
    name
        Name of a column of its catalogue.
    as_classes
        Treat a column of whole numbers as classes.

    Raises
    ------
    QueryError
        Where there is no such column, it holds neither numbers nor classes, or it has more
        different values than `MAX_CLASSES` where classes are wanted.
    """
    names = column_names(index)
    if name not in names:
        raise QueryError(f"property {name!r}: {unknown_column(name, names)}")
    with index.catalogue_files.open() as files:
        parts = [part for file in files for part in _values(file, name)]
    kinds = {part.kind for _, part in parts} - {Kind.NOTHING}
    ids = np.concatenate([np.empty(0, np.int64), *(ids for ids, _ in parts)])
    if not kinds:
        return Labels(name, ids[:0], np.empty(0), None, len(ids))
    if kinds <= NUMBERS and not as_classes:
        values = np.concatenate([_numbers(part) for _, part in parts])
        known = np.isfinite(values)
        return _labels(name, ids, values, known, None)
    if not kinds <= {Kind.TEXT, Kind.TRUTH, Kind.WHOLE}:
        holds = next(part.holds for _, part in parts if part.kind is not Kind.NOTHING)
        wanted = "classes (texts, truths or whole numbers)" if as_classes else "numbers or classes"
        raise QueryError(f"property {name!r}: the column holds {holds}; expected {wanted}.")
    known = np.concatenate([~part.missing for _, part in parts])
    texts = np.concatenate([_texts(part) for _, part in parts])
    classes, codes = np.unique(texts[known], return_inverse=True)
    if len(classes) > MAX_CLASSES:
        raise QueryError(
            f"property {name!r}: the column holds {len(classes):,} different values; expected "
            f"numbers, or at most {MAX_CLASSES} classes."
        )
    values = np.full(len(ids), np.nan)
    values[known] = codes
    return _labels(name, ids, values, known, tuple(map(str, classes)))


def column_names(index: GalaxyIndex) -> list[str]:
    """Names of the columns of an index's catalogue, in the order of its files."""
    with index.catalogue_files.open() as files:
        schemas = [_open(file).schema_arrow for file in files]
    return list(dict.fromkeys(name for schema in schemas for name in schema.names))


def _open(file: CatalogueFile) -> pq.ParquetFile:
    with damage_named(_name(file), ManifestError):
        return pq.ParquetFile(file.file, page_checksum_verification=True)


def _name(file: CatalogueFile) -> str:
    return str(getattr(file.file, "name", file.file))


def _values(file: CatalogueFile, name: str) -> Iterator[tuple[TargetIds, Values]]:
    """TARGETIDs and values of the galaxies of a file, a batch of rows at a time.

    Where the file lacks the column, every value is missing.
    """
    parquet = _open(file)
    columns = list(dict.fromkeys(["target_id", name]))
    with damage_named(_name(file), ManifestError):
        for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            ids = np.asarray(batch.column("target_id"), np.int64)
            if len(file.removed):
                present = find_rows(file.removed, ids) < 0
                batch, ids = batch.filter(pa.array(present)), ids[present]
            column = batch.column(name) if name in batch.schema.names else pa.nulls(len(ids))
            yield ids, column_values(column, name)


def _numbers(part: Values) -> Float64Array:
    if part.kind is Kind.NOTHING:
        return np.full(len(part.missing), np.nan)
    return np.where(part.missing, np.nan, np.asarray(part.data, np.float64))


def _texts(part: Values) -> Any:
    """The values as an object array of texts; any text where one is missing."""
    if part.kind is Kind.TEXT:
        return np.array(part.data.fill_null("").to_pylist(), object)
    if part.kind is Kind.TRUTH:
        return np.where(part.data, "true", "false").astype(object)
    return np.array([str(int(value)) for value in part.data], object)


def _labels(
    name: str, ids: TargetIds, values: Float64Array, known: Any, classes: tuple[str, ...] | None
) -> Labels:
    order: Int64Array = np.argsort(ids[known])
    return Labels(name, ids[known][order], values[known][order], classes, int((~known).sum()))
