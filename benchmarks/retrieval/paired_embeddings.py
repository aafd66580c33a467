"""Galaxies that have both an image and a spectrum embedding, read from an embeddings directory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Float64Array, Rows, TargetIds, Vectors
from galsearch.core.errors import DatasetError
from galsearch.core.ids import find_rows_unsorted
from galsearch.core.modality import Modality
from galsearch.dataset import SPLITS, split_of
from galsearch.embeddings import open_store
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE


@dataclass(frozen=True, eq=False)
class PairedEmbeddings:
    """Embeddings of both modalities of the same galaxies, row by row, by ascending TARGETID."""

    target_ids: TargetIds
    vectors: dict[Modality, Vectors]
    """(n, d) unit vectors of the galaxies, by modality."""
    z: Float64Array
    """(n,) redshifts of the galaxies, NaN where unknown."""
    fingerprint: str

    def __len__(self) -> int:
        return len(self.target_ids)

    def take(self, rows: Rows) -> "PairedEmbeddings":
        """The embeddings and redshifts of the galaxies at the given row numbers."""
        vectors = {modality: vectors[rows] for modality, vectors in self.vectors.items()}
        return PairedEmbeddings(self.target_ids[rows], vectors, self.z[rows], self.fingerprint)


def read_pairs(embeddings: Path, split: str) -> PairedEmbeddings:
    """Embeddings of the galaxies of a split that have both an image and a spectrum embedding.

    Raises
    ------
    DatasetError
        Where fewer than two galaxies of the split have both embeddings.
    """
    pairs = read_all(embeddings)
    pairs = pairs.take(np.flatnonzero(split_of(pairs.target_ids) == split))
    if len(pairs) < 2:
        raise DatasetError(
            f"{embeddings}: {len(pairs)} galaxies of the {split} split have image and spectrum; "
            "retrieval needs at least two."
        )
    return pairs


def read_bank(embeddings: Path, split: str, n: int, seed: int) -> PairedEmbeddings:
    """Embeddings of at most `n` galaxies of splits other than `split`, from which hubness is
    learnt.

    Validation galaxies are taken before training galaxies, and test galaxies never.
    """
    pairs = read_all(embeddings)
    splits = split_of(pairs.target_ids)
    order = np.random.default_rng(seed).permutation(len(pairs))
    usable = [s for s in reversed(SPLITS) if s not in (split, "test")]
    rows = np.concatenate([order[splits[order] == s] for s in usable])[:n]
    return pairs.take(np.sort(rows))


def read_all(embeddings: Path) -> PairedEmbeddings:
    """Embeddings of all galaxies that have both an image and a spectrum embedding."""
    stores = {modality: open_store(embeddings, modality) for modality in Modality}
    ids = [np.concatenate([np.zeros(0, np.int64), *s.iter_ids()]) for s in stores.values()]
    both = np.intersect1d(ids[0], ids[1], assume_unique=True)
    z = catalogue_of(embeddings, both, ["z"])["z"].to_numpy().astype(np.float64)
    vectors = {modality: store.read(both) for modality, store in stores.items()}
    return PairedEmbeddings(both, vectors, z, stores[Modality.IMAGE].fingerprint)


def catalogue_of(embeddings: Path, target_ids: TargetIds, columns: list[str] | None) -> pa.Table:
    """Rows of the catalogue in an embeddings directory, in the order of `target_ids`.

    Parameters
    ----------
    columns
        Columns to read beside the TARGETID; None reads all.

    Raises
    ------
    DatasetError
        Where the catalogue lacks a galaxy.
    """
    wanted = None if columns is None else ["target_id", *columns]
    known = pq.read_table(embeddings / CATALOGUE_FILE, columns=wanted)
    rows = find_rows_unsorted(known["target_id"].to_numpy(), target_ids)
    if (rows < 0).any():
        raise DatasetError(
            f"{embeddings / CATALOGUE_FILE}: lacks {int((rows < 0).sum())} of {len(rows)} embedded "
            "galaxies."
        )
    return known.take(pa.array(rows))


def dataset_of(embeddings: Path) -> Path:
    """Path of the dataset whose galaxies are in an embeddings directory."""
    return Path(open_store(embeddings, Modality.IMAGE).dataset)
