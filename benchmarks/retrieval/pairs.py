"""Galaxies with both embeddings, of one split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import SPLITS, split_of
from galsearch.embeddings import open_store
from galsearch.embeddings.embed import CATALOGUE_FILE

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Galaxies with both embeddings, row by row, by ascending TARGETID."""

    target_ids: Ints
    vectors: dict[Modality, Floats]
    """(n, d) unit rows each."""
    z: npt.NDArray[np.float64]
    """(n,) NaN where unknown."""
    fingerprint: str

    def __len__(self) -> int:
        return len(self.target_ids)

    def take(self, rows: Ints) -> "Pairs":
        """The galaxies at these row numbers."""
        vectors = {modality: vectors[rows] for modality, vectors in self.vectors.items()}
        return Pairs(self.target_ids[rows], vectors, self.z[rows], self.fingerprint)


def read_pairs(embeddings: Path, split: str) -> Pairs:
    """The galaxies of a split that have both embeddings.

    Raises
    ------
    DatasetError
        Where there are fewer than two.
    """
    pairs = read_all(embeddings)
    pairs = pairs.take(np.flatnonzero(split_of(pairs.target_ids) == split))
    if len(pairs) < 2:
        raise DatasetError(
            f"{embeddings}: {len(pairs)} galaxies of the {split} split have image and spectrum; "
            "retrieval needs two at least."
        )
    return pairs


def read_bank(embeddings: Path, split: str, n: int, seed: int) -> Pairs:
    """At most `n` galaxies of other splits, from which hubs are learnt: validation before train,
    and never test.
    """
    pairs = read_all(embeddings)
    splits = split_of(pairs.target_ids)
    order = np.random.default_rng(seed).permutation(len(pairs))
    usable = [s for s in reversed(SPLITS) if s not in (split, "test")]
    rows = np.concatenate([order[splits[order] == s] for s in usable])[:n]
    return pairs.take(np.sort(rows))


def read_all(embeddings: Path) -> Pairs:
    """Every galaxy that has both embeddings."""
    stores = {modality: open_store(embeddings, modality) for modality in Modality}
    ids = [np.concatenate([np.zeros(0, np.int64), *s.iter_ids()]) for s in stores.values()]
    both = np.intersect1d(ids[0], ids[1], assume_unique=True)
    z = catalogue_of(embeddings, both, ["z"])["z"].to_numpy().astype(np.float64)
    vectors = {modality: store.read(both) for modality, store in stores.items()}
    return Pairs(both, vectors, z, stores[Modality.IMAGE].fingerprint)


def catalogue_of(embeddings: Path, target_ids: Ints, columns: list[str] | None) -> pa.Table:
    """Rows of the catalogue beside the embeddings, in the order asked for."""
    wanted = None if columns is None else ["target_id", *columns]
    known = pq.read_table(embeddings / CATALOGUE_FILE, columns=wanted)
    rows = np.searchsorted(known["target_id"].to_numpy(), target_ids)
    return known.take(pa.array(rows))


def dataset_of(embeddings: Path) -> Path:
    """The dataset that was embedded."""
    return Path(open_store(embeddings, Modality.IMAGE).dataset)
