"""One partition of a dataset: the Parquet file of the galaxies in one HEALPix pixel."""

import functools
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from galsearch.core.arrays import Rows
from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import schema
from galsearch.dataset.batch import GalaxyBatch, batch_from_table, concatenate
from galsearch.dataset.pages.pixel_pages import read_pixel_rows
from galsearch.files.digest import require_digest
from galsearch.files.parquet_input import damage_named, map_file, open_parquet, require_columns

ALL_MODALITIES = tuple(Modality)
_SCALARS = [schema.TARGET_ID, schema.RA, schema.DEC, "z", *schema.HAS.values()]
"""Columns of a `GalaxyBatch` that hold no pixels."""


@dataclass(frozen=True)
class Partition:
    """One Parquet file of a dataset, with the galaxies of one HEALPix pixel."""

    root: Path
    """Directory of the dataset."""
    order: int
    """HEALPix order of the pixel."""
    pixel: int
    """Number of the pixel at that order, nested scheme."""
    digest: str
    """SHA-256 of the Parquet file when it was written."""

    @property
    def name(self) -> str:
        """Name of the partition in embedding shards and messages, such as 'Norder=0/Npix=4'."""
        return f"Norder={self.order}/Npix={self.pixel}"

    @property
    def path(self) -> Path:
        """Path of the Parquet file of the partition."""
        return self.root / schema.partition_path(self.order, self.pixel)

    @functools.cached_property
    def catalogue(self) -> pa.Table:
        """Arrow table of all columns except the pixels, with one row for each galaxy."""
        with self._open() as file, damage_named(self.path, DatasetError):
            return file.read(columns=schema.catalogue_names(file.schema_arrow))

    def __len__(self) -> int:
        return len(self.catalogue)

    def check(self) -> None:
        """Read every byte of the file and compare its digest with that of `sha256sums.txt`.

        Raises
        ------
        DatasetError
            Where the file cannot be read or is not the one that was ingested.
        """
        require_digest(self.path, self.digest, DatasetError, recorded_in=schema.DIGESTS_FILE)

    def batches(
        self,
        rows: int = schema.ROW_GROUP_ROWS,
        *,
        modalities: Sequence[Modality] = ALL_MODALITIES,
        start: int = 0,
        stop: int | None = None,
    ) -> Iterator[GalaxyBatch]:
        """Batches of `rows` galaxies in stored order; the last batch may be smaller.

        Pixels of modalities that are not in `modalities` are not read, and are missing in the
        batches. `start` and `stop` limit the galaxies to some of the partition, by their number.
        """
        pending: list[GalaxyBatch] = []
        n_pending = 0
        with self._open() as file:
            for group, inside in _row_groups(file.metadata, start, stop):
                batch = self._read_row_group(file, group, modalities).take(inside)
                first = 0
                while first < len(batch):
                    part = batch.take(slice(first, first + rows - n_pending))
                    pending.append(part)
                    first, n_pending = first + len(part), n_pending + len(part)
                    if n_pending == rows:
                        yield concatenate(pending)
                        pending, n_pending = [], 0
        if pending:
            yield concatenate(pending)

    def read(self, rows: Rows, *, modalities: Sequence[Modality] = ALL_MODALITIES) -> GalaxyBatch:
        """The galaxies at the given row numbers of the partition, in the order of `rows`."""
        wanted, back = np.unique(rows, return_inverse=True)
        mapped = map_file(self.path, DatasetError)
        with self._open(mapped) as file:
            sizes = [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)]
            starts = np.cumsum([0, *sizes])
            group_of = np.searchsorted(starts, wanted, "right") - 1
            parts = [
                self._read_rows(mapped, file, int(g), modalities, wanted[group_of == g] - starts[g])
                for g in np.unique(group_of)
            ]
        return concatenate(parts).take(back)

    def _open(self, mapped: mmap.mmap | None = None) -> pq.ParquetFile:
        """The file, open: at its path, or as it is mapped into memory."""
        source = self.path if mapped is None else pa.BufferReader(mapped)
        file = open_parquet(source, DatasetError, memory_map=mapped is None, name=str(self.path))
        with damage_named(self.path, DatasetError):
            _check_schema(self.path, file.schema_arrow)
        return file

    def _read_row_group(
        self, file: pq.ParquetFile, group: int, modalities: Sequence[Modality]
    ) -> GalaxyBatch:
        with damage_named(f"{self.path}: row group {group}", DatasetError):
            pixels = [field.name for field in _pixel_fields(file, group, modalities)]
            table = file.read_row_group(group, columns=[*_SCALARS, *pixels])
            _check_pixels(self.path, table, modalities)
            return batch_from_table(table)

    def _read_rows(
        self,
        mapped: mmap.mmap,
        file: pq.ParquetFile,
        group: int,
        modalities: Sequence[Modality],
        rows: Rows,
    ) -> GalaxyBatch:
        """Some rows of a row group, of whose pixels only the pages with these rows are read."""
        with damage_named(f"{self.path}: row group {group}", DatasetError):
            pixels = {
                field.name: read_pixel_rows(mapped, file, group, field, rows)
                for field in _pixel_fields(file, group, modalities)
            }
            if None in pixels.values():
                return self._read_row_group(file, group, modalities).take(rows)
            scalars = file.read_row_group(group, columns=_SCALARS, use_threads=False)
            table = scalars.take(pa.array(rows))
            for name, column in pixels.items():
                table = table.append_column(name, column)
            _check_pixels(self.path, table, modalities)
            return batch_from_table(table)


