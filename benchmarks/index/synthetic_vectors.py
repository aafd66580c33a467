"""Many embeddings that are like few: a survey of any size drawn around embedded galaxies.

    python -m benchmarks.index.synthetic_vectors EMBEDDINGS --n 1000000 --out DIR

A new galaxy stands near an embedded one: the differences to its nearest neighbours, in image and
spectrum at once, are mixed with normal weights, so that the new one scatters as its surroundings
do, in as many directions, and image and spectrum move together. Both are then brought to length
one, which leaves the gap between the modalities. Catalogue numbers are mixed with the same
weights, so filters go with the vectors as they do in the survey.

`DIR` is an embeddings directory for `galsearch build-index`, with `questions.npz` (galaxies drawn
alike that are not in it) and `likeness.json`: neighbour distances, intrinsic dimension and gap of
the embedded galaxies beside those of as many drawn ones.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingShard, open_store, write_shard
from galsearch.embeddings.store import StoreRecord, write_record

Vectors = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
BOTH = tuple(Modality)
_MIXED_ROWS = 512
"""Galaxies mixed at a time: their neighbours fill 4 MB."""
N_NEIGHBOURS = 16
"""Galaxies whose differences are mixed; more than the intrinsic dimension of either modality."""
SHARD_ROWS = 50_000
RANKS = (1, 2, 5, 10, 20, 50)


@dataclass(frozen=True)
class Source:
    """Embedded galaxies that have both modalities, and the neighbours of each in both at once."""

    ids: npt.NDArray[np.int64]
    joint: Vectors
    """(n, 2 d) image beside spectrum."""
    numbers: npt.NDArray[np.float64]
    """(n, c) catalogue columns."""
    names: tuple[str, ...]
    near: npt.NDArray[np.int64]
    """(n, N_NEIGHBOURS) rows."""
    fingerprint: Fingerprint

    @property
    def dim(self) -> int:
        """Components of one modality."""
        return int(self.joint.shape[1]) // 2


def read_source(embeddings: Path) -> Source:
    """The galaxies of an embeddings directory that have both modalities."""
    stores = {kind: open_store(embeddings, kind) for kind in Modality}
    image, spectrum = (np.concatenate(list(stores[kind].iter_ids())) for kind in Modality)
    ids = np.intersect1d(image, spectrum)
    joint = np.concatenate([stores[kind].read(ids) for kind in Modality], axis=1)
    table = pq.read_table(embeddings / "catalogue.parquet").sort_by("target_id")
    rows = np.searchsorted(np.asarray(table["target_id"]), ids)
    names = ["ra_deg", "dec_deg", "z"]
    names += [name for name in ("mag_g", "mag_r", "mag_z") if name in table.column_names]
    columns = [np.asarray(table[name].to_numpy(), np.float64)[rows] for name in names]
    index = faiss.IndexFlatIP(joint.shape[1])
    index.add(joint)
    near = index.search(joint, N_NEIGHBOURS + 1)[1][:, 1:]
    fingerprint = stores[Modality.IMAGE].fingerprint
    return Source(ids, joint, np.stack(columns, 1), tuple(names), near, fingerprint)


def draw(
    source: Source, n: int, generator: np.random.Generator, kinds: tuple[Modality, ...] = BOTH
) -> tuple[dict[Modality, Vectors], Doubles]:
    """`n` galaxies: vectors of the modalities that are wanted, and catalogue numbers."""
    rows = generator.integers(0, len(source.ids), n)
    # A difference of two galaxies scatters twice as much as one galaxy: hence the 2.
    weights = generator.normal(size=(n, N_NEIGHBOURS)) / np.sqrt(2 * N_NEIGHBOURS)
    near = source.near[rows]
    numbers = mixed(source.numbers, rows, near, weights)
    numbers[:, 0] %= 360
    numbers[:, 1] = np.clip(numbers[:, 1], -90, 90)
    halves = dict(zip(BOTH, np.split(source.joint, 2, axis=1), strict=True))
    light = weights.astype(np.float32)
    vectors = {
        kind: unit_rows(mixed(np.ascontiguousarray(halves[kind]), rows, near, light))
        for kind in kinds
    }
    return vectors, numbers


def mixed(values: Any, rows: Any, near: Any, weights: Any) -> Any:
    """Each row's values, and to them the weighted differences to those of its neighbours."""
    own = 1 - weights.sum(axis=1)
    found = np.empty((len(rows), values.shape[1]), values.dtype)
    for start in range(0, len(rows), _MIXED_ROWS):
        part = slice(start, start + _MIXED_ROWS)
        found[part] = own[part, None] * values[rows[part]]
        found[part] += np.matmul(weights[part, None, :], values[near[part]])[:, 0]
    return found


