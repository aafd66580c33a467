"""Reading of tables of embeddings: vectors go to a file, ids, positions and columns to memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import BoolArray, Float64Array, Rows, TargetIds, Vectors
from galsearch.core.errors import EmbeddingTableError
from galsearch.core.progress import StageProgress
from galsearch.embeddings.imported.bad_rows import BadRows
from galsearch.embeddings.imported.table_ids import column_ids, column_positions, position_ids
from galsearch.sources.published.embeddings_table.column_choice import (
    EmbeddingColumns,
    choose_columns,
)
from galsearch.sources.published.embeddings_table.vector_values import BatchVectors, batch_vectors
from galsearch.sources.table_formats.batches.open_batches import open_batches

BATCH_ROWS = 8192
"""Number of rows of a table that are in memory at a time, with their vectors."""
_ROW = "_row"


@dataclass(frozen=True, eq=False)
class TableRows:
    """The usable rows of some tables, whose vectors are in a file."""

    target_ids: TargetIds
    """(n,) TARGETIDs, each once, in the order of the tables."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    """(n,) positions; NaN where the tables state none."""
    columns: pa.Table
    """Further columns of the rows."""
    dim: int
    n_read: dict[str, int]
    """Number of rows of each table, by its path or URL."""
    vector_file: Path
    vector_rows: Rows
    """(n,) row of each galaxy's vector in the file."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def vectors(self, rows: Rows) -> Vectors:
        """(m, d) unit vectors of some rows."""
        # The file is mapped anew each time, so that its pages leave the memory of the process.
        stored = np.memmap(self.vector_file, np.float32, "r").reshape(-1, self.dim)
        found: Vectors = np.asarray(stored[self.vector_rows[rows]])
        return found


