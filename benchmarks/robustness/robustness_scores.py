"""Scores of changed data: how far embeddings move, and how well they still retrieve.

The queries are some galaxies of a bank, all of which are candidates. A query that has not changed
is its own nearest neighbour within its modality.
"""

from dataclasses import asdict, dataclass

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array, Rows

K_RECALL = 10
K_REDSHIFT = 5
OUTLIER = {"image": 0.1, "spectrum": 0.05}
"""Redshift errors |dz| / (1 + z) above this are outliers, by the modality of the query."""
N_BOOTSTRAP = 300


@dataclass(frozen=True)
class Bank:
    """Unchanged embeddings of all galaxies of the benchmark, row by row."""

    own: Float32Array
    """(n, d) unit vectors of the modality of the queries."""
    other: Float32Array
    """(n, d) unit vectors of the other modality."""
    z: Float64Array
    """(n,) redshifts of the galaxies."""


@dataclass(frozen=True)
class RobustnessScores:
    """Scores of one change of the queries' data."""

    n: int
    """Number of queries."""
    moved_deg: float
    """Median angle between the changed and the unchanged embedding."""
    moved_ratio: float
    """Median of this angle over that from the unchanged embedding to its tenth neighbour."""
    itself_first: float
    """Share of queries that are nearest to their own unchanged embedding."""
    itself_in_10: float
    """Share of queries with their own unchanged embedding among the ten nearest."""
    r10: float
    """Share of queries whose partner of the other modality is among the ten nearest."""
    r10_error: float
    """Standard deviation of `r10` over bootstrap samples of the queries."""
    median_rank: float
    """Median rank of the partner."""
    z_nmad: float
    """Scatter (1.48 MAD) of redshifts from the nearest neighbours of the same modality."""
    z_outliers: float
    """Share of these redshifts that are wrong by more than `OUTLIER`."""

    def as_dict(self) -> dict[str, float]:
        """The scores by name, rounded to four decimals."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def robustness_scores(
    changed: Float32Array, rows: Rows, bank: Bank, modality: str
) -> RobustnessScores:
    """Scores of the changed embeddings (m, d) of the galaxies in some rows (m,) of a bank."""
    similar = changed @ bank.own.T
    cross = changed @ bank.other.T
    query = np.arange(len(rows))
    moved = _angle(similar[query, rows])
    unchanged = np.sort(bank.own[rows] @ bank.own.T, axis=1)
    tenth = _angle(unchanged[:, -1 - K_RECALL])
    own_rank = (similar >= similar[query, rows][:, None]).sum(axis=1)
    rank = (cross >= cross[query, rows][:, None]).sum(axis=1)
    hits = (rank <= K_RECALL).astype(float)
    drawn = np.random.default_rng(0).integers(0, len(rows), (N_BOOTSTRAP, len(rows)))
    error = _redshift_errors(similar, rows, bank.z)
    return RobustnessScores(
        n=len(rows),
        moved_deg=float(np.median(moved)),
        moved_ratio=float(np.median(moved / tenth)),
        itself_first=float((own_rank <= 1).mean()),
        itself_in_10=float((own_rank <= K_RECALL).mean()),
        r10=float(hits.mean()),
        r10_error=float(hits[drawn].mean(axis=1).std()),
        median_rank=float(np.median(rank)),
        z_nmad=float(1.4826 * np.median(np.abs(error - np.median(error)))),
        z_outliers=float((np.abs(error) > OUTLIER[modality]).mean()),
    )


def _redshift_errors(similar: Float32Array, rows: Rows, z: Float64Array) -> Float64Array:
    """Errors dz / (1 + z) of the median redshift of the five nearest galaxies other than itself."""
    others = similar.copy()
    others[np.arange(len(rows)), rows] = -np.inf
    nearest = np.argsort(-others, axis=1)[:, :K_REDSHIFT]
    return np.asarray((np.median(z[nearest], axis=1) - z[rows]) / (1 + z[rows]))


def _angle(cosine: Float32Array) -> Float64Array:
    return np.asarray(np.degrees(np.arccos(np.clip(cosine.astype(np.float64), -1, 1))))
