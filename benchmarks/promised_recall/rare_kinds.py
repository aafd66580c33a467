"""Synthetic embeddings with common, rare and new kinds of galaxies, and their exact neighbours.

Common galaxies scatter around many centres within a subspace of few dimensions, as embeddings of
one survey do. A rare kind lies close to some of them but varies along directions of its own. A new
kind has the distribution of the common galaxies, turned by an angle out of their subspace.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.index.synthetic_vectors import FIRST_ID, write_store_record
from galsearch.core.arrays import BoolArray, Float64Array, Rows, TargetIds, Vectors
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingShard, write_shard
from galsearch.files.atomic import new_file

DIM = 128
ENCODER = Fingerprint("b" * 64)
TIE = 2e-7
"""Cosines that differ by less than this count as equal, because single precision rounds them."""
_N_CENTRES, _N_LATENT, _N_RARE_AXES = 500, 28, 64
"""Number of centres of common galaxies, of dimensions of their subspace, and of directions along
which a rare kind varies."""
_NOISE = 0.003
"""Standard deviation of every component beside the latent ones."""
_ROWS_AT_A_TIME = 256


class Survey:
    """Distribution of the embeddings of common, rare and new kinds of galaxies.

    Parameters
    ----------
    seed
        Seed of the directions and centres; the same seed always gives the same distribution.
    """

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng([seed, 0])
        self._axes = np.linalg.qr(generator.normal(size=(DIM, DIM)))[0]
        self._turned = np.linalg.qr(generator.normal(size=(DIM, DIM)))[0]
        self._scales = 0.92 ** np.arange(_N_LATENT)
        self._centres = generator.normal(size=(_N_CENTRES, _N_LATENT)) * self._scales
        self._mean = 2.0 * self._axes[_N_LATENT]
        self._seed = seed

    def common(self, n: int, generator: np.random.Generator) -> Vectors:
        """Vectors of `n` common galaxies, shape (n, 128)."""
        latent = self._centres[generator.integers(0, _N_CENTRES, n)]
        latent = latent + 0.6 * generator.normal(size=(n, _N_LATENT)) * self._scales
        return self._as_unit(latent @ self._axes[:_N_LATENT] + self._mean, generator)

    def rare(self, number: int, n: int, generator: np.random.Generator) -> Vectors:
        """Vectors of `n` galaxies of the rare kind with a given number, shape (n, 128)."""
        kind = np.random.default_rng([self._seed, 1, number])
        centre = 0.4 * self._mean + self._centres[number] @ self._axes[:_N_LATENT]
        centre = centre + 2.0 * unit_rows(kind.normal(size=(1, DIM)).astype(np.float32))[0]
        own_axes = np.linalg.qr(kind.normal(size=(DIM, _N_RARE_AXES)))[0].T
        vectors = centre + 0.3 * generator.normal(size=(n, _N_RARE_AXES)) @ own_axes
        return self._as_unit(vectors, generator)

    def new(self, angle_deg: float, n: int, generator: np.random.Generator) -> Vectors:
        """Vectors of `n` galaxies of a new kind: common ones, turned by an angle, (n, 128)."""
        # Coordinate pairs of a random basis are turned, so every vector moves by about the angle.
        angle = np.deg2rad(angle_deg)
        rotated = self.common(n, generator) @ self._turned.T
        first, second = rotated[:, ::2], rotated[:, 1::2]
        turned = np.empty_like(rotated)
        turned[:, ::2] = np.cos(angle) * first - np.sin(angle) * second
        turned[:, 1::2] = np.sin(angle) * first + np.cos(angle) * second
        return unit_rows((turned @ self._turned).astype(np.float32))

    def _as_unit(self, vectors: Float64Array, generator: np.random.Generator) -> Vectors:
        noise = _NOISE * generator.normal(size=vectors.shape) * np.linalg.norm(self._mean)
        return unit_rows((vectors + noise).astype(np.float32))


@dataclass(frozen=True)
class Galaxies:
    """Embedded galaxies of a test: TARGETIDs, vectors, and a number by which filters select."""

    ids: TargetIds
    vectors: Vectors
    chance: Float64Array
    """Uniform random numbers within 0 .. 1, the column `chance` of the catalogue, shape (n,)."""

    @classmethod
    def of(cls, vectors: Vectors, *, first_id: int = FIRST_ID, seed: int) -> "Galaxies":
        """Galaxies with the given vectors in random order of TARGETID."""
        generator = np.random.default_rng([seed, 2])
        ids = np.arange(len(vectors), dtype=np.int64) + first_id
        order = generator.permutation(len(vectors))
        return cls(ids, vectors[order], generator.random(len(vectors)))

    def write(self, out: Path) -> Path:
        """Write an embeddings directory with images alone; returns its path."""
        zeros = np.zeros(len(self.ids))
        shard = EmbeddingShard(
            self.ids, zeros, zeros, self.vectors, Modality.IMAGE, ENCODER, "part", "0" * 64
        )
        write_shard(out / "image" / "part-0.parquet", shard)
        shards = {"part-0.parquet": len(self.ids)}
        write_store_record(out, Modality.IMAGE, ENCODER, DIM, len(self.ids), shards)
        columns = {"target_id": self.ids, "ra_deg": zeros, "dec_deg": zeros, "z": zeros}
        with new_file(out / "catalogue.parquet") as temporary:
            pq.write_table(pa.table({**columns, "chance": self.chance}), temporary)
        return out


def joined(first: Galaxies, second: Galaxies) -> Galaxies:
    """The galaxies of both, whose TARGETIDs ascend from the first to the second."""
    pairs = [(getattr(first, name), getattr(second, name)) for name in ("ids", "vectors", "chance")]
    return Galaxies(*(np.concatenate(pair) for pair in pairs))


def true_fractions(
    galaxies: Galaxies,
    queries: Vectors,
    found: TargetIds,
    *,
    k: int,
    allowed: BoolArray | None = None,
) -> Float64Array:
    """Fraction of the `k` nearest galaxies that were found for each query, shape (q,).

    The nearest are found by NumPy in double precision among the vectors as they were written.

    Parameters
    ----------
    galaxies
        The galaxies that are searched.
    queries : (q, 128)
        Query vectors.
    found : (q, k) int64
        TARGETIDs that a search found, 0 for none.
    k
        Number of neighbours.
    allowed : (n,) bool
        The galaxies that pass a filter; default: all.
    """
    rows: Rows = np.arange(len(galaxies.ids)) if allowed is None else np.flatnonzero(allowed)
    vectors = galaxies.vectors[rows].astype(np.float64)
    fractions = np.empty(len(queries))
    for start in range(0, len(queries), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        cosines = queries[part].astype(np.float64) @ vectors.T
        k_th = np.partition(cosines, len(rows) - k, axis=1)[:, len(rows) - k]
        at = np.searchsorted(galaxies.ids, found[part])
        at = np.minimum(at, len(galaxies.ids) - 1)
        own = np.einsum("qd,qkd->qk", queries[part].astype(np.float64), galaxies.vectors[at])
        valid = (found[part] > 0) & (galaxies.ids[at] == found[part])
        if allowed is not None:
            valid &= allowed[at]
        fractions[part] = ((own >= k_th[:, None] - TIE) & valid).sum(axis=1) / k
    return fractions
