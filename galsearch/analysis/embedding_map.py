"""Maps: projections of the embeddings of an index to two dimensions, stored with the index."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.analysis.bank.index_input import IndexInput, opened_engine
from galsearch.analysis.projection.make_map import MapRequest, make_map
from galsearch.analysis.projection.map_values import map_values
from galsearch.core.arrays import BoolArray, Float32Array, TargetIds
from galsearch.core.errors import (
    MissingModalityError,
    NoMapError,
    OutputFileExistsError,
    QueryError,
)
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress
from galsearch.files.atomic import write_bytes
from galsearch.formats.columns.column_descriptions import describe_column
from galsearch.index.lifecycle.store_map import store_map
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.map_manifest import MapManifest
from galsearch.query.engine import SearchEngine
from galsearch.query.inputs.argument_checks import checked_count

_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """The positions of the galaxies of an index on the map of one modality; read-only."""

    engine: SearchEngine
    """The index whose galaxies these are."""
    using: Modality
    """Modality whose embeddings the map shows."""
    target_ids: TargetIds
    """(n,) the galaxies, ascending."""
    x: Float32Array
    y: Float32Array
    """(n,) positions, in units of the map; only distances between near galaxies have a meaning."""
    is_fitted: BoolArray
    """(n,) True where the map was fitted to the galaxy, False where it was placed afterwards."""
    entry: MapManifest
    """Parameters and quality of the map."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def __str__(self) -> str:
        """A summary of the map as text."""
        name, n = self.engine.manifest.recipe.name, len(self)
        n_fitted = int(self.is_fitted.sum())
        return (
            f"{self.using} map of index '{name}': {n:,} galaxies, fitted to {n_fitted:,} with seed "
            f"{self.entry.seed} ({self.entry.library}), the others placed\n"
            f"  trustworthiness {self.entry.trustworthiness:.3f}, neighbours preserved "
            f"{self.entry.preserved_neighbours:.3f}, measured with {self.entry.n_measured:,} "
            "galaxies"
        )

    def to_arrow(self) -> pa.Table:
        """An Arrow table: target_id, ra_deg, dec_deg, z, x, y, is_fitted."""
        records = self.engine.index.catalogue_records(self.target_ids)
        z = np.asarray(records["z"])
        return pa.table(
            {
                "target_id": pa.array(self.target_ids, pa.int64()),
                "ra_deg": np.asarray(records["ra_deg"]),
                "dec_deg": np.asarray(records["dec_deg"]),
                "z": pa.array(z, mask=~np.isfinite(z)),
                "x": np.asarray(self.x),
                "y": np.asarray(self.y),
                "is_fitted": pa.array(self.is_fitted.tolist()),
            }
        )

    def write_png(
        self, path: str | Path, *, colour_by: str | None = None, overwrite: bool = False
    ) -> None:
        """Write a picture of the map, in the colours of a catalogue column or of the density.

        Parameters
        ----------
        path
            The file to write.
        colour_by
            Column of numbers, texts or booleans; by default the number of galaxies is drawn.
        overwrite
            Replace the file, where it exists.

        Raises
        ------
        QueryError
            Where the catalogue has no such column, or it holds something else.
        OutputFileExistsError
            Where the file exists and may not be replaced.
        MissingExtraError
            Where Matplotlib is not installed.
        """
        # Imported here: a map without a picture needs no Matplotlib.
        from galsearch.render.map_picture import map_png

        path = Path(path)
        if path.exists() and not overwrite:
            raise OutputFileExistsError(f"{path}: exists already; nothing was written.")
        values = None if colour_by is None else self.values(colour_by)
        title = f"{self.using} map, {len(self):,} galaxies"
        unit = "" if colour_by is None else describe_column(colour_by).unit
        label = f"{colour_by} ({unit})" if unit else f"{colour_by}"
        write_bytes(path, map_png(self.x, self.y, values, label=label, title=title))

    def values(self, name: str) -> npt.NDArray[Any]:
        """(n,) values of a catalogue column: numbers, NaN where unknown, or texts, None there.

        Raises
        ------
        QueryError
            Where the catalogue has no such column, or it holds something else.
        """
        return map_values(self.engine.index, self.target_ids, name)


