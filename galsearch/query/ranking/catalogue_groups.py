"""Groups of galaxies by the values of a catalogue column."""

import numpy as np

from galsearch.core.arrays import Int64Array, TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.ids import find_rows
from galsearch.files.forks import ForkSafeLock
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.similar_names import similar_names


class CatalogueGroups:
    """The group of each galaxy of one index by any column; safe to share between threads.

    A column is read when it is first asked for, and kept.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self._index = index
        self._lock = ForkSafeLock()
        self._columns: dict[str, tuple[TargetIds, Int64Array]] = {}

    def of(self, target_ids: TargetIds, column: str) -> Int64Array:
        """(n,) number of the group of each galaxy; -1 where the column has no value.

        Raises
        ------
        QueryError
            Where the catalogue has no such column, or not one value in each row.
        """
        with self._lock:
            if column not in self._columns:
                self._columns[column] = self._read(column)
            ids, groups = self._columns[column]
        rows = find_rows(ids, target_ids)
        return np.where(rows >= 0, groups[rows], -1)

    def _read(self, column: str) -> tuple[TargetIds, Int64Array]:
        # Imported here: Parquet is half of what a query costs, and few queries need it.
        import pyarrow as pa
        import pyarrow.parquet as pq

        from galsearch.core.errors import ManifestError
        from galsearch.files.parquet_input import damage_named

        ids, values, known = [], [], set()
        with self._index.catalogue_files.open() as parts, damage_named("catalogue", ManifestError):
            for part in parts:
                file = pq.ParquetFile(part.file, page_checksum_verification=True)
                known.update(file.schema_arrow.names)
                wanted = [name for name in ("target_id", column) if name in file.schema_arrow.names]
                table = file.read(columns=wanted)
                ids.append(table.column("target_id").to_numpy())
                missing = pa.nulls(len(table))
                values.append(table.column(column) if column in wanted else missing)
        if column not in known:
            raise _unknown_column(column, known)
        kind = next((part.type for part in values if not pa.types.is_null(part.type)), pa.null())
        if pa.types.is_nested(kind):
            raise QueryError(
                f"one_per is {column!r}, of type {kind}; expected a column of single values."
            )
        joined = pa.chunked_array(
            [chunk for part in values for chunk in pa.chunked_array(part).cast(kind).chunks], kind
        )
        codes = joined.combine_chunks().dictionary_encode().indices
        groups = np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
        flat = np.concatenate(ids)
        order = np.argsort(flat, kind="stable")
        return flat[order], groups[order]


def _unknown_column(column: str, known: set[str]) -> QueryError:
    near = similar_names(column, sorted(known))
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    return QueryError(
        f"one_per is {column!r}; the catalogue has the columns {', '.join(sorted(known))}."
        f"{suggestion}"
    )
