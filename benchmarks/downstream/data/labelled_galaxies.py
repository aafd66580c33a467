"""Galaxies with labels: a dataset of galsearch, or AstroCLIP's Parquet shards as published.

Both kinds of dataset have a catalogue and batches of pixels. Additional labels come from tables
with a TARGETID column (`--label-table`), such as those of PROVABGS.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.dataset import GalaxyBatch, open_dataset, split_of
from galsearch.dataset.hats_files import read_properties
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.labels import labels_of, read_labels
from galsearch.dataset.schema import HAS, IMAGE_SHAPE, PROPERTIES_FILE, TARGET_ID


class Galaxies(Protocol):
    """Interface of a dataset on which the downstream benchmark can be run."""

    @property
    def name(self) -> str:
        """The name of the dataset, for messages and results."""

    @property
    def digest(self) -> str:
        """Digest of the dataset as text; it changes when the galaxies change."""

    @property
    def published(self) -> bool:
        """True for the data set of AstroCLIP's paper."""

    @property
    def catalogue(self) -> pa.Table:
        """The catalogue, a row for each galaxy with target_id, has_image, has_spectrum, labels."""

    @property
    def split(self) -> npt.NDArray[np.str_]:
        """(n,) 'train', 'validation' or 'test', for each row of the catalogue."""

    def batches(self) -> Iterator[GalaxyBatch]:
        """Yield batches with the pixels of all galaxies, each galaxy once, in the order of the
        catalogue.
        """


def open_galaxies(path: Path, label_tables: Sequence[str] = ()) -> Galaxies:
    """The labelled galaxies in a directory that `galsearch ingest` wrote, or that holds AstroCLIP's
    shards.

    Parameters
    ----------
    path
        The directory.
    label_tables
        Tables with a TARGETID column and additional labels.

    Raises
    ------
    DatasetError
        Where the directory holds neither kind of dataset.
    """
    if path.is_dir() and not (path / PROPERTIES_FILE).is_file():
        shards = sorted(path.glob("*.parquet"))
        if shards:
            return AstroClipShards(path, tuple(shards), tuple(label_tables))
    if path.suffix in (".h5", ".hdf5"):
        raise DatasetError(
            f"{path}: AstroCLIP's HDF5 file cannot be read, nor can galsearch ingest read it. Name "
            "the directory of its Parquet shards (data set EiffL/AstroCLIP at Hugging Face)."
        )
    read_properties(path)
    return Ingested(path, tuple(label_tables))


def with_labels(catalogue: pa.Table, tables: Sequence[str]) -> pa.Table:
    """The catalogue with the columns of label tables added, joined by TARGETID; null where a table
    has no row for a galaxy.
    """
    if not tables:
        return catalogue
    labels, _ = read_labels(list(tables), [], BadFiles(skip=False))
    found = labels_of(labels, catalogue[TARGET_ID].to_numpy())
    for name in found.column_names:
        free = name if name not in catalogue.column_names else f"label_{name}"
        if free in catalogue.column_names:
            catalogue = catalogue.drop_columns([free])
        catalogue = catalogue.append_column(free, found[name])
    return catalogue


@dataclass(frozen=True, eq=False)
class Ingested:
    """Labelled galaxies of a dataset that `galsearch ingest` wrote."""

    path: Path
    label_tables: tuple[str, ...] = ()
    published: bool = False

    @functools.cached_property
    def _dataset(self) -> Any:
        return open_dataset(self.path)

    @property
    def name(self) -> str:
        """The name of the dataset in its file hats.properties."""
        return str(self._dataset.name)

    @property
    def digest(self) -> str:
        """The digest of the dataset's partitions."""
        return str(self._dataset.digest)

    @functools.cached_property
    def catalogue(self) -> pa.Table:
        """The catalogue of the dataset, with the columns of the label tables added."""
        return with_labels(self._dataset.catalogue, self.label_tables)

    @functools.cached_property
    def split(self) -> npt.NDArray[np.str_]:
        """(n,) 'train', 'validation' or 'test' for each galaxy, as the hash of its TARGETID
        determines.
        """
        return split_of(self.catalogue[TARGET_ID].to_numpy())

    def batches(self) -> Iterator[GalaxyBatch]:
        """Yield batches with the pixels of all galaxies, each once, partition by partition."""
        for partition in self._dataset.partitions:
            yield from partition.batches(64)


