"""Synthetic embeddings of any number of galaxies, sampled around real embeddings.

    python -m benchmarks.index.synthetic_vectors EMBEDDINGS --n 1000000 --out DIR

A synthetic galaxy is placed near an embedded one: the differences to that galaxy's nearest
neighbours, in image and spectrum at once, are added with normal weights. The synthetic galaxies
therefore scatter locally as the embedded ones do, in as many directions, and image and spectrum
move together. Both vectors are then scaled to unit length, which preserves the gap between the
modalities. Catalogue columns are mixed with the same weights, so filters correlate with the
vectors as they do in the survey.

`DIR` becomes an embeddings directory for `galsearch build-index`, with `queries.npz` (further
synthetic galaxies that are not stored) and `likeness.json`: neighbour distances, intrinsic
dimension and modality gap of the embedded galaxies beside those of as many synthetic ones.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.index.exact_cosines import QUERIES_FILE
from galsearch.core.arrays import Float64Array, Rows, TargetIds, Vectors
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingShard, open_store, write_shard
from galsearch.embeddings.store_record import StoreRecord, write_record
from galsearch.files.atomic import new_file, write_arrays, write_json

MODALITIES = tuple(Modality)
FIRST_ID = 39_627_000_000_000_000
"""TARGETID of the first synthetic galaxy; the others follow without gaps."""
N_NEIGHBOURS = 16
"""Number of neighbours whose differences to a galaxy are mixed; it is larger than the intrinsic
dimension of either modality.
"""
SHARD_ROWS = 50_000
ORIGIN = "drawn"
"""Name of the dataset in the written files; it must not change, so that the same seed gives the
same bytes.
"""
RANKS = (1, 2, 5, 10, 20, 50)
"""Ranks of the neighbours whose distances `likeness.json` compares."""
_BLOCK_ROWS = 512
"""Number of galaxies that are mixed at a time; the vectors of their neighbours fill 4 MB."""


@dataclass(frozen=True)
class Source:
    """Embedded galaxies that have both modalities, with the nearest neighbours of each in both
    modalities jointly. Synthetic galaxies are sampled around them.
    """

    ids: TargetIds
    joint: Vectors
    """(n, 2 d) image embedding followed by spectrum embedding of each galaxy."""
    columns: Float64Array
    """(n, c) catalogue columns, of which the first two are right ascension and declination."""
    names: tuple[str, ...]
    """Names of the catalogue columns."""
    near: Rows
    """(n, N_NEIGHBOURS) row numbers of each galaxy's nearest neighbours."""
    fingerprint: Fingerprint

    @property
    def dim(self) -> int:
        """Dimension of the embedding of one modality."""
        return int(self.joint.shape[1]) // 2


def read_source(embeddings: Path) -> Source:
    """The galaxies of an embeddings directory that have both modalities."""
    stores = {kind: open_store(embeddings, kind) for kind in Modality}
    image, spectrum = (np.concatenate(list(stores[kind].iter_ids())) for kind in Modality)
    ids = np.intersect1d(image, spectrum)
    joint = np.concatenate([stores[kind].read(ids) for kind in Modality], axis=1)
    table = pq.read_table(embeddings / "catalogue.parquet").sort_by("target_id")
    rows = find_rows(np.asarray(table["target_id"]), ids)
    names = ["ra_deg", "dec_deg", "z"]
    names += [name for name in ("mag_g", "mag_r", "mag_z") if name in table.column_names]
    columns = [np.asarray(table[name].to_numpy(), np.float64)[rows] for name in names]
    index = faiss.IndexFlatIP(joint.shape[1])
    index.add(joint)
    near = index.search(joint, N_NEIGHBOURS + 1)[1][:, 1:]
    fingerprint = stores[Modality.IMAGE].fingerprint
    return Source(ids, joint, np.stack(columns, 1), tuple(names), near, fingerprint)


