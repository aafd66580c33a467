"""Latency of queries through the Python API: single, in a batch, with many neighbours, own images.

    python -m benchmarks.index.query_speed.query_latency INDEX --cutout CUTOUT --out latency.json

A query by TARGETID is timed with the metadata that every result has (position and redshift), and
with a table of all catalogue columns besides. Everything runs on one thread. Times of the CPU are
given beside those of the clock; on a machine with other work, those of the CPU are the ones to
compare. A cold query is a process of its own, from its start to the printed neighbours; the import
of torch alone is timed likewise.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.files.atomic import write_json
from galsearch.query import SearchEngine, open_index

COLD_QUERY = """
import sys, galsearch
engine = galsearch.open_index(sys.argv[1])
print(engine.query(image=sys.argv[2], among="image", k=10).target_ids)
"""


def main() -> int:
    """Measure the index that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("index", type=Path, help="directory of an index")
    parser.add_argument("--cutout", type=Path, help="FITS cutout of a galaxy, as own image")
    parser.add_argument("--n", type=int, default=2000, help="single queries of each direction")
    parser.add_argument("--batch", type=int, default=10_000, help="queries in one batch")
    parser.add_argument("--k", type=int, default=100_000, help="largest number of neighbours")
    parser.add_argument("--out", type=Path, help="JSON file of results")
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    results = measure(arguments)
    if arguments.out is not None:
        write_json(arguments.out, results)
    return 0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures, which are printed as they are found."""
    engine = open_index(arguments.index)
    results: dict[str, Any] = {
        "galaxies": len(engine),
        "columns": len(engine.catalogue.columns.schema),
        "load_average": os.getloadavg()[0],
    }
    # The first table of many neighbours is timed before any other was made.
    results["many_neighbours"] = many_neighbours(engine, min(arguments.k, len(engine) - 1))
    print(results, flush=True)
    for using, among in DIRECTIONS:
        if not {using, among} <= set(engine.manifest.modalities):
            continue
        name = f"{using} to {among}"
        results[name] = one_direction(engine, using, among, arguments.n, arguments.batch)
        print(name, results[name], flush=True)
    if arguments.cutout is not None:
        results["own_image"] = own_image(engine, arguments.index, arguments.cutout)
        print("own image", results["own_image"], flush=True)
    return results


def one_direction(
    engine: SearchEngine, using: Modality, among: Modality, n: int, n_batch: int
) -> dict[str, Any]:
    """Single queries by TARGETID, alone and with a table of all columns, and one batch."""
    stored = np.asarray(engine.index.stored(using).ids)
    some = np.random.default_rng(1).choice(stored, n_batch, replace=n_batch > len(stored))

    def query(target_id: int) -> Any:
        return engine.query(target_id=target_id, using=using, among=among)

    singles = some[:n].tolist()
    alone = timed(query, singles)
    with_table = timed(lambda target_id: query(target_id).to_arrow(), singles)
    engine.query_many(some[:100], using=using, among=among)
    wall, cpu = time.perf_counter(), time.process_time()
    engine.query_many(some, using=using, among=among)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "single": alone,
        "single_with_all_columns": with_table,
        "batch_per_second": round(n_batch / wall),
        "batch_cpu_speedup": round(n_batch * alone["cpu_ms"] / 1000 / cpu, 1),
    }


def many_neighbours(engine: SearchEngine, k: int) -> dict[str, Any]:
    """A query with many neighbours and all their columns, three times."""
    kind = next(iter(engine.manifest.modalities))
    target_id = int(engine.index.stored(kind).ids[0])
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        table = engine.query(target_id=target_id, using=kind, among=kind, k=k).to_arrow()
        seconds.append(round(time.perf_counter() - start, 3))
        if len(table) != k:
            raise RuntimeError(f"{len(table)} of {k} neighbours were found")
    return {"k": k, "seconds": seconds}


def own_image(engine: SearchEngine, index: Path, cutout: Path) -> dict[str, Any]:
    """An own cutout, in a process of its own and again and again in this one."""

    def seconds(code: str, *words: str) -> list[float]:
        found = []
        for _ in range(4):
            start = time.perf_counter()
            command = [sys.executable, "-c", code, *words]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            found.append(round(time.perf_counter() - start, 2))
        return sorted(found[1:])  # The first one reads the files from the disk.

    warm = timed(lambda path: engine.query(image=path, among="image"), [str(cutout)] * 30)
    return {
        "cold_seconds": seconds(COLD_QUERY, str(index), str(cutout)),
        "import_of_torch_seconds": seconds("import torch"),
        "warm": warm,
    }


def timed(function: Callable[[Any], Any], values: list[Any]) -> dict[str, float]:
    """Quantiles of the duration of calls, and their mean time on the CPU, in milliseconds."""
    for value in values[:100]:
        function(value)
    durations, cpu = [], time.process_time()
    for value in values:
        start = time.perf_counter()
        function(value)
        durations.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    p50, p99 = 1000 * np.percentile(durations, [50, 99])
    return {
        "p50_ms": round(float(p50), 3),
        "p99_ms": round(float(p99), 3),
        "cpu_ms": round(1000 * cpu / len(values), 3),
    }


if __name__ == "__main__":
    raise SystemExit(main())
