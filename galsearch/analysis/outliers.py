"""Unusual galaxies: those far from all others, and those whose image and spectrum disagree."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.analysis.bank.index_input import IndexInput, opened_engine
from galsearch.analysis.bank.labelled_bank import LabelledBank, stored_galaxies
from galsearch.analysis.calibration.property_estimator import Columns
from galsearch.analysis.pair_similarity import BLOCK_SIZE, Similarity, pair_similarities
from galsearch.analysis.result_table import result_table
from galsearch.core.arrays import Float64Array, Rows, TargetIds
from galsearch.core.errors import MissingModalityError, QueryError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress, stage_progress
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.filters import matching
from galsearch.query.inputs.argument_checks import checked_count

K = 16
"""Default number of neighbours of each galaxy."""
SCORES = ("image_anomaly", "spectrum_anomaly", "inconsistency")
"""Scores that an index of both modalities has; a large value is unusual."""


@dataclass(frozen=True, eq=False)
class Outliers:
    """Scores of all galaxies of an index, as columns.

    `image_anomaly` and `spectrum_anomaly` are the distances (1 - cosine) to the k-th nearest image
    or spectrum of another galaxy: large where the embedding space is sparse. `pair_similarity` is
    the similarity of the galaxy's own image and spectrum, `pair_similarity_expected` the median of
    the same of its nearest neighbours (k by image, k by spectrum), and `inconsistency` the latter
    minus the former: large for a wrong fibre, a blend, a lens or exchanged data.

    `<score>_p` is the share of the galaxies whose score is at least as large. A score that a galaxy
    lacks is NaN.
    """

    target_ids: TargetIds
    """(n,) the galaxies, ascending."""
    columns: Columns
    """(n,) arrays by name."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def to_arrow(self) -> pa.Table:
        """An Arrow table with `target_id` and all columns."""
        return result_table(self.target_ids, self.columns)

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores, by which galaxies can be ranked."""
        return tuple(name for name in SCORES if name in self.columns)

    def ranking(self, score: str) -> Rows:
        """(m,) rows of the galaxies that have a score, the most unusual first.

        Raises
        ------
        QueryError
            Where there is no such score.
        """
        if score not in self.scores:
            raise QueryError(f"rank_by is {score!r}; there are {', '.join(self.scores)}.")
        values = self.columns[score]
        order = np.lexsort((self.target_ids, -values))
        return np.asarray(order[np.isfinite(values[order])], np.int64)

    def take(self, rows: Rows) -> "Outliers":
        """The galaxies in some rows, in that order."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Outliers(self.target_ids[rows], columns)


def outliers(
    *,
    index: IndexInput = None,
    k: int = K,
    similarity: Similarity | str = Similarity.COSINE,
    where: str | None = None,
    rank_by: str | None = None,
    top: int | None = None,
    progress: Progress | None = None,
) -> Outliers:
    """Scores of how unusual each galaxy of an index is.

    Neighbours come from the index, a few thousand galaxies at a time; besides the index, only the
    scores are in memory. The galaxy itself, and others within one arcsecond of it, are not its
    neighbours.

    Parameters
    ----------
    index
        An open index, or its directory; by default the only one in `index_builds`.
    k
        Number of neighbours.
    similarity
        Similarity of an image and a spectrum: `cosine`, or `csls`, which subtracts from twice the
        cosine how similar each of the two is to its nearest vectors of the other modality, so that
        vectors that are near to everything (hubs) do not hide an inconsistency.
    where
        Condition on the catalogue that the galaxies fulfil. All galaxies are neighbours.
    rank_by
        Score by which the galaxies are sorted, the most unusual first; galaxies without it are left
        out. By default all galaxies are in order of TARGETID.
    top
        Number of galaxies to keep.
    progress
        Called with stage, done and total.

    Raises
    ------
    QueryError
        Where an argument is none of these, the condition is malformed, or the index has too few
        galaxies.

    Examples
    --------
    `outliers(index="index_builds/mine", rank_by="inconsistency", top=20).target_ids`
    """
    k = checked_count(k, "k")
    top = None if top is None else checked_count(top, "top")
    opened = opened_engine(index).index
    kind = _similarity(similarity)
    wanted = opened.ids
    if where is not None:
        with opened.catalogue_files.open() as files:
            wanted = matching(files, where=where)
        if not len(wanted):
            raise QueryError(f"where {where!r}: none of the {len(opened):,} galaxies fulfils it.")
    found = Outliers(wanted, {})
    modalities = list(opened.manifest.modalities)
    _check_score(rank_by, modalities)
    found.columns.update(_scores(opened, wanted, modalities, kind, k, progress or no_progress))
    if rank_by is not None:
        found = found.take(found.ranking(rank_by))
    return found if top is None else found.take(np.arange(min(top, len(found))))