def embedding_map(
    index: str | Path | None = None,
    *,
    using: Modality | str | None = None,
    n_fit: int | None = None,
    seed: int | None = None,
    refit: bool = False,
    progress: Progress | None = None,
) -> EmbeddingMap:
    """The map of an index with all its galaxies, which is made and stored with it where needed.

    The first call fits the map to at most `n_fit` galaxies, and places the others between their
    nearest fitted galaxies. Later calls read the stored map; galaxies that were added meanwhile
    are placed on it, and those that it has keep their positions. The change takes effect by one
    rename: readers see the index with the whole map or without.

    Parameters
    ----------
    index
        Directory of the index; default: the only one under `index_builds`.
    using
        Modality whose embeddings are shown; default: image, or the only one of the index.
    n_fit
        Largest number of galaxies that a new map is fitted to, chosen at random; default 30,000.
    seed
        Seed of the choice and of the fit; default 0. Equal seeds give equal maps.
    refit
        Fit the map anew, where there is one.
    progress
        Called with stage, done and total.

    Raises
    ------
    QueryError
        Where the index has fewer than 20 such vectors, or a parameter of the fit is given for a
        map that is stored.
    MissingModalityError
        Where the index has no such vectors.
    MissingExtraError
        Where a map must be fitted and UMAP is not installed.
    LockedError
        Where another process is changing the index.

    Examples
    --------
    `embedding_map("index_builds/demo", using="spectrum").to_arrow()`
    """
    request = MapRequest(
        None if n_fit is None else checked_count(n_fit, "n_fit"), _checked_seed(seed), refit
    )
    directory = find_build() if index is None else Path(index)
    kind = _modality(open_build(directory).manifest, using)
    make = partial(make_map, kind=kind, request=request, progress=progress or no_progress)
    store_map(directory, kind, make)
    return stored_map(directory, using=kind)


def stored_map(index: IndexInput = None, *, using: Modality | str | None = None) -> EmbeddingMap:
    """The map that is stored with an index; nothing is computed and nothing changed.

    Parameters
    ----------
    index
        An open index, or its directory; by default the only one in `index_builds`.
    using
        Modality whose embeddings are shown; default: that of the only map, or image.

    Raises
    ------
    NoMapError
        Where no map of the modality is stored.
    """
    engine = opened_engine(index)
    maps = engine.manifest.maps
    kind = (
        next(iter(maps)) if using is None and len(maps) == 1 else _modality(engine.manifest, using)
    )
    records = engine.index.map_records(kind)
    if records is None:
        present = " and ".join(maps) or "none"
        raise NoMapError(
            f"index '{engine.manifest.recipe.name}' has no {kind} map; its maps: {present}."
        )
    x, y = (np.ascontiguousarray(records[name]) for name in ("x", "y"))
    ids = np.ascontiguousarray(records["target_id"])
    return EmbeddingMap(engine, kind, ids, x, y, records["is_fitted"] == 1, maps[kind])


def _modality(manifest: IndexManifest, using: Modality | str | None) -> Modality:
    """The wanted modality, or the first that the index has."""
    if using is None:
        return next(kind for kind in Modality if kind in manifest.modalities)
    try:
        kind = Modality(using)
    except ValueError:
        raise QueryError(f"using is {using!r}; expected 'image' or 'spectrum'.") from None
    if kind not in manifest.modalities:
        raise MissingModalityError(
            f"index '{manifest.recipe.name}' has no {kind} vectors, and so no {kind} map."
        )
    return kind


def _checked_seed(seed: int | None) -> int | None:
    if seed is not None and not (type(seed) is int and 0 <= seed <= _LARGEST_SEED):
        raise QueryError(f"seed is {seed!r}; expected an integer from 0 to {_LARGEST_SEED}.")
    return seed
