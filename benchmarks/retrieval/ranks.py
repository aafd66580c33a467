"""Ranks of partners among candidates, and their statistics: recall, reciprocal rank, median.

The rank of a partner counts ties against it. The spread is given twice: over random pools, and
over bootstrap samples of the query galaxies. Pools of one test set overlap, so the first alone
would underestimate the error.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, Int64Array, Rows

KS = (1, 5, 10)
SAME_REDSHIFT = 0.005
"""Largest difference in redshift of candidates that count as at the same redshift."""
SMALLEST_CONTROL_POOL = 20
"""Galaxies with fewer candidates at their redshift are not used as queries, because the ten
nearest would be most of them."""
N_BOOTSTRAP = 300
EDGES = (1, 2, 3, 4, 5, 6, 8, 11, 16, 23, 33, 46, 65, 91, 129, 182, 257, 363, 513, 725, 1025)
"""Lower edges of the bins of the histogram of ranks; the last bin is open."""


def ranks(score: npt.NDArray[np.floating]) -> Int64Array:
    """(n,) rank of each query's partner, which is on the diagonal of the scores: 1 is best.

    The rank is the number of candidates that score at least as much as the partner, which
    includes the partner itself; ties count against it.
    """
    return np.asarray((score >= score.diagonal()[:, None]).sum(axis=1), dtype=np.int64)


def draw_pools(n: int, size: int, n_pools: int, seed: int) -> list[Rows]:
    """Row numbers of `n_pools` random pools of `size` galaxies each; a pool holds all rows in
    random order where `size` is at least `n`.
    """
    generator = np.random.default_rng(seed)
    return [generator.permutation(n)[: min(size, n)] for _ in range(n_pools)]


def pool_ranks(score: npt.NDArray[np.floating], pools: list[Rows]) -> Float64Array:
    """(pools, n) rank of every galaxy's partner in every pool, NaN for galaxies not in the pool."""
    found = np.full((len(pools), len(score)), np.nan)
    for number, rows in enumerate(pools):
        found[number, rows] = ranks(score[np.ix_(rows, rows)])
    return found


def in_pools(found: Float64Array) -> dict[str, Any]:
    """Rank statistics of every random pool, their means over pools, and the spread of the means
    over bootstrap samples of galaxies.
    """
    per_pool = [rank_statistics(line[np.isfinite(line)]) for line in found]
    out: dict[str, Any] = {"size": int(np.isfinite(found[0]).sum())}
    for name in per_pool[0]:
        out[name] = [round(line[name], 5) for line in per_pool]
    out["sd_over_galaxies"] = {f"r{k}": _mean_and_spread(_hits(found, k))[1] for k in KS}
    out["histogram"] = histogram(found[np.isfinite(found)])
    return out


def paired_gain(found: Float64Array, base: Float64Array, k: int = KS[-1]) -> dict[str, float]:
    """Gain in recall at `k` of one ranking over another in the same pools, and its error.

    The error is the standard deviation over bootstrap samples of the query galaxies, the same
    samples for both rankings.

    Parameters
    ----------
    found, base : (pools, n)
        Ranks from `pool_ranks` of the ranking and of the one that it is compared with.
    """
    gain, spread = _mean_and_spread(_hits(found, k) - _hits(base, k))
    return {f"r{k}": gain, "sd": spread}


def _hits(found: Float64Array, k: int) -> Float64Array:
    """(queries,) share of the pools containing a galaxy in which the galaxy's partner is among the
    `k` nearest.
    """
    in_any = np.isfinite(found).any(axis=0)
    hit = np.where(np.isfinite(found), found <= k, np.nan)[:, in_any]
    return np.asarray(np.nanmean(hit, axis=0))


def _mean_and_spread(values: Float64Array) -> tuple[float, float]:
    """Mean of the values, and the standard deviation of the mean over bootstrap samples."""
    drawn = np.random.default_rng(0).integers(0, len(values), (N_BOOTSTRAP, len(values)))
    return round(float(values.mean()), 5), round(float(values[drawn].mean(axis=1).std()), 5)


def rank_statistics(rank: npt.NDArray[Any]) -> dict[str, float]:
    """Statistics of the ranks of partners, by name: recall at 1, 5 and 10, mean reciprocal rank,
    median rank.
    """
    return {
        **{f"r{k}": float((rank <= k).mean()) for k in KS},
        "mrr": float((1 / rank).mean()),
        "median": float(np.median(rank)),
    }


def summary(rank: Int64Array, n_candidates: Int64Array | int) -> dict[str, Any]:
    """Rank statistics of one set of queries with their errors, the recall expected by chance, and a
    histogram of ranks.

    The errors are standard deviations over bootstrap samples of the query galaxies.
    """
    drawn = np.random.default_rng(0).integers(0, len(rank), (N_BOOTSTRAP, len(rank)))
    spread = [rank_statistics(rank[rows]) for rows in drawn]
    chance = np.minimum(1.0, KS[-1] / np.asarray(n_candidates)).mean()
    return {
        "n": len(rank),
        "candidates": int(np.median(n_candidates)),
        **{name: round(value, 5) for name, value in rank_statistics(rank).items()},
        "sd": {
            name: round(float(np.std([line[name] for line in spread])), 5) for name in spread[0]
        },
        "chance_r10": round(float(chance), 6),
        "histogram": histogram(rank),
    }


def histogram(rank: npt.NDArray[Any]) -> list[int]:
    """Number of ranks in each bin of the histogram, from one edge in `EDGES` to the next."""
    return [int(c) for c in np.histogram(rank, [*EDGES, np.inf])[0]]


def same_redshift(score: npt.NDArray[np.floating], z: Float64Array) -> dict[str, Any] | None:
    """Rank statistics among candidates whose redshift is within 0.005 of the query galaxy's; None
    where no galaxy has enough such candidates.
    """
    near = np.abs(z[:, None] - z[None, :]) <= SAME_REDSHIFT
    n_candidates = near.sum(axis=1)
    better = ((score >= score.diagonal()[:, None]) & near).sum(axis=1)
    used = n_candidates >= SMALLEST_CONTROL_POOL
    if not used.any():
        return None
    return summary(better[used], n_candidates[used])