def _similarity(similarity: Similarity | str) -> Similarity:
    try:
        return Similarity(similarity)
    except ValueError:
        raise QueryError(f"similarity is {similarity!r}; expected 'cosine' or 'csls'.") from None


def _check_score(rank_by: str | None, modalities: list[Modality]) -> None:
    """Check that an index of some modalities has a score, before anything is computed."""
    if rank_by is None:
        return
    if rank_by not in SCORES:
        raise QueryError(
            f"rank_by is {rank_by!r}; expected {', '.join(SCORES[:-1])} or {SCORES[-1]}."
        )
    needed = list(Modality) if rank_by == "inconsistency" else [Modality(rank_by.split("_")[0])]
    lacks = [modality for modality in needed if modality not in modalities]
    if lacks:
        raise MissingModalityError(
            f"the score {rank_by} needs {' and '.join(needed)} vectors; the index has no "
            f"{lacks[0]} vectors."
        )


def _scores(
    index: GalaxyIndex,
    wanted: TargetIds,
    modalities: list[Modality],
    similarity: Similarity,
    k: int,
    progress: Progress,
) -> Columns:
    """The columns of some galaxies of an index."""
    columns: Columns = {f"{modality}_anomaly": _unknown(wanted) for modality in modalities}
    banks = [LabelledBank(index, index.stored(m).ids, m, "outliers") for m in modalities]
    pairs = None
    if len(modalities) == len(Modality):
        report = stage_progress(progress, "comparing images and spectra")
        pairs = pair_similarities(index, index.ids, similarity, k, report)
        columns["pair_similarity"] = pairs[find_rows(index.ids, wanted)]
        columns["pair_similarity_expected"] = _unknown(wanted)
    for start in range(0, len(wanted), BLOCK_SIZE):
        rows = slice(start, start + BLOCK_SIZE)
        anomalies, usual = _compare(banks, wanted[rows], k, pairs)
        for modality, anomaly in zip(modalities, anomalies, strict=True):
            columns[f"{modality}_anomaly"][rows] = anomaly
        if pairs is not None:
            columns["pair_similarity_expected"][rows] = _medians(usual)
        progress("searching neighbours", min(start + BLOCK_SIZE, len(wanted)), len(wanted))
    if pairs is not None:
        expected = columns["pair_similarity_expected"]
        columns["inconsistency"] = expected - columns["pair_similarity"]
    for name in [name for name in SCORES if name in columns]:
        columns[f"{name}_p"] = _shares(columns[name])
    return columns


def _unknown(target_ids: TargetIds) -> Float64Array:
    return np.full(len(target_ids), np.nan)


def _compare(
    banks: list[LabelledBank], target_ids: TargetIds, k: int, pairs: Float64Array | None
) -> tuple[list[Float64Array], Float64Array]:
    """Distances to the k-th neighbour in each modality, and pair similarities of all neighbours.

    Returns
    -------
    anomalies
        (n,) for each modality, NaN where a galaxy has no vector of it.
    usual : (n, modalities * k)
        Pair similarities of the neighbours, NaN where unknown.
    """
    anomalies = [_unknown(target_ids) for _ in banks]
    usual = np.full((len(target_ids), len(banks) * k), np.nan)
    for number, bank in enumerate(banks):
        has = np.flatnonzero(bank.index.stored(bank.among).rows_of(target_ids) >= 0)
        if not len(has):
            continue
        galaxies = stored_galaxies(bank.index, target_ids[has], bank.among)
        found = bank.neighbours(galaxies, bank.among, k)
        anomalies[number][has] = 1 - np.nanmin(found.similarity.astype(np.float64), axis=1)
        if pairs is not None:
            rows = find_rows(bank.index.ids, bank.target_ids)[found.label_rows]
            values = np.where(found.label_rows < 0, np.nan, pairs[rows])
            usual[has, number * k : number * k + values.shape[1]] = values
    return anomalies, usual


def _medians(usual: npt.NDArray[np.floating]) -> Float64Array:
    """(n,) medians of the known values of each row; NaN where there are none."""
    out = np.full(len(usual), np.nan)
    some = np.isfinite(usual).any(axis=1)
    out[some] = np.nanmedian(usual[some], axis=1)
    return out


def _shares(scores: Float64Array) -> Float64Array:
    """(n,) share of the galaxies with a score whose score is at least as large."""
    known = np.isfinite(scores)
    ordered = np.sort(scores[known])
    larger = len(ordered) - np.searchsorted(ordered, scores, side="left")
    return np.where(known, larger / max(len(ordered), 1), np.nan)
