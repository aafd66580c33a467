"""How often a galaxy's image finds its spectrum, and its spectrum its image.

    python -m benchmarks.retrieval EMBEDDINGS --split test --pool 2000

Each galaxy of the split asks for its own partner among the candidates of a pool, by cosine. The
rank of the partner counts ties against it. Beside random pools stand three harder questions: the
whole split; pools whose candidates all have the asking galaxy's redshift within 0.005 (what is
left when knowing the redshift no longer helps); and hubness, how unevenly candidates appear among
the ten nearest, with and without a correction (CSLS, Lample et al. 2018, equation 3).

Every rank that was measured goes to `benchmarks/results/`; the tables are computed from it.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import split_of
from galsearch.embeddings import open_store

KS = (1, 5, 10)
SAME_REDSHIFT = 0.005
SMALLEST_CONTROL_POOL = 20
"""Galaxies with fewer candidates at their redshift do not ask: ten of them would be most."""
HUB_NEIGHBOURS = 10
CROSS = ((Modality.IMAGE, Modality.SPECTRUM), (Modality.SPECTRUM, Modality.IMAGE))

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Galaxies with both embeddings, row by row."""

    target_ids: Ints
    vectors: dict[Modality, Floats]
    """(n, d) unit rows each."""
    z: npt.NDArray[np.float64]
    """(n,) NaN where unknown."""
    fingerprint: str

    def __len__(self) -> int:
        return len(self.target_ids)


def main() -> int:
    """Measure the embeddings that the command line names."""
    parser = argparse.ArgumentParser(description="Cross-modal retrieval of a galaxy's own partner.")
    parser.add_argument("embeddings", type=Path, help="what galsearch embed wrote")
    parser.add_argument("--split", default="test", choices=("train", "validation", "test"))
    parser.add_argument("--pool", type=int, default=2000, help="candidates a pool")
    parser.add_argument("--pools", type=int, default=20, help="random pools")
    parser.add_argument("--seed", type=int, default=1, help="of the pools")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results/retrieval.json"
    )
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.embeddings, arguments.split)
    results = measure(pairs, pool=arguments.pool, n_pools=arguments.pools, seed=arguments.seed)
    results["split"] = arguments.split
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results) + "\n", encoding="utf-8")
    print(table(results))
    return 0


def read_pairs(embeddings: Path, split: str) -> Pairs:
    """The galaxies of a split that have both embeddings, by ascending TARGETID.

    Raises
    ------
    DatasetError
        Where there are fewer than two.
    """
    stores = {modality: open_store(embeddings, modality) for modality in Modality}
    ids = [np.concatenate(list(store.iter_ids())) for store in stores.values()]
    both = np.intersect1d(ids[0], ids[1], assume_unique=True)
    both = both[split_of(both) == split]
    if len(both) < 2:
        raise DatasetError(
            f"{embeddings}: {len(both)} galaxies of the {split} split have image and spectrum; "
            "retrieval needs two at least."
        )
    known = pq.read_table(embeddings / "catalogue.parquet", columns=["target_id", "z"])
    rows = np.searchsorted(known["target_id"].to_numpy(), both)
    z = known["z"].to_numpy().astype(np.float64)[rows]
    vectors = {modality: store.read(both) for modality, store in stores.items()}
    return Pairs(both, vectors, z, stores[Modality.IMAGE].fingerprint)


def measure(pairs: Pairs, *, pool: int, n_pools: int, seed: int) -> dict[str, Any]:
    """Ranks in pools, in the whole split and among galaxies of one redshift; hubness."""
    generator = np.random.default_rng(seed)
    size = min(pool, len(pairs))
    pools = [generator.permutation(len(pairs))[:size] for _ in range(n_pools)]
    directions = []
    for using, among in CROSS:
        cosine = pairs.vectors[using] @ pairs.vectors[among].T
        corrected = csls(cosine)
        directions.append(
            {
                "using": using,
                "among": among,
                "pools": [ranks(cosine[np.ix_(rows, rows)]).tolist() for rows in pools],
                "whole": ranks(cosine).tolist(),
                "whole_corrected": ranks(corrected).tolist(),
                "same_redshift": same_redshift(cosine, pairs.z),
                "hub_skew": hub_skew(cosine),
                "hub_skew_corrected": hub_skew(corrected),
            }
        )
    return {
        "n": len(pairs),
        "pool": size,
        "fingerprint": pairs.fingerprint,
        "seed": seed,
        "directions": directions,
    }