def write_drawn(
    source: Source, out: Path, *, n: int, n_spectra: int, n_questions: int, seed: int
) -> None:
    """An embeddings directory of `n` drawn galaxies; finished shards are kept.

    The first `n_spectra` have a spectrum too. A smaller directory is the beginning of a larger one
    of the same seed.
    """
    out.mkdir(parents=True, exist_ok=True)
    shards: dict[Modality, dict[str, int]] = {kind: {} for kind in BOTH}
    tables = []
    for number, start in enumerate(range(0, n, SHARD_ROWS)):
        count = min(SHARD_ROWS, n - start)
        name = f"part-{number:05d}.parquet"
        kinds = BOTH if start < n_spectra else (Modality.IMAGE,)
        missing = tuple(kind for kind in kinds if not (out / kind / name).exists())
        generator = np.random.default_rng([seed, number])
        vectors, numbers = draw(source, count, generator, missing)
        ids = np.arange(start, start + count, dtype=np.int64) + 39_627_000_000_000_000
        for kind in kinds:
            shards[kind][name] = count
            (out / kind).mkdir(exist_ok=True)
        for kind in missing:
            places = (numbers[:, 0], numbers[:, 1])
            shard = EmbeddingShard(
                ids, *places, vectors[kind], kind, source.fingerprint, f"drawn-{number}", "0" * 64
            )
            write_shard(out / kind / name, shard)
        columns = dict(zip(source.names, numbers.T, strict=True))
        tables.append(pa.table({"target_id": ids, **columns}))
    pq.write_table(pa.concat_tables(tables), out / "catalogue.parquet")
    for kind in BOTH:
        held = sum(shards[kind].values())
        record = StoreRecord(
            kind,
            "drawn",
            source.fingerprint,
            source.dim,
            held,
            n - held,
            "drawn",
            "0" * 64,
            shards[kind],
        )
        write_record(out / kind, record)
    vectors, numbers = draw(source, n_questions, np.random.default_rng([seed, 10**9]))
    np.savez(
        out / "questions.npz",
        image=vectors[Modality.IMAGE],
        spectrum=vectors[Modality.SPECTRUM],
        numbers=numbers,
    )


def likeness(source: Source, *, seed: int) -> dict[str, Any]:
    """The embedded galaxies described, beside as many drawn ones."""
    drawn, _ = draw(source, len(source.ids), np.random.default_rng([seed, 10**9 + 1]))
    return {
        "n": len(source.ids),
        "encoder": source.fingerprint,
        "embedded": describe(*np.split(source.joint, 2, axis=1)),
        "drawn": describe(drawn[Modality.IMAGE], drawn[Modality.SPECTRUM]),
    }


def describe(image: Vectors, spectrum: Vectors) -> dict[str, Any]:
    """Median cosine distances to neighbours by rank, intrinsic dimension, gap."""
    found: dict[str, Any] = {
        "gap": float(np.linalg.norm(image.mean(axis=0) - spectrum.mean(axis=0))),
        "pair_cosine": float(np.median(np.vecdot(image, spectrum))),
    }
    vectors = {Modality.IMAGE: image, Modality.SPECTRUM: spectrum}
    for using in Modality:
        for among in Modality:
            distances = 1 - _cosines(vectors[using], vectors[among], own=using is among)
            medians = np.median(distances, axis=0)
            found[f"{using}_among_{among}"] = {
                "distance_by_rank": {str(r): float(medians[r - 1]) for r in RANKS},
                "intrinsic_dimension": intrinsic_dimension(distances[:, :20]),
            }
    return found


def _cosines(questions: Vectors, stored: Vectors, *, own: bool) -> npt.NDArray[np.float64]:
    index = faiss.IndexFlatIP(stored.shape[1])
    index.add(np.ascontiguousarray(stored))
    found = index.search(np.ascontiguousarray(questions[:2000]), max(RANKS) + own)[0]
    return np.asarray(np.minimum(found[:, int(own) :], 1.0), np.float64)


def intrinsic_dimension(distances: npt.NDArray[np.float64]) -> float:
    """Levina and Bickel (2004), with MacKay and Ghahramani's mean of inverses.

    Parameters
    ----------
    distances : (n, k)
        Ascending cosine distances, half the squared Euclidean ones of unit vectors.
    """
    euclidean = np.sqrt(2 * np.maximum(distances, 1e-12))
    logarithms = np.log(euclidean[:, -1:] / euclidean[:, :-1])
    return float(1 / np.mean(logarithms))


def main() -> int:
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(description="Many embeddings that are like few.")
    parser.add_argument("embeddings", type=Path)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--spectra", type=int, help="galaxies with a spectrum, default: all")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    source = read_source(arguments.embeddings)
    write_drawn(
        source,
        arguments.out,
        n=arguments.n,
        n_spectra=arguments.n if arguments.spectra is None else arguments.spectra,
        n_questions=arguments.questions,
        seed=arguments.seed,
    )
    found = likeness(source, seed=arguments.seed)
    (arguments.out / "likeness.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
