"""Queries a second of an index in all four directions, beside FAISS alone on the same vectors."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingShard, write_shard
from galsearch.embeddings.store_record import StoreRecord, write_record
from galsearch.files.atomic import new_file
from galsearch.index import IndexRecipe, build_index
from galsearch.index.ivf.faiss_api import faiss
from galsearch.query import open_index
from galsearch.query.bulk.all_neighbours import write_neighbours

DIM, LATENT = 128, 16
FIRST_ID = 39_627_000_000_000_001
K = 10


def measure_search(folder: Path, device: str, *, n: int, n_queries: int) -> dict[str, Any]:
    """Seconds of a build, queries a second and recall of each direction, and those of FAISS alone.

    Parameters
    ----------
    device
        `cpu`, or `gpu` for all GPUs that FAISS sees.
    n
        Number of galaxies with both modalities.
    n_queries
        Number of queries in one call.
    """
    vectors = related_vectors(n)
    embeddings = write_embeddings(folder / "embeddings", vectors)
    start = time.perf_counter()
    recipe = IndexRecipe(name="gpu", device="gpu" if device == "gpu" else "cpu")
    build_index(recipe, embeddings=embeddings, out=folder / "index")
    found: dict[str, Any] = {"n": n, "build_seconds": time.perf_counter() - start}
    engine = open_index(folder / "index", device="gpu" if device == "gpu" else "cpu")
    rng = np.random.default_rng(2)
    ids = FIRST_ID + rng.choice(n, n_queries, replace=False)
    some = ids[: min(1000, n_queries)]
    for using, among in DIRECTIONS:
        words: dict[str, Any] = {"using": using, "among": among, "k": K}
        engine.query_many(some, **words)
        start = time.perf_counter()
        engine.query_many(ids, **words)
        rate = n_queries / (time.perf_counter() - start)
        exact = engine.query_many(some[:200], exact=True, **words).target_ids
        near = engine.query_many(some[:200], **words).target_ids
        recall = np.mean([np.isin(*pair).mean() for pair in zip(exact, near, strict=True)])
        found[f"{using}-{among}"] = {"queries_per_second": rate, "recall_at_10": float(recall)}
    start = time.perf_counter()
    table = folder / "neighbours.parquet"
    place = folder / "index"
    write_neighbours(table, using="image", among="image", index=place, device=engine.index.device)
    found["all_neighbours_seconds"] = time.perf_counter() - start
    found["faiss_alone"] = faiss_alone(vectors[Modality.IMAGE], n_queries, on_gpu=device == "gpu")
    return found


def related_vectors(n: int) -> dict[Modality, Vectors]:
    """Unit vectors of both modalities that share what few numbers of a galaxy say of it."""
    rng = np.random.default_rng(1)
    latent = rng.normal(size=(n, LATENT)).astype(np.float32)
    found = {}
    for modality in Modality:
        axes = rng.normal(size=(LATENT, DIM)).astype(np.float32) / LATENT**0.5
        own = np.float32(0.15) * rng.standard_normal((n, DIM), np.float32)
        found[modality] = unit_rows(latent @ axes + own)
    return found


def write_embeddings(out: Path, vectors: dict[Modality, Vectors]) -> Path:
    """Write vectors as `galsearch embed` does, in one shard for each modality."""
    n = len(vectors[Modality.IMAGE])
    ids: TargetIds = FIRST_ID + np.arange(n)
    ra_deg, dec_deg = np.linspace(0, 359, n), np.linspace(-80, 80, n)
    fingerprint = Fingerprint("a" * 64)
    for modality, rows in vectors.items():
        folder = out / modality
        folder.mkdir(parents=True, exist_ok=True)
        name = "part-00-000000000.parquet"
        shard = EmbeddingShard(
            ids, ra_deg, dec_deg, rows, modality, fingerprint, "Norder=0/Npix=0", "0" * 64
        )
        digest = write_shard(folder / name, shard)
        record = StoreRecord(
            modality, "random", fingerprint, DIM, n, 0, "random", "0" * 64, {name: n},
            digests={name: digest},
        )  # fmt: skip
        write_record(folder, record)
    table = pa.table({"target_id": ids, "ra_deg": ra_deg, "dec_deg": dec_deg, "z": np.full(n, 0.1)})
    with new_file(out / "catalogue.parquet") as temporary:
        pq.write_table(table, temporary)
    return out


def faiss_alone(vectors: Vectors, n_queries: int, *, on_gpu: bool) -> dict[str, Any]:
    """Queries a second of FAISS without galsearch: exact, and fp16 scalars in inverted lists."""
    dim, n_lists = vectors.shape[1], max(1, 4 * round(len(vectors) ** 0.5))
    queries = vectors[:n_queries]
    metric, half = faiss.METRIC_INNER_PRODUCT, faiss.ScalarQuantizer.QT_fp16
    if on_gpu:
        resources = faiss.StandardGpuResources()
        flat = faiss.GpuIndexFlatIP(resources, dim)
        lists = faiss.GpuIndexIVFScalarQuantizer(resources, dim, n_lists, half, metric, False)
    else:
        flat = faiss.IndexFlatIP(dim)
        lists = faiss.IndexIVFScalarQuantizer(flat_of(dim), dim, n_lists, half, metric, False)
    flat.add(vectors)
    start = time.perf_counter()
    lists.train(vectors[:: max(1, len(vectors) // (64 * n_lists))])
    lists.add(vectors)
    found: dict[str, Any] = {"n_lists": n_lists, "build_seconds": time.perf_counter() - start}
    truth = flat.search(queries[:1000], K)[1]
    found["exact_per_second"] = _rate(lambda: flat.search(queries, K), n_queries)
    for n_probe in (4, 8, 16, 32, 64):
        parameters = faiss.SearchParametersIVF(nprobe=n_probe)
        near = lists.search(queries[:1000], K, params=parameters)[1]
        recall = float(np.mean([np.isin(*pair).mean() for pair in zip(truth, near, strict=True)]))
        rate = _rate(lambda p=parameters: lists.search(queries, K, params=p), n_queries)
        found[f"fp16 lists, {n_probe} probed"] = {"per_second": rate, "recall_at_10": recall}
        if recall > 0.98:
            break
    return found


_kept: list[Any] = []


def flat_of(dim: int) -> Any:
    """A coarse quantiser, which is referenced as long as the process lives."""
    _kept.append(faiss.IndexFlatIP(dim))
    return _kept[-1]


def _rate(search: Any, n_queries: int) -> float:
    search()
    start = time.perf_counter()
    search()
    return n_queries / (time.perf_counter() - start)
