"""The unit vectors of a query: stored ones, those of other embeddings, or one that is given."""

from typing import NoReturn

import numpy as np

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.core.errors import MissingModalityError, QueryError, UnknownTargetError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.query import Query

_PLURAL = {Modality.IMAGE: "images", Modality.SPECTRUM: "spectra"}


def query_vectors(index: GalaxyIndex, query: Query) -> tuple[Vectors, Rows | None]:
    """Unit vectors of a query, and the rows of its galaxies in the modality that is searched.

    Returns
    -------
    vectors : (q, d) float32 unit rows
    rows : (q,)
        -1 where a galaxy has no vector of that modality; None where the query is a vector.

    Raises
    ------
    UnknownTargetError, MissingModalityError, EncoderMismatchError, QueryError
        Where the query does not fit the index.
    """
    if query.vector is not None:
        return _own_vector(index, query), None
    ids = query.target_ids
    assert ids is not None  # noqa: S101 (a query has one or the other)
    if query.from_embeddings is None:
        return stored_vectors(index, ids, query.using, query.among)
    # Imported here: Parquet is half of what a query costs, and few queries need it.
    from galsearch.embeddings import open_store

    store = open_store(query.from_embeddings, query.using)
    _require_encoder(index, store.fingerprint, str(query.from_embeddings))
    return unit_rows(store.read(ids)), index.stored(query.among).rows_of(ids)


def stored_vectors(
    index: GalaxyIndex, target_ids: TargetIds, using: Modality, among: Modality
) -> tuple[Vectors, Rows]:
    """Vectors of stored galaxies, and their rows in the modality that is searched.

    Returns
    -------
    vectors : (n, d) float32 unit rows of the modality `using`
    rows : (n,) rows of the modality `among`, -1 where a galaxy has none

    Raises
    ------
    UnknownTargetError
        Where the index does not hold a galaxy.
    MissingModalityError
        Where a galaxy, or the whole index, has no vector of the modality `using`.
    """
    stored = index.stored(using)
    rows = stored.rows_of(target_ids)
    if (rows < 0).any():
        _raise_missing(index, target_ids[rows < 0], using)
    vectors = stored.take(rows)
    if among == using:
        return vectors, rows
    searched = index.stored(among)
    # Where all galaxies have both modalities, a galaxy is in the same row of both.
    if searched.n_rows == stored.n_rows and np.array_equal(searched.ids_at(rows), target_ids):
        return vectors, rows
    return vectors, searched.rows_of(target_ids)


def _raise_missing(index: GalaxyIndex, target_ids: TargetIds, using: Modality) -> NoReturn:
    """Raise the error about galaxies that have no vector of a modality."""
    name = index.manifest.recipe.name
    unknown = target_ids[index.catalogue_rows(target_ids) < 0]
    if len(unknown):
        raise UnknownTargetError(
            f"TARGETID {unknown[0]} is not in index '{name}' ({len(index):,} galaxies).",
            target_id=int(unknown[0]),
        )
    modalities = index.manifest.modalities
    counts = ", ".join(f"{entry.n_vectors:,} {_PLURAL[kind]}" for kind, entry in modalities.items())
    known = [kind for kind in modalities if index.stored(kind).rows_of(target_ids[:1])[0] >= 0]
    other = f"its {known[0]} embedding is present" if known else "it has no embedding at all"
    raise MissingModalityError(
        f"TARGETID {target_ids[0]} has no {using} embedding in index '{name}' ({counts}); {other}.",
        target_id=int(target_ids[0]),
        using=using,
    )


def _own_vector(index: GalaxyIndex, query: Query) -> Vectors:
    """(1, d) the vector of a query that is not a stored galaxy, of unit length."""
    vector, fingerprint = query.vector, query.fingerprint
    assert vector is not None and fingerprint is not None  # noqa: S101, PT018
    _require_encoder(index, fingerprint, "the query vector")
    dim = index.stored(query.among).dim
    if vector.shape != (dim,):
        raise QueryError(
            f"the vector has shape {vector.shape}, index '{index.manifest.recipe.name}' holds "
            f"vectors of shape ({dim},)."
        )
    return unit_rows(vector[None])


def _require_encoder(index: GalaxyIndex, fingerprint: str, place: str) -> None:
    """Check that vectors of `place` come from the encoder of the index."""
    name = f"index '{index.manifest.recipe.name}'"
    require_same_encoder({name: index.manifest.fingerprint, place: fingerprint})