@dataclass(frozen=True, eq=False)
class AstroClipShards:
    """AstroCLIP's data set as Parquet files train-*.parquet and test-*.parquet.

    The columns are image (152, 152, 3: x, y, band), spectrum (7781, 1), redshift and targetid. A
    tenth of the training galaxies is used for validation, because the data set has no third split.
    A spectrum that is 0 everywhere counts as missing. There is no inverse variance: a constant one
    for each spectrum is estimated from the differences of neighbouring pixels.
    """

    path: Path
    shards: tuple[Path, ...]
    label_tables: tuple[str, ...] = ()
    published: bool = True
    name: str = "AstroCLIP"

    @functools.cached_property
    def digest(self) -> str:
        """Names and sizes of the shards, as text; their content is too large to be read twice."""
        return " ".join(f"{shard.name}:{shard.stat().st_size}" for shard in self.shards)

    @functools.cached_property
    def _rows(self) -> list[pa.Table]:
        required = ["targetid", "redshift"]
        tables = []
        for shard in self.shards:
            names = pq.read_schema(shard).names
            missing = [n for n in (*required, "image", "spectrum") if n not in names]
            if missing:
                raise DatasetError(
                    f"{shard}: not a shard of AstroCLIP's data set: it lacks the columns "
                    f"{', '.join(missing)}; found {', '.join(names)}."
                )
            tables.append(pq.read_table(shard, columns=required))
        return tables

    @functools.cached_property
    def catalogue(self) -> pa.Table:
        """The catalogue: a row for each galaxy, with target_id, z, has_image, has_spectrum and the
        columns of the label tables.
        """
        rows = pa.concat_tables(self._rows)
        ids = np.asarray(rows["targetid"].to_numpy(), dtype=np.int64)
        has_spectrum = np.concatenate([_any_flux(shard) for shard in self.shards])
        table = pa.table(
            {
                TARGET_ID: ids,
                "z": rows["redshift"].cast(pa.float64()),
                HAS[Modality.IMAGE]: np.ones(ids.size, bool),
                HAS[Modality.SPECTRUM]: has_spectrum,
            }
        )
        return with_labels(table, self.label_tables)

    @functools.cached_property
    def split(self) -> npt.NDArray[np.str_]:
        """(n,) published split of each galaxy, except that a tenth of 'train', chosen by the hash
        of the TARGETID, is 'validation'.
        """
        parts = []
        for shard, table in zip(self.shards, self._rows, strict=True):
            of_test = shard.name.startswith("test")
            ids = np.asarray(table["targetid"].to_numpy(), dtype=np.int64)
            held_out = split_of(ids) == "validation"
            parts.append(np.where(of_test, "test", np.where(held_out, "validation", "train")))
        return np.concatenate(parts)

    def batches(self) -> Iterator[GalaxyBatch]:
        """Yield batches of at most 64 galaxies with their pixels, shard by shard."""
        for shard in self.shards:
            with pq.ParquetFile(shard) as file:
                for part in file.iter_batches(64):
                    yield batch_of(pa.table(part))


def batch_of(table: pa.Table) -> GalaxyBatch:
    """Rows of one of AstroCLIP's shards as a batch of galaxies in galsearch's layout: images with
    axes band, y, x, and a constant inverse variance for each spectrum, estimated from its pixels.
    """
    n = len(table)
    image = _flat(table["image"]).reshape(n, IMAGE_SHAPE[2], IMAGE_SHAPE[1], IMAGE_SHAPE[0])
    flux = _flat(table["spectrum"]).reshape(n, DESI_N_PIXELS)
    bad = ~np.isfinite(flux) | (flux == 0)
    has = ~bad.all(axis=1)
    flux = np.where(bad, 0, flux).astype(np.float32)
    noise = 1.4826 / np.sqrt(2) * np.median(np.abs(np.diff(flux, axis=1)), axis=1)
    ivar = np.where(bad, 0, (np.maximum(noise, 1e-3) ** -2)[:, None]).astype(np.float32)
    planes = np.ascontiguousarray(image.transpose(0, 3, 2, 1))
    mask = ~np.isfinite(planes)
    unknown = np.full(n, np.nan)
    return GalaxyBatch(
        target_ids=np.asarray(table["targetid"].to_numpy(), dtype=np.int64),
        ra_deg=unknown,
        dec_deg=unknown,
        z=np.asarray(table["redshift"].to_numpy(), dtype=np.float64),
        has_image=np.ones(n, bool),
        has_spectrum=has,
        image_flux=np.where(mask, 0, planes),
        image_mask=mask,
        spectrum_flux=flux,
        spectrum_ivar=ivar,
        spectrum_mask=bad,
    )


def _any_flux(shard: Path) -> npt.NDArray[np.bool_]:
    """(n,) bool, True for galaxies of a shard whose spectrum has a value other than 0."""
    with pq.ParquetFile(shard) as file:
        parts = [
            _flat(pa.table(part)["spectrum"]).reshape(len(part), -1)
            for part in file.iter_batches(512, columns=["spectrum"])
        ]
    return np.concatenate([(np.isfinite(flux) & (flux != 0)).any(axis=1) for flux in parts])


def _flat(column: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    """(N,) float32 values of a column of nested lists, flattened in order."""
    array = column.combine_chunks()
    array = getattr(array, "storage", array)
    while not pa.types.is_floating(array.type):
        array = array.flatten()
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float32)
