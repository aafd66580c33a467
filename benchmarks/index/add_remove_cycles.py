"""Recall of an index after many cycles of adding and removing galaxies, beside a new build.

    python -m benchmarks.index.add_remove_cycles SYNTHETIC --work DIR --out results/churn.json

The galaxies of `benchmarks.index.synthetic_vectors` are split so that a first build can have 30
per cent of its galaxies removed and as many others added, in equal steps. After each step queries
are run, and their results are checked for TARGETIDs that were removed before. At the end the same
queries are searched in three builds: the changed build, a new build of the same galaxies, and the
changed build after `compact`. All are compared with exact search; the changed build also at the
search settings of the new build.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.index.exact_cosines import QUERIES_FILE
from benchmarks.index.synthetic_vectors import write_store_record
from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.embeddings import EmbeddingShard, open_store, write_shard
from galsearch.files.atomic import new_file, write_json
from galsearch.index import (
    GalaxyIndex,
    IndexRecipe,
    add,
    build_index,
    compact,
    open_build,
    remove,
)
from galsearch.index.search.search_result import SearchResult

K = 10
CHANGED_SHARE = 0.3
TIE = 1e-7
"""Cosines that differ by less than this count as equal, because single precision rounds them."""


def main() -> int:
    """Change a build step by step, compare it with a new build and print the table; returns the
    exit status.
    """
    parser = argparse.ArgumentParser(description="Recall after cycles of adding and removing.")
    option = parser.add_argument
    option("synthetic", type=Path, help="what benchmarks.index.synthetic_vectors wrote")
    option("--steps", type=int, default=50, help="number of cycles")
    option("--work", type=Path, required=True, help="directory for the builds; it is emptied")
    option("--out", type=Path, required=True, help="JSON file of results")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    results = measure(arguments.synthetic, arguments.work, arguments.steps)
    write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


def measure(synthetic: Path, work: Path, steps: int) -> dict[str, Any]:
    """Results of the benchmark: times of the cycles of adding and removing, the number of removed
    ids that were returned, and recall in each direction.
    """
    ids = np.sort(np.concatenate(list(open_store(synthetic, Modality.IMAGE).iter_ids())))
    order = np.random.default_rng(1).permutation(ids)
    n_changed = round(CHANGED_SHARE * len(ids) / (1 + CHANGED_SHARE))
    first, added = order[n_changed:], order[:n_changed]
    removed = first[:n_changed]
    recipe = IndexRecipe(name="churn")
    first_part = write_part(synthetic, first, work / "first")
    build_index(recipe, embeddings=first_part, out=work / "live")
    seconds, n_returned = [], 0
    removals, additions = (np.array_split(some, steps) for some in (removed, added))
    for number, (remove_now, add_now) in enumerate(zip(removals, additions, strict=True)):
        embeddings = write_part(synthetic, add_now, work / f"step-{number}")
        start = time.perf_counter()
        remove(remove_now, index=work / "live")
        add(embeddings, index=work / "live")
        seconds.append(time.perf_counter() - start)
        removed_so_far = np.concatenate(removals[: number + 1])
        direction = DIRECTIONS[number % len(DIRECTIONS)]
        n_returned += count_returned(work / "live", synthetic, removed_so_far, direction)
    remaining = np.concatenate([first[n_changed:], added])
    last_part = write_part(synthetic, remaining, work / "last")
    build_index(recipe, embeddings=last_part, out=work / "anew")
    return {
        "n": len(remaining),
        "steps": steps,
        "step_seconds": seconds,
        "removed_found_in_steps": n_returned,
        "directions": compare_builds(work, synthetic, removed),
    }


def compare_builds(work: Path, synthetic: Path, removed: TargetIds) -> list[dict[str, Any]]:
    """Counts of the exact neighbours found in each direction by the changed, the new and the
    compacted build.
    """
    rebuilt = open_build(work / "anew")
    entries = []
    with np.load(synthetic / QUERIES_FILE) as queries:
        live = open_build(work / "live")
        for using, among in DIRECTIONS:
            entries.append(compare_direction(live, rebuilt, using, among, queries[using], removed))
        live.release()
        compact(work / "live")
        compacted = open_build(work / "live")
        for entry in entries:
            using, among = entry["using"], entry["among"]
            exact = rebuilt.search(queries[using], using=using, among=among, k=K, exact=True)
            found = compacted.search(queries[using], using=using, among=among, k=K)
            entry["compacted_found"] = count_found(found, exact)
    return entries


def compare_direction(
    live: GalaxyIndex,
    rebuilt: GalaxyIndex,
    using: Modality,
    among: Modality,
    queries: Vectors,
    removed: TargetIds,
) -> dict[str, Any]:
    """Counts of the exact neighbours found, and of removed ids returned, in one direction by the
    changed and the new build.

    In the keys, "live" is the changed build at its own search settings, "same" the changed build at
    the settings of the new build, and "anew" the new build.
    """
    exact = rebuilt.search(queries, using=using, among=among, k=K, exact=True)
    entry: dict[str, Any] = {"using": using, "among": among}
    tuned, own = rebuilt.settings(using, among), live.settings(using, among)
    cases = (("live", live, own), ("same", live, tuned), ("anew", rebuilt, tuned))
    for name, index, settings in cases:
        found = index.search(
            queries,
            using=using,
            among=among,
            k=K,
            n_probe=settings.n_probe,
            rerank=settings.rerank,
        )
        entry[f"{name}_found"] = count_found(found, exact)
        entry[f"{name}_removed"] = int(np.isin(found.target_ids, removed).sum())
    return entry


def count_found(found: SearchResult, exact: SearchResult) -> list[int]:
    """The number of found neighbours of each query whose cosine is at least that of the tenth exact
    neighbour.
    """
    near = found.similarity >= exact.similarity[:, -1:] - TIE
    counts: list[int] = np.count_nonzero(near, axis=1).tolist()
    return counts


def count_returned(
    build: Path, synthetic: Path, removed: TargetIds, direction: tuple[Modality, Modality]
) -> int:
    """Number of removed ids among the 100 neighbours of each of 200 queries, which should be 0."""
    using, among = direction
    opened = open_build(build)
    with np.load(synthetic / QUERIES_FILE) as queries:
        found = opened.search(queries[using][:200], using=using, among=among, k=10 * K)
    opened.release()
    return int(np.isin(found.target_ids, removed).sum())


def write_part(synthetic: Path, ids: TargetIds, out: Path) -> Path:
    """Write an embeddings directory with some of the synthetic galaxies; returns its path."""
    ids = np.sort(ids)
    for kind in Modality:
        store = open_store(synthetic, kind)
        zeros = np.zeros(len(ids))
        shard = EmbeddingShard(
            ids, zeros, zeros, store.read(ids), kind, store.fingerprint, "part", "0" * 64
        )
        write_shard(out / kind / "part-0.parquet", shard)
        shards = {"part-0.parquet": len(ids)}
        write_store_record(out, kind, store.fingerprint, store.dim, len(ids), shards)
    table = pq.read_table(synthetic / "catalogue.parquet")
    chosen = np.isin(np.asarray(table["target_id"]), ids)
    with new_file(out / "catalogue.parquet") as temporary:
        pq.write_table(table.filter(pa.array(chosen)), temporary)
    return out


def table(results: dict[str, Any]) -> str:
    """Markdown table of recall after the cycles, with one row for each direction of search."""
    lines = [
        "| using | among | recall@10 after the changes | at the settings of the new build "
        "| compacted | new build | ratios to the new build | removed ids returned |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["directions"]:
        means = {
            name: float(np.mean(entry[f"{name}_found"])) / K
            for name in ("live", "same", "compacted", "anew")
        }
        ratios = ", ".join(
            f"{means[name] / means['anew']:.3f}" for name in ("live", "same", "compacted")
        )
        lines.append(
            f"| {entry['using']} | {entry['among']} | {means['live']:.3f} | {means['same']:.3f} "
            f"| {means['compacted']:.3f} | {means['anew']:.3f} | {ratios} "
            f"| {entry['live_removed']} |"
        )
    lines.append(f"\nRemoved ids returned during the cycles: {results['removed_found_in_steps']}.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