def _pixel_fields(
    file: pq.ParquetFile, group: int, modalities: Sequence[Modality]
) -> list[pa.Field]:
    """Columns of pixels of a row group that have to be read."""
    unmasked = schema.masks_without_true(file.metadata.metadata, group)
    fields = [field for modality in modalities for field in schema.PIXEL_FIELDS[modality]]
    return [field for field in fields if field.name not in unmasked]


def _row_groups(
    metadata: pq.FileMetaData, start: int, stop: int | None
) -> Iterator[tuple[int, slice]]:
    """Number of each row group with rows from `start` to `stop`, and which of its rows they are."""
    first = 0
    for group in range(metadata.num_row_groups):
        n_rows = metadata.row_group(group).num_rows
        begin, end = max(0, start - first), n_rows if stop is None else min(n_rows, stop - first)
        if begin < end:
            yield group, slice(begin, end)
        first += n_rows


def _check_schema(path: Path, found: pa.Schema) -> None:
    """Check that a partition has every column that is read, each of the type it is written with."""
    written = schema.dataset_schema()
    pixels = [field.name for fields in schema.PIXEL_FIELDS.values() for field in fields]
    names = [*_SCALARS, *pixels]
    require_columns(path, found, names, DatasetError)
    for name in names:
        expected, kind = written.field(name).type, found.field(name).type
        if pa.types.is_fixed_size_list(expected) and pa.types.is_fixed_size_list(kind):
            same = (kind.list_size, kind.value_type) == (expected.list_size, expected.value_type)
        else:
            same = kind == expected
        if not same:
            raise DatasetError(f"{path}: column {name} holds {kind}; expected {expected}.")


def _check_pixels(path: Path, table: pa.Table, modalities: Sequence[Modality]) -> None:
    """Check that no value is missing, and that galaxies with a modality have its pixels."""
    for name in (schema.TARGET_ID, schema.RA, schema.DEC, *schema.HAS.values()):
        if table[name].null_count:
            raise DatasetError(
                f"{path}: column {name} has {table[name].null_count} missing values."
            )
    for modality in modalities:
        has = table[schema.HAS[modality]]
        for field in schema.PIXEL_FIELDS[modality]:
            if field.name not in table.column_names:
                continue
            n_missing = pc.sum(pc.and_(has, pc.is_null(table[field.name]))).as_py()
            if n_missing:
                raise DatasetError(
                    f"{path}: column {field.name} lacks {n_missing} galaxies that have a "
                    f"{modality} according to {schema.HAS[modality]}."
                )
