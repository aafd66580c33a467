"""Reading of a dataset: its catalogue without pixels, and galaxies by TARGETID."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import Rows, TargetIds
from galsearch.core.errors import DatasetError, InvalidTargetIdError, UnknownTargetError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.target_id import as_target_ids
from galsearch.dataset import schema
from galsearch.dataset.batch import GalaxyBatch, concatenate
from galsearch.dataset.hats_files import read_digests, read_partition_info, read_properties
from galsearch.dataset.partition import ALL_MODALITIES, Partition
from galsearch.dataset.source_record import SOURCES_FILE
from galsearch.files.digest import require_digest, sha256_of_text
from galsearch.files.parquet_input import damage_named


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset on disk, whose data are read when they are requested and never changed."""

    path: Path
    """Directory of the dataset."""
    name: str
    partitions: list[Partition]
    """Partitions in the order of their HEALPix pixels on the sky."""
    n_rows: int
    """Number of galaxies, as stated in hats.properties."""

    def __len__(self) -> int:
        return self.n_rows

    @functools.cached_property
    def catalogue(self) -> pa.Table:
        """Arrow table of all columns except the pixels, one row for each galaxy.

        The rows are in the order of `partitions`.

        Raises
        ------
        DatasetError
            Where a partition is missing or damaged, rows are lost, or a TARGETID occurs twice.
        """
        with damage_named(self.path, DatasetError):
            table = pa.concat_tables([partition.catalogue for partition in self.partitions])
        if len(table) != self.n_rows:
            raise DatasetError(
                f"{self.path}: {schema.PROPERTIES_FILE} states {self.n_rows} galaxies, the "
                f"{len(self.partitions)} partitions hold {len(table)}."
            )
        try:
            ids = np.sort(as_target_ids(table[schema.TARGET_ID].to_numpy()))
        except InvalidTargetIdError as error:
            raise DatasetError(f"{self.path}: column {schema.TARGET_ID}: {error}") from None
        repeated = ids[1:][ids[1:] == ids[:-1]]
        if repeated.size:
            raise DatasetError(f"{self.path}: TARGETID {repeated[0]} has several rows.")
        return table

    @functools.cached_property
    def target_ids(self) -> TargetIds:
        """(n,) TARGETIDs of all galaxies in the order of the catalogue."""
        return np.asarray(self.catalogue[schema.TARGET_ID].to_numpy())

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the names and digests of all partitions; it changes if any galaxy changes."""
        return sha256_of_text("".join(f"{p.name} {p.digest}\n" for p in self.partitions))

    def read(
        self, target_ids: npt.ArrayLike, *, modalities: Sequence[Modality] = ALL_MODALITIES
    ) -> GalaxyBatch:
        """Images and spectra of the galaxies with given TARGETIDs, in the order of `target_ids`.

        Raises
        ------
        UnknownTargetError
            Where the dataset lacks one of the TARGETIDs.
        """
        rows = self._rows_of(as_target_ids(target_ids))
        ends = np.cumsum([len(partition) for partition in self.partitions])
        partition_of_row = np.searchsorted(ends, rows, "right")
        parts, positions = [], []
        for number in np.unique(partition_of_row):
            partition = self.partitions[number]
            here = np.flatnonzero(partition_of_row == number)
            start = ends[number] - len(partition)
            parts.append(partition.read(rows[here] - start, modalities=modalities))
            positions.append(here)
        if not parts:
            return next(self.partitions[0].batches()).take(slice(0, 0))
        return concatenate(parts).take(np.argsort(np.concatenate(positions)))

    def verify(self) -> None:
        """Read every partition and compare its digest with that of `sha256sums.txt`.

        Every partition that is listed must be there, and no other one; the partitions must hold the
        number of galaxies that hats.properties states, each TARGETID once.

        Raises
        ------
        DatasetError
            Where something differs; the message names every file that does.
        """
        problems = []
        for partition in self.partitions:
            try:
                partition.check()
            except DatasetError as error:
                problems.append(str(error))
        listed = {partition.path for partition in self.partitions}
        found = (self.path / schema.DATASET_DIR).rglob("Npix=*.parquet")
        problems += [
            f"{path}: {schema.PARTITION_INFO_FILE} does not list this file."
            for path in sorted(set(found) - listed)
        ]
        problems += self._problems_of_sources()
        if not problems:
            _ = self.catalogue
        elif len(problems) == 1:
            raise DatasetError(problems[0])
        else:
            raise DatasetError("\n".join([f"{self.path}: {len(problems)} bad files.", *problems]))

    def _problems_of_sources(self) -> list[str]:
        """Faults of the list of survey files; none where no digest is recorded."""
        digest = read_digests(self.path).get(SOURCES_FILE)
        path = self.path / SOURCES_FILE
        try:
            if digest is not None:
                require_digest(path, digest, DatasetError, recorded_in=schema.DIGESTS_FILE)
        except DatasetError as error:
            return [str(error)]
        return []

    def _rows_of(self, wanted: TargetIds) -> Rows:
        order, sorted_ids = self._sorted_ids
        found = find_rows(sorted_ids, wanted)
        unknown = wanted[found < 0]
        if unknown.size:
            raise UnknownTargetError(
                f"dataset {self.name!r} ({self.n_rows} galaxies) lacks {unknown.size} of "
                f"{wanted.size} TARGETIDs, first {unknown[0]}."
            )
        return np.asarray(order[found])

    @functools.cached_property
    def _sorted_ids(self) -> tuple[Rows, TargetIds]:
        """Catalogue row numbers sorted by TARGETID, and the TARGETIDs in ascending order."""
        order = np.argsort(self.target_ids)
        return order, self.target_ids[order]


def open_dataset(path: str | Path) -> Dataset:
    """The dataset in a directory that `ingest` wrote.

    Parameters
    ----------
    path
        Directory of the dataset.

    Raises
    ------
    DatasetError
        Where the directory is not a dataset, the dataset is empty, files are missing, or the two
        lists of partitions differ.
    """
    root = Path(path)
    properties = read_properties(root)
    digests = read_digests(root)
    pixels = read_partition_info(root)
    paths = [schema.partition_path(*pixel).as_posix() for pixel in pixels]
    missing = [p for p in paths if p not in digests or not (root / p).is_file()]
    if missing:
        raise DatasetError(
            f"{root}: {len(missing)} of {len(pixels)} partitions are missing, first {missing[0]}."
        )
    n_rows = int(properties["hats_nrows"])
    if not pixels or not n_rows:
        raise DatasetError(f"{root}: the dataset holds no galaxies.")
    listed, folder = set(paths), f"{schema.DATASET_DIR}/"
    unlisted = [p for p in digests if p.startswith(folder) and p not in listed]
    if unlisted:
        raise DatasetError(
            f"{root}: {schema.PARTITION_INFO_FILE} lists {len(pixels)} partitions and lacks "
            f"{len(unlisted)} of {schema.DIGESTS_FILE}, first {unlisted[0]}."
        )
    partitions = [
        Partition(root, order, pixel, digests[p])
        for (order, pixel), p in zip(pixels, paths, strict=True)
    ]
    return Dataset(root, properties["obs_collection"], partitions, n_rows)
