"""Opens a dataset: its catalogue without its pixels, galaxies by TARGETID or batch by batch."""

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import DatasetError, UnknownTargetError
from galsearch.core.modality import Modality
from galsearch.core.target_id import as_target_ids
from galsearch.dataset import schema
from galsearch.dataset.batch import GalaxyBatch, batch_from_table, concatenate
from galsearch.dataset.hats_files import read_digests, read_partition_info, read_properties

_ALL = tuple(Modality)


@dataclass(frozen=True)
class Partition:
    """One Parquet file of a dataset: the galaxies of one HEALPix pixel."""

    root: Path
    """The dataset's directory."""
    order: int
    pixel: int
    """Nested HEALPix pixel of that order."""
    digest: str
    """SHA-256 of the file as it was written."""

    @property
    def name(self) -> str:
        """Such as 'Norder=0/Npix=4': what shards and messages call it."""
        return f"Norder={self.order}/Npix={self.pixel}"

    @property
    def path(self) -> Path:
        """The Parquet file."""
        return self.root / schema.partition_path(self.order, self.pixel)

    @functools.cached_property
    def catalogue(self) -> pa.Table:
        """Every column but the pixels."""
        with self._open() as file:
            return file.read(columns=schema.catalogue_names(file.schema_arrow))

    def __len__(self) -> int:
        return len(self.catalogue)

    def batches(
        self, rows: int = schema.ROW_GROUP_ROWS, *, modalities: Sequence[Modality] = _ALL
    ) -> Iterator[GalaxyBatch]:
        """Every galaxy in stored order, `rows` at a time, the last batch shorter.

        Modalities that are not asked for come as missing, and their pixels stay unread.
        """
        held: list[GalaxyBatch] = []
        n_held = 0
        with self._open() as file:
            for group in range(file.num_row_groups):
                batch, start = self._group(file, group, modalities), 0
                while start < len(batch):
                    part = batch.take(slice(start, start + rows - n_held))
                    held.append(part)
                    start, n_held = start + len(part), n_held + len(part)
                    if n_held == rows:
                        yield concatenate(held)
                        held, n_held = [], 0
        if held:
            yield concatenate(held)

    def read(
        self, rows: npt.NDArray[np.int64], *, modalities: Sequence[Modality] = _ALL
    ) -> GalaxyBatch:
        """The galaxies at row numbers of this partition, in the order asked for."""
        wanted, back = np.unique(rows, return_inverse=True)
        with self._open() as file:
            sizes = [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)]
            starts = np.cumsum([0, *sizes])
            group_of = np.searchsorted(starts, wanted, "right") - 1
            parts = [
                self._group(file, int(g), modalities).take(wanted[group_of == g] - starts[g])
                for g in np.unique(group_of)
            ]
        return concatenate(parts).take(back)

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path, memory_map=True, page_checksum_verification=True)
        except (OSError, pa.ArrowInvalid) as error:
            raise DatasetError(f"{self.path}: cannot be read as Parquet ({error}).") from None

    def _group(
        self, file: pq.ParquetFile, group: int, modalities: Sequence[Modality]
    ) -> GalaxyBatch:
        columns = [schema.TARGET_ID, schema.RA, schema.DEC, "z", *schema.HAS.values()]
        unmasked = _all_false(file.metadata.row_group(group))
        for modality in modalities:
            columns += [f.name for f in schema.PIXEL_FIELDS[modality] if f.name not in unmasked]
        try:
            return batch_from_table(file.read_row_group(group, columns=columns))
        except (OSError, pa.ArrowInvalid) as error:
            raise DatasetError(
                f"{self.path}: row group {group} is damaged ({error}). Ingest again."
            ) from None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Galaxies on disk; reading is lazy, and the directory is never changed."""

    path: Path
    name: str
    partitions: list[Partition]
    """By order and pixel along the sky."""
    n_rows: int
    """As its hats.properties says."""

    def __len__(self) -> int:
        return self.n_rows

    @functools.cached_property
    def catalogue(self) -> pa.Table:
        """One row a galaxy, without pixels, in the order of `partitions`.

        Raises
        ------
        DatasetError
            Where a partition is missing or damaged, rows are lost, or a TARGETID comes twice.
        """
        table = pa.concat_tables([partition.catalogue for partition in self.partitions])
        if len(table) != self.n_rows:
            raise DatasetError(
                f"{self.path}: {schema.PROPERTIES_FILE} promises {self.n_rows} galaxies, the "
                f"{len(self.partitions)} partitions hold {len(table)}. Ingest again."
            )
        ids = np.sort(table[schema.TARGET_ID].to_numpy())
        twice = ids[1:][ids[1:] == ids[:-1]]
        if twice.size:
            raise DatasetError(f"{self.path}: TARGETID {twice[0]} stands in it twice.")
        return table

    @functools.cached_property
    def target_ids(self) -> npt.NDArray[np.int64]:
        """(n,) TARGETIDs in the catalogue's order."""
        return np.asarray(self.catalogue[schema.TARGET_ID].to_numpy())

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 over the partitions' names and digests: changes when any galaxy does."""
        lines = (f"{p.name} {p.digest}\n" for p in self.partitions)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def read(
        self, target_ids: npt.ArrayLike, *, modalities: Sequence[Modality] = _ALL
    ) -> GalaxyBatch:
        """The galaxies of these TARGETIDs, in the order asked for.

        Raises
        ------
        UnknownTargetError
            Where the dataset lacks one of them.
        """
        wanted = as_target_ids(target_ids)
        rows = self._rows_of(wanted)
        ends = np.cumsum([len(partition) for partition in self.partitions])
        owner = np.searchsorted(ends, rows, "right")
        parts, asked = [], []
        for number in np.unique(owner):
            partition, mine = self.partitions[number], np.flatnonzero(owner == number)
            start = ends[number] - len(partition)
            parts.append(partition.read(rows[mine] - start, modalities=modalities))
            asked.append(mine)
        if not parts:
            return next(self.partitions[0].batches()).take(slice(0, 0))
        return concatenate(parts).take(np.argsort(np.concatenate(asked)))

    def verify(self) -> None:
        """Read every partition and compare it with the digest it was written with.

        Raises
        ------
        DatasetError
            Naming every partition that differs.
        """
        changed = [p.name for p in self.partitions if sha256_of(p.path) != p.digest]
        if changed:
            raise DatasetError(
                f"{self.path}: {len(changed)} of {len(self.partitions)} partitions differ from "
                f"{schema.DIGESTS_FILE}: {', '.join(changed)}. Ingest again."
            )

    def _rows_of(self, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        order, known = self._by_id
        at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
        unknown = wanted[known[at] != wanted]
        if unknown.size:
            raise UnknownTargetError(
                f"dataset {self.name!r} ({self.n_rows} galaxies) lacks {unknown.size} of "
                f"{wanted.size} TARGETIDs, first {unknown[0]}."
            )
        return np.asarray(order[at])

    @functools.cached_property
    def _by_id(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        order = np.argsort(self.target_ids)
        return order, self.target_ids[order]


def open_dataset(path: str | Path) -> Dataset:
    """The dataset in a directory that `ingest` wrote.

    Raises
    ------
    DatasetError
        Where there is none, it is empty, or files are missing.
    """
    root = Path(path)
    properties = read_properties(root)
    digests = read_digests(root)
    pixels = read_partition_info(root)
    paths = [schema.partition_path(*pixel).as_posix() for pixel in pixels]
    missing = [p for p in paths if p not in digests or not (root / p).is_file()]
    if missing:
        raise DatasetError(
            f"{root}: {len(missing)} of {len(pixels)} partitions are missing, first {missing[0]}. "
            "Ingest again."
        )
    n_rows = int(properties["hats_nrows"])
    if not pixels or not n_rows:
        raise DatasetError(f"{root}: the dataset holds no galaxies. Check its ingest recipe.")
    partitions = [
        Partition(root, order, pixel, digests[p])
        for (order, pixel), p in zip(pixels, paths, strict=True)
    ]
    return Dataset(root, properties["obs_collection"], partitions, n_rows)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _all_false(group: pq.RowGroupMetaData) -> set[str]:
    """The mask columns that are False throughout a row group, by its statistics.

    Most images have nothing masked, and a bool a pixel costs as much to decode as a float.
    """
    found = set()
    for number in range(group.num_columns):
        column = group.column(number)
        name = column.path_in_schema.split(".")[0]
        known = column.statistics
        if name.endswith("_mask") and known is not None and known.has_min_max and not known.max:
            found.add(name)
    return found