def sample_galaxies(
    source: Source,
    n: int,
    generator: np.random.Generator,
    kinds: tuple[Modality, ...] = MODALITIES,
) -> tuple[dict[Modality, Vectors], Float64Array]:
    """Embeddings (n, d), by modality, of `n` synthetic galaxies sampled around the source's
    galaxies, and catalogue columns (n, c).
    """
    rows = generator.integers(0, len(source.ids), n)
    # The variance of a difference of two galaxies is twice that of one galaxy, hence the factor 2.
    weights = generator.normal(size=(n, N_NEIGHBOURS)) / np.sqrt(2 * N_NEIGHBOURS)
    near = source.near[rows]
    columns = mixed(source.columns, rows, near, weights)
    columns[:, 0] %= 360
    columns[:, 1] = np.clip(columns[:, 1], -90, 90)
    halves = dict(zip(MODALITIES, np.split(source.joint, 2, axis=1), strict=True))
    single = weights.astype(np.float32)
    vectors = {
        kind: unit_rows(mixed(np.ascontiguousarray(halves[kind]), rows, near, single))
        for kind in kinds
    }
    return vectors, columns


def mixed(values: Any, rows: Any, near: Any, weights: Any) -> Any:
    """Values of galaxies at `rows`, plus the weighted differences to the values of their
    neighbours.
    """
    own = 1 - weights.sum(axis=1)
    found = np.empty((len(rows), values.shape[1]), values.dtype)
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        found[block] = own[block, None] * values[rows[block]]
        found[block] += np.matmul(weights[block, None, :], values[near[block]])[:, 0]
    return found


def write_synthetic(
    source: Source, out: Path, *, n: int, n_spectra: int, n_queries: int, seed: int
) -> None:
    """Write an embeddings directory of `n` synthetic galaxies; complete shards are not rewritten.

    The first `n_spectra` galaxies have a spectrum too. Of two directories made with the same seed,
    the smaller one holds the first galaxies of the larger one.
    """
    shards: dict[Modality, dict[str, int]] = {kind: {} for kind in MODALITIES}
    tables = []
    for number, start in enumerate(range(0, n, SHARD_ROWS)):
        count = min(SHARD_ROWS, n - start)
        name = f"part-{number:05d}.parquet"
        kinds = MODALITIES if start < n_spectra else (Modality.IMAGE,)
        missing = tuple(kind for kind in kinds if not (out / kind / name).exists())
        generator = np.random.default_rng([seed, number])
        vectors, columns = sample_galaxies(source, count, generator, missing)
        ids = np.arange(start, start + count, dtype=np.int64) + FIRST_ID
        for kind in kinds:
            shards[kind][name] = count
        for kind in missing:
            positions = (columns[:, 0], columns[:, 1])
            part = f"{ORIGIN}-{number}"
            shard = EmbeddingShard(
                ids, *positions, vectors[kind], kind, source.fingerprint, part, "0" * 64
            )
            write_shard(out / kind / name, shard)
        named = dict(zip(source.names, columns.T, strict=True))
        tables.append(pa.table({"target_id": ids, **named}))
    with new_file(out / "catalogue.parquet") as temporary:
        pq.write_table(pa.concat_tables(tables), temporary)
    for kind in MODALITIES:
        write_store_record(out, kind, source.fingerprint, source.dim, n, shards[kind])
    vectors, columns = sample_galaxies(source, n_queries, np.random.default_rng([seed, 10**9]))
    image, spectrum = vectors[Modality.IMAGE], vectors[Modality.SPECTRUM]
    write_arrays(out / QUERIES_FILE, image=image, spectrum=spectrum, numbers=columns)


def write_store_record(
    out: Path, kind: Modality, fingerprint: Fingerprint, dim: int, n: int, shards: dict[str, int]
) -> None:
    """Write the record of one modality of an embeddings directory of `n` synthetic galaxies."""
    n_rows = sum(shards.values())
    record = StoreRecord(
        kind, ORIGIN, fingerprint, dim, n_rows, n - n_rows, ORIGIN, "0" * 64, shards
    )
    write_record(out / kind, record)


