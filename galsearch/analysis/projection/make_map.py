"""Making of a map: a fit to some galaxies, and the placement of all others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.analysis.projection.fit_layout import fit_layout, library_version, require_umap
from galsearch.analysis.projection.fitted_neighbours import nearest_fitted
from galsearch.analysis.projection.map_quality import measure_quality
from galsearch.analysis.projection.place_galaxies import place_galaxies
from galsearch.core.arrays import Float32Array, TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, stage_progress
from galsearch.index.lifecycle.store_map import NewMap
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.storage.finish_manifest import current_time
from galsearch.index.storage.map_manifest import MapManifest
from galsearch.index.vectors.map_records import MAP_DTYPE

N_FIT, SEED = 30_000, 0
"""Defaults of the largest number of galaxies that a map is fitted to, and of the seed."""
N_NEIGHBOURS = 15
"""Number of neighbours of each galaxy that a fit keeps together."""
FEWEST = 20
"""Smallest number of galaxies that a map is fitted to."""
_N_PLACING = 5
"""Number of fitted neighbours between which a galaxy is placed."""


@dataclass(frozen=True)
class MapRequest:
    """The map that is wanted; parameters of the fit that are None are as they were, or defaults."""

    n_fit: int | None = None
    seed: int | None = None
    refit: bool = False

    def check_fit(self, entry: MapManifest, name: str) -> None:
        """Check that a stored map, which is not fitted again, was fitted as requested.

        Raises
        ------
        QueryError
            Where another seed or another number of galaxies is given, which would have no effect.
        """
        if self.seed not in (None, entry.seed):
            raise QueryError(
                f"{name} was fitted with seed {entry.seed}; seed is {self.seed}. Another seed "
                "needs a new fit, with refit."
            )
        if self.n_fit not in (None, entry.n_fitted):
            raise QueryError(
                f"{name} was fitted to {entry.n_fitted:,} galaxies; n_fit is {self.n_fit:,}, which "
                "needs a new fit, with refit."
            )


def make_map(
    index: GalaxyIndex, kind: Modality, request: MapRequest, progress: Progress
) -> NewMap | None:
    """The map of a modality of an index with all its galaxies, or None where it is stored already.

    Raises
    ------
    QueryError
        Where the index has fewer vectors than a map needs, or `request` contradicts a stored map.
    MissingModalityError
        Where the index has no vectors of the modality.
    MissingExtraError
        Where a fit is needed and UMAP is not installed.
    """
    ids = np.asarray(index.stored(kind).ids)
    old, entry = index.map_records(kind), index.manifest.maps.get(kind)
    if entry is None or old is None or request.refit or entry.n_fitted < FEWEST:
        return _fitted(index, kind, ids, request, progress)
    request.check_fit(entry, f"the {kind} map of index '{index.manifest.recipe.name}'")
    missing = ids[find_rows(np.asarray(old["target_id"]), ids) < 0]
    if not len(missing):
        return None
    facts = {name: getattr(entry, name) for name in ("seed", "n_neighbours", "library", "created")}
    records = _with_placed(index, kind, np.array(old), missing, progress)
    return _described(index, kind, records, facts, progress)


def _fitted(
    index: GalaxyIndex, kind: Modality, ids: TargetIds, request: MapRequest, progress: Progress
) -> NewMap:
    """A map that is fitted to a random choice of the galaxies, and holds all."""
    if len(ids) < FEWEST:
        raise QueryError(
            f"index '{index.manifest.recipe.name}' has {len(ids):,} {kind} vectors; a map needs "
            f"at least {FEWEST}."
        )
    require_umap()
    seed = SEED if request.seed is None else request.seed
    n_fit = max(FEWEST, N_FIT if request.n_fit is None else request.n_fit)
    chosen = np.random.default_rng(seed).permutation(len(ids))[:n_fit]
    fitted_ids = ids[np.sort(chosen)]
    k = min(N_NEIGHBOURS, len(fitted_ids) - 1)
    report = stage_progress(progress, "search neighbours")
    neighbours = nearest_fitted(index, kind, fitted_ids, fitted_ids, k, report)
    stored = index.stored(kind)
    report = stage_progress(progress, "fit the map")
    report(0, 1)
    vectors = stored.take(stored.rows_of(fitted_ids))
    records = _records(fitted_ids, fit_layout(vectors, neighbours, seed=seed), is_fitted=True)
    report(1, 1)
    missing = np.delete(ids, np.sort(chosen))
    if len(missing):
        records = _with_placed(index, kind, records, missing, progress)
    facts = {
        "seed": seed,
        "n_neighbours": k,
        "library": library_version(),
        "created": current_time(),
    }
    return _described(index, kind, records, facts, progress)


def _with_placed(
    index: GalaxyIndex,
    kind: Modality,
    records: npt.NDArray[Any],
    missing: TargetIds,
    progress: Progress,
) -> npt.NDArray[Any]:
    """Records of a map and of further galaxies, which are placed on it, in order of TARGETID."""
    fitted = records[records["is_fitted"] == 1]
    fitted_ids = np.ascontiguousarray(fitted["target_id"])
    k = min(_N_PLACING, len(fitted))
    report = stage_progress(progress, "place galaxies")
    neighbours = nearest_fitted(index, kind, missing, fitted_ids, k, report)
    positions = np.stack([fitted["x"], fitted["y"]], axis=1)
    placed = _records(missing, place_galaxies(neighbours, positions), is_fitted=False)
    joined = np.concatenate([records, placed])
    return joined[np.argsort(joined["target_id"])]


def _records(ids: TargetIds, positions: Float32Array, *, is_fitted: bool) -> npt.NDArray[Any]:
    records = np.zeros(len(ids), MAP_DTYPE)
    records["target_id"] = ids
    records["x"], records["y"] = positions.T
    records["is_fitted"] = is_fitted
    return records


def _described(
    index: GalaxyIndex,
    kind: Modality,
    records: npt.NDArray[Any],
    facts: dict[str, Any],
    progress: Progress,
) -> NewMap:
    """A map with its quality."""
    report = stage_progress(progress, "measure the map")
    quality = measure_quality(index.stored(kind), records, facts["seed"], report)
    measured = {
        "trustworthiness": round(quality.trustworthiness, 6),
        "preserved_neighbours": round(quality.preserved_neighbours, 6),
        "n_measured": quality.n_measured,
    }
    return NewMap(records, {**facts, **measured})