@dataclass
class TableReader:
    """Reads tables of embeddings one after the other and appends their vectors to a file."""

    sink: BinaryIO
    vector_file: Path
    bad_rows: BadRows
    choose: Callable[[str, pa.Schema], EmbeddingColumns]
    """Chooses the columns of a table."""
    dim: int | None = None

    def read(self, urls: Sequence[str], progress: StageProgress) -> TableRows:
        """Read tables, and return their usable rows.

        Raises
        ------
        EmbeddingTableError
            Where a table or a row cannot be used.
        """
        pieces: list[_Piece] = []
        n_read: dict[str, int] = {}
        for number, url in enumerate(urls):
            with open_batches(url) as table:
                chosen = self.choose(url, table.schema)
                n_read[url] = 0
                for batch in table.batches(chosen.all, BATCH_ROWS):
                    pieces.append(self._batch(url, number, batch, chosen, n_read[url]))
                    n_read[url] += batch.num_rows
            progress(number + 1, len(urls))
        self.sink.flush()
        if not any(len(piece.ids) for piece in pieces):
            raise EmbeddingTableError(
                f"{', '.join(urls)}: no row can be used of {sum(n_read.values()):,}."
            )
        return self._joined(urls, pieces, n_read)

    def _batch(
        self, url: str, number: int, batch: pa.RecordBatch, chosen: EmbeddingColumns, before: int
    ) -> "_Piece":
        """Append the vectors of the usable rows of a batch to the file; return these rows."""

        def place(row: int) -> str:
            return f"{url}: row {before + row + 1}"

        n = batch.num_rows
        ra_deg, dec_deg, good = np.full(n, np.nan), np.full(n, np.nan), np.ones(n, bool)
        if chosen.ra and chosen.dec:
            ra_deg, dec_deg, good = column_positions(
                url, batch, chosen.ra, chosen.dec, place, self.bad_rows
            )
        if chosen.id is None:
            if not chosen.ra:
                raise EmbeddingTableError(
                    f"{url}: has no columns of positions to name galaxies by."
                )
            ids = np.zeros(n, np.int64)
            ids[good] = position_ids(ra_deg[good], dec_deg[good])
        else:
            ids, named = column_ids(url, batch[chosen.id], chosen.id, place, self.bad_rows.of(good))
            good = good & named
        found = batch_vectors(url, batch, chosen.vectors, self.dim)
        if self.dim is None and found.values.shape[1]:
            self.dim = found.values.shape[1]
        good = good & self._usable(found, good, place)
        rows = np.flatnonzero(good)
        self.sink.write(_unit(found.values[rows]).tobytes())
        return _Piece(
            ids=ids[rows],
            ra_deg=ra_deg[rows],
            dec_deg=dec_deg[rows],
            files=np.full(len(rows), number, np.int32),
            rows=before + rows,
            columns=_selected(batch, chosen.others, rows),
        )

    def _usable(
        self, found: BatchVectors, good: BoolArray, place: Callable[[int], str]
    ) -> BoolArray:
        """(n,) True for the rows whose vector has the right length, is finite and is not zero."""
        counts = self.bad_rows.of(good)
        absent = found.lengths < 0
        counts.note(absent, "no vector", place, "has no vector")
        wrong = ~absent & (found.lengths != (self.dim or 0))
        counts.note(
            wrong,
            "vector of another length",
            place,
            lambda row: f"the vector has {found.lengths[row]} values; those before have {self.dim}",
        )
        there = ~absent & ~wrong
        counts.note(
            there & ~found.finite,
            "vector not finite",
            place,
            "the vector has values that are missing or not finite",
        )
        zero = there & found.finite & ~found.values.any(axis=1)
        counts.note(zero, "vector of zeros", place, "every value of the vector is 0")
        return np.asarray(there & found.finite & ~zero)

    def _joined(
        self, urls: Sequence[str], pieces: Sequence["_Piece"], n_read: dict[str, int]
    ) -> TableRows:
        """All rows in one, without those whose TARGETID a row before has."""
        ids = np.concatenate([piece.ids for piece in pieces])
        files = np.concatenate([piece.files for piece in pieces])
        rows = np.concatenate([piece.rows for piece in pieces])
        _, first = np.unique(ids, return_index=True)
        repeated = np.ones(len(ids), bool)
        repeated[first] = False

        def twice(row: int) -> str:
            other = int(np.flatnonzero(ids == ids[row])[0])
            return f"TARGETID {ids[row]} is in row {rows[other] + 1} of {urls[files[other]]} too"

        self.bad_rows.note(
            repeated, "repeated id", lambda row: f"{urls[files[row]]}: row {rows[row] + 1}", twice
        )
        kept = np.flatnonzero(~repeated)
        tables = [piece.columns for piece in pieces]
        return TableRows(
            target_ids=ids[kept],
            ra_deg=np.concatenate([piece.ra_deg for piece in pieces])[kept],
            dec_deg=np.concatenate([piece.dec_deg for piece in pieces])[kept],
            columns=_concatenated(urls, tables).take(pa.array(kept)).drop_columns(_ROW),
            dim=self.dim or 0,
            n_read=n_read,
            vector_file=self.vector_file,
            vector_rows=kept,
        )


@dataclass(frozen=True, eq=False)
class _Piece:
    """The usable rows of one batch."""

    ids: TargetIds
    ra_deg: Float64Array
    dec_deg: Float64Array
    files: npt.NDArray[np.int32]
    rows: Rows
    columns: pa.Table


def embedding_columns(
    kind: str,
    *,
    id_column: str | None,
    vector_column: str | None,
    columns: Sequence[str] | None,
    ids_from_positions: bool,
) -> Callable[[str, pa.Schema], EmbeddingColumns]:
    """A function that chooses the columns of the tables of one modality; see `choose_columns`."""

    def choose(url: str, schema: pa.Schema) -> EmbeddingColumns:
        return choose_columns(
            url,
            schema,
            kind=kind,
            id_column=id_column,
            vector_column=vector_column,
            columns=columns,
            ids_from_positions=ids_from_positions,
        )

    return choose


def _unit(vectors: Vectors) -> Vectors:
    """The vectors divided by their lengths, in float32."""
    wide = vectors.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / length, np.float32)


def _selected(batch: pa.RecordBatch, names: Sequence[str], rows: Rows) -> pa.Table:
    """Columns of some rows of a batch, and their row numbers, without which it may have none."""
    taken = {name: batch[name].take(pa.array(rows)) for name in names}
    return pa.table({**taken, _ROW: rows})


def _concatenated(urls: Sequence[str], tables: Sequence[pa.Table]) -> pa.Table:
    try:
        return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
    except pa.ArrowException as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise EmbeddingTableError(
            f"{', '.join(urls)}: their columns cannot be joined ({reason})."
        ) from None
