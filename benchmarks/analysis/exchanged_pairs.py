"""The inconsistency of galaxies whose spectra were exchanged, beside that of all others.

A fraction of the galaxies of an embeddings directory exchange their spectra, in pairs of different
redshift or of the same one. An index of the result is scored by `galsearch.outliers`, which knows
nothing of the exchange.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.downstream.scoring.accuracy_measures import area_under_curve
from galsearch.analysis import Similarity, outliers
from galsearch.core.arrays import Float64Array, Rows
from galsearch.core.modality import Modality
from galsearch.embeddings import EmbeddingShard, open_store, write_shard
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE
from galsearch.embeddings.store_record import StoreRecord, write_record
from galsearch.files.digest import sha256_of_file
from galsearch.index import IndexRecipe, build_index
from galsearch.query import open_index

DIFFERENT, SAME = 0.05, 0.005
"""Pairs of different redshift differ by more than the first, pairs of the same one by less than the
second, in units of 1 + z."""


def measure_exchanges(
    embeddings: Path, work: Path, *, share: float, seed: int, redshift: str
) -> dict[str, Any]:
    """Areas under the ROC curve of the inconsistency, by kind of exchange and similarity.

    Parameters
    ----------
    embeddings
        Embeddings of both modalities.
    work
        Directory for the indexes, which are removed.
    share
        Share of the galaxies whose spectra are exchanged.
    seed
        Seed of their choice.
    redshift
        Column of the catalogue with true redshifts.
    """
    out: dict[str, Any] = {}
    for kind in ("different", "same"):
        folder = work / f"exchanged-{kind}"
        shutil.rmtree(folder, ignore_errors=True)
        exchanged = write_exchanged(embeddings, folder, share, seed, redshift, same=kind == "same")
        recipe = IndexRecipe(name=f"exchanged-{kind}")
        build_index(recipe, embeddings=folder / "embeddings", out=folder / "index")
        engine = open_index(folder / "index")
        out[kind] = {"n_exchanged": len(exchanged), "n_galaxies": len(engine)}
        for similarity in Similarity:
            found = outliers(index=engine, similarity=similarity)
            score = found.columns["inconsistency"]
            known = np.isfinite(score)
            wrong = np.isin(found.target_ids, exchanged)[known]
            out[kind][str(similarity)] = {
                "auc": area_under_curve(wrong.astype(float), score[known]),
                "share_of_exchanged_in_first_percent": share_found(wrong, score[known], 0.01),
            }
        shutil.rmtree(folder)
    return out


def share_found(wrong: Any, score: Float64Array, top: float) -> float:
    """The share of the wrong galaxies that are among the largest scores, of a share `top`."""
    first = np.argsort(-score)[: max(1, round(top * len(score)))]
    return float(wrong[first].sum() / wrong.sum())


def write_exchanged(
    embeddings: Path, folder: Path, share: float, seed: int, redshift: str, *, same: bool
) -> Rows:
    """Write embeddings in which some galaxies have the spectra of others, and return these."""
    stores = {modality: open_store(embeddings, modality) for modality in Modality}
    images, spectra = (np.concatenate(list(store.iter_ids())) for store in stores.values())
    ids = np.intersect1d(images, spectra)
    out = folder / "embeddings"
    out.mkdir(parents=True)
    shutil.copyfile(embeddings / CATALOGUE_FILE, out / CATALOGUE_FILE)
    vectors = {modality: store.read(ids) for modality, store in stores.items()}
    z = _redshifts(embeddings, redshift, ids)
    first, second = exchange_pairs(z, round(share * len(ids) / 2), seed, same=same)
    moved, origin = np.r_[first, second], np.r_[second, first]
    vectors[Modality.SPECTRUM][moved] = vectors[Modality.SPECTRUM][origin]
    for modality, store in stores.items():
        _write_store(out / modality, store.record, ids, vectors[modality])
    return np.asarray(ids[moved])


def exchange_pairs(z: Float64Array, n: int, seed: int, *, same: bool) -> tuple[Rows, Rows]:
    """Rows of up to `n` pairs of galaxies, each in one pair at most."""
    generator = np.random.default_rng(seed)
    free = generator.permutation(np.flatnonzero(np.isfinite(z))).tolist()
    first: list[int] = []
    second: list[int] = []
    while len(free) > 1 and len(first) < n:
        one = free.pop()
        step = np.abs(z[free] - z[one]) / (1 + z[one])
        fits = np.flatnonzero(step < SAME if same else step > DIFFERENT)
        if len(fits):
            first.append(one)
            second.append(free.pop(int(generator.choice(fits))))
    return np.array(first, np.int64), np.array(second, np.int64)


def _redshifts(embeddings: Path, column: str, ids: Rows) -> Float64Array:
    import pyarrow.parquet as pq

    table = pq.read_table(embeddings / CATALOGUE_FILE, columns=["target_id", column])
    order = np.argsort(table["target_id"].to_numpy())
    rows = order[np.searchsorted(table["target_id"].to_numpy()[order], ids)]
    return np.asarray(table[column].to_numpy(zero_copy_only=False)[rows], float)


def _write_store(folder: Path, record: StoreRecord, ids: Rows, vectors: Any) -> None:
    places = np.zeros(len(ids))
    shard = EmbeddingShard(
        ids, places, places, vectors, record.modality, record.fingerprint, "exchanged", "0" * 64
    )
    write_shard(folder / "part-0.parquet", shard)
    write_record(
        folder,
        StoreRecord(
            record.modality,
            record.encoder,
            record.fingerprint,
            record.dim,
            len(ids),
            0,
            record.dataset,
            "0" * 64,
            {"part-0.parquet": len(ids)},
            digests={"part-0.parquet": sha256_of_file(folder / "part-0.parquet")},
        ),
    )