def ranks(score: Floats) -> Ints:
    """(n,) how many candidates score at least as much as the partner on the diagonal, itself
    included: 1 is best, ties count against.
    """
    return np.asarray((score >= score.diagonal()[:, None]).sum(axis=1), dtype=np.int64)


def same_redshift(cosine: Floats, z: npt.NDArray[np.float64]) -> dict[str, list[int]]:
    """Rank of the partner among candidates of the asking galaxy's redshift, and their number."""
    near = np.abs(z[:, None] - z[None, :]) <= SAME_REDSHIFT
    n_candidates = near.sum(axis=1)
    better = ((cosine >= cosine.diagonal()[:, None]) & near).sum(axis=1)
    asks = n_candidates >= SMALLEST_CONTROL_POOL
    return {"rank": better[asks].tolist(), "n_candidates": n_candidates[asks].tolist()}


def csls(cosine: Floats, k: int = HUB_NEIGHBOURS) -> Floats:
    """Cosines less what either side has with everyone: 2 cos - r(question) - r(candidate), where
    r is the mean cosine with the `k` nearest of the other modality.
    """
    k = min(k, len(cosine))
    question = np.sort(cosine, axis=1)[:, -k:].mean(axis=1)
    candidate = np.sort(cosine, axis=0)[-k:].mean(axis=0)
    return np.asarray(2 * cosine - question[:, None] - candidate[None, :], dtype=np.float32)


def hub_skew(score: Floats, k: int = HUB_NEIGHBOURS) -> float:
    """Skewness of how often each candidate is among the `k` nearest: 0 is even, above 1 hubby."""
    k = min(k, len(score))
    nearest = np.argpartition(-score, k - 1, axis=1)[:, :k]
    counts = np.bincount(nearest.ravel(), minlength=len(score)).astype(np.float64)
    spread = counts.std()
    return float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread else 0.0


def table(results: dict[str, Any]) -> str:
    """The results as Markdown: one line for each direction and question."""
    lines = [
        f"{results['n']} galaxies of the {results.get('split', '')} split; random pools of "
        f"{results['pool']}.",
        "",
        "| using | among | candidates | R@1 | R@5 | R@10 | times chance (R@10) | MRR | median rank "
        "| hub skew |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["directions"]:
        head = f"| {entry['using']} | {entry['among']} "
        lines.append(head + _pools(entry, results["pool"]))
        lines.append(head + _row("whole split", entry["whole"], results["n"], entry["hub_skew"]))
        label = "whole split, hubs corrected"
        corrected = entry["whole_corrected"], results["n"], entry["hub_skew_corrected"]
        lines.append(head + _row(label, *corrected))
        control = entry["same_redshift"]
        if control["rank"]:
            middle = int(np.median(control["n_candidates"]))
            label = f"same redshift ({middle} at the median)"
            lines.append(head + _row(label, control["rank"], control["n_candidates"], None))
    return "\n".join(lines)


def _pools(entry: dict[str, Any], size: int) -> str:
    """Mean and spread over the pools."""
    ranked = np.array(entry["pools"])  # (pools, galaxies)
    shares = [(ranked <= k).mean(axis=1) for k in KS]
    cells = [f"{share.mean():.3f} ± {share.std():.3f}" for share in shares]
    times = shares[-1].mean() / min(1.0, KS[-1] / size)
    mrr, median = (1 / ranked).mean(), np.median(ranked)
    return f"| random | {' | '.join(cells)} | {times:.1f} | {mrr:.3f} | {median:.0f} | |"


def _row(label: str, ranked: list[int], n: int | list[int], skew: float | None) -> str:
    rank, size = np.array(ranked), np.array(n)
    cells = [f"{(rank <= k).mean():.3f}" for k in KS]
    chance = np.minimum(1.0, KS[-1] / size).mean()
    times = (rank <= KS[-1]).mean() / chance
    said = "" if skew is None else f"{skew:.2f}"
    return (
        f"| {label} | {' | '.join(cells)} | {times:.1f} | {(1 / rank).mean():.3f} "
        f"| {np.median(rank):.0f} | {said} |"
    )


if __name__ == "__main__":
    sys.exit(main())