def likeness(source: Source, *, seed: int) -> dict[str, Any]:
    """Statistics of the embedded galaxies, and of as many synthetic ones under the key "drawn"."""
    generator = np.random.default_rng([seed, 10**9 + 1])
    synthetic, _ = sample_galaxies(source, len(source.ids), generator)
    return {
        "n": len(source.ids),
        "encoder": source.fingerprint,
        "embedded": describe(*np.split(source.joint, 2, axis=1)),
        "drawn": describe(synthetic[Modality.IMAGE], synthetic[Modality.SPECTRUM]),
    }


def describe(image: Vectors, spectrum: Vectors) -> dict[str, Any]:
    """Statistics of a set of embeddings: the median cosine distance of neighbours by rank, the
    intrinsic dimension and the modality gap.
    """
    found: dict[str, Any] = {
        "gap": float(np.linalg.norm(image.mean(axis=0) - spectrum.mean(axis=0))),
        "pair_cosine": float(np.median(np.vecdot(image, spectrum))),
    }
    vectors = {Modality.IMAGE: image, Modality.SPECTRUM: spectrum}
    for using in Modality:
        for among in Modality:
            distances = 1 - _cosines(vectors[using], vectors[among], same=using is among)
            medians = np.median(distances, axis=0)
            found[f"{using}_among_{among}"] = {
                "distance_by_rank": {str(r): float(medians[r - 1]) for r in RANKS},
                "intrinsic_dimension": intrinsic_dimension(distances[:, :20]),
            }
    return found


def _cosines(queries: Vectors, stored: Vectors, *, same: bool) -> Float64Array:
    """(q, 50) largest cosines of the first 2,000 queries with the stored vectors; where both are
    the same vectors, a query's cosine with itself is left out.
    """
    index = faiss.IndexFlatIP(stored.shape[1])
    index.add(np.ascontiguousarray(stored))
    found = index.search(np.ascontiguousarray(queries[:2000]), max(RANKS) + same)[0]
    return np.asarray(np.minimum(found[:, int(same) :], 1.0), np.float64)


def intrinsic_dimension(distances: Float64Array) -> float:
    """Maximum-likelihood estimate of the intrinsic dimension of a set of vectors.

    The estimate follows Levina and Bickel (2004), averaged over galaxies as MacKay and Ghahramani
    advise (mean of the inverses).

    Parameters
    ----------
    distances : (n, k)
        Ascending cosine distances, which are half the squared Euclidean ones of unit vectors.
    """
    euclidean = np.sqrt(2 * np.maximum(distances, 1e-12))
    logarithms = np.log(euclidean[:, -1:] / euclidean[:, :-1])
    return float(1 / np.mean(logarithms))


def main() -> int:
    """Write synthetic embeddings and compare them with the embeddings they were sampled from."""
    parser = argparse.ArgumentParser(description="Sample synthetic embeddings around real ones.")
    add = parser.add_argument
    add("embeddings", type=Path, help="embeddings directory with both modalities")
    add("--n", type=int, default=1_000_000, help="number of synthetic galaxies")
    add("--spectra", type=int, help="galaxies that have a spectrum, default: all")
    add("--queries", type=int, default=1000, help="number of further galaxies, for queries")
    add("--seed", type=int, default=1, help="seed of the sampling")
    add("--out", type=Path, required=True, help="directory to write")
    arguments = parser.parse_args()
    source = read_source(arguments.embeddings)
    write_synthetic(
        source,
        arguments.out,
        n=arguments.n,
        n_spectra=arguments.n if arguments.spectra is None else arguments.spectra,
        n_queries=arguments.queries,
        seed=arguments.seed,
    )
    found = likeness(source, seed=arguments.seed)
    write_json(arguments.out / "likeness.json", found, indent=1)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
