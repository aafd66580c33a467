"""Ranks of partners, and what is said of them: recall, reciprocal rank, median, and errors.

The rank of a partner counts ties against it. Spread is told twice: over the random pools, and
over the asking galaxies resampled (pools of one test set overlap, so that the first alone would
look too sure).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

KS = (1, 5, 10)
SAME_REDSHIFT = 0.005
SMALLEST_CONTROL_POOL = 20
"""Galaxies with fewer candidates at their redshift do not ask: ten of them would be most."""
N_BOOTSTRAP = 300
EDGES = (1, 2, 3, 4, 5, 6, 8, 11, 16, 23, 33, 46, 65, 91, 129, 182, 257, 363, 513, 725, 1025)
"""Of the histogram of ranks that is kept: the last bin is open."""


def ranks(score: npt.NDArray[np.floating]) -> Ints:
    """(n,) how many candidates score at least as much as the partner on the diagonal, itself
    included: 1 is best, ties count against.
    """
    return np.asarray((score >= score.diagonal()[:, None]).sum(axis=1), dtype=np.int64)


def draw_pools(n: int, size: int, n_pools: int, seed: int) -> list[Ints]:
    """Row numbers of random pools; the whole where `size` reaches it."""
    generator = np.random.default_rng(seed)
    return [generator.permutation(n)[: min(size, n)] for _ in range(n_pools)]


def pool_ranks(score: npt.NDArray[np.floating], pools: list[Ints]) -> npt.NDArray[np.float64]:
    """(pools, n) rank of every galaxy's partner in every pool, NaN where it is not in the pool."""
    found = np.full((len(pools), len(score)), np.nan)
    for number, rows in enumerate(pools):
        found[number, rows] = ranks(score[np.ix_(rows, rows)])
    return found


def in_pools(found: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Figures of every pool, and the spread over galaxies of their mean over pools."""
    per_pool = [figures(line[np.isfinite(line)]) for line in found]
    out: dict[str, Any] = {"size": int(np.isfinite(found[0]).sum())}
    for name in per_pool[0]:
        out[name] = [round(line[name], 5) for line in per_pool]
    out["sd_over_galaxies"] = {f"r{k}": _mean_and_spread(_hits(found, k))[1] for k in KS}
    out["histogram"] = histogram(found[np.isfinite(found)])
    return out


def paired_gain(
    found: npt.NDArray[np.float64], base: npt.NDArray[np.float64], k: int = KS[-1]
) -> dict[str, float]:
    """How much more one ranking recalls at `k` than another in the same pools, and the deviation
    of that difference over asking galaxies resampled alike for both.
    """
    gain, spread = _mean_and_spread(_hits(found, k) - _hits(base, k))
    return {f"r{k}": gain, "sd": spread}


def _hits(found: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.float64]:
    """(asked,) the share of its pools in which a galaxy's partner is among the `k` nearest."""
    asked = np.isfinite(found).any(axis=0)
    hit = np.where(np.isfinite(found), found <= k, np.nan)[:, asked]
    return np.asarray(np.nanmean(hit, axis=0))


def _mean_and_spread(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    drawn = np.random.default_rng(0).integers(0, len(values), (N_BOOTSTRAP, len(values)))
    return round(float(values.mean()), 5), round(float(values[drawn].mean(axis=1).std()), 5)


def figures(rank: npt.NDArray[Any]) -> dict[str, float]:
    """Recall at 1, 5 and 10, mean reciprocal rank, median rank."""
    return {
        **{f"r{k}": float((rank <= k).mean()) for k in KS},
        "mrr": float((1 / rank).mean()),
        "median": float(np.median(rank)),
    }


def summary(rank: Ints, n_candidates: Ints | int) -> dict[str, Any]:
    """Figures of one set of questions, their bootstrap deviation over the asking galaxies, what
    chance would recall, and a histogram.
    """
    drawn = np.random.default_rng(0).integers(0, len(rank), (N_BOOTSTRAP, len(rank)))
    spread = [figures(rank[rows]) for rows in drawn]
    chance = np.minimum(1.0, KS[-1] / np.asarray(n_candidates)).mean()
    return {
        "n": len(rank),
        "candidates": int(np.median(n_candidates)),
        **{name: round(value, 5) for name, value in figures(rank).items()},
        "sd": {
            name: round(float(np.std([line[name] for line in spread])), 5) for name in spread[0]
        },
        "chance_r10": round(float(chance), 6),
        "histogram": histogram(rank),
    }


def histogram(rank: npt.NDArray[Any]) -> list[int]:
    """How many ranks lie from each edge to the next."""
    return [int(c) for c in np.histogram(rank, [*EDGES, np.inf])[0]]


def same_redshift(
    score: npt.NDArray[np.floating], z: npt.NDArray[np.float64]
) -> dict[str, Any] | None:
    """The same for candidates that all have the asking galaxy's redshift within 0.005; None where
    no galaxy has enough of them.
    """
    near = np.abs(z[:, None] - z[None, :]) <= SAME_REDSHIFT
    n_candidates = near.sum(axis=1)
    better = ((score >= score.diagonal()[:, None]) & near).sum(axis=1)
    asks = n_candidates >= SMALLEST_CONTROL_POOL
    if not asks.any():
        return None
    return summary(better[asks], n_candidates[asks])
